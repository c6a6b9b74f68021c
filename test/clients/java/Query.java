import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;

/** Prints the sum of revenue that an analyst's client reads, exactly: Query HOST HTTP_PORT. */
class Query {
    public static void main(String[] args) throws Exception {
        try (Connection c = DriverManager.getConnection("jdbc:clickhouse://" + args[0] + ":" + args[1] + "/revenue?http_use_basic_auth=false");
             ResultSet r = c.createStatement().executeQuery("SELECT sum(revenue) FROM usage_events")) {
            r.next();
            BigDecimal sum = r.getBigDecimal(1);
            System.out.println(sum.stripTrailingZeros().toPlainString());
        }
    }
}
