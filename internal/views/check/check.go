package check

import (
	"context"
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"runrate/internal/money"
	"runrate/internal/truth"
	chschema "runrate/schemas/clickhouse"
)

// Conn is what Check needs of a connection: clickhouse-go's driver.Conn.
type Conn interface {
	Query(ctx context.Context, query string, args ...any) (driver.Rows, error)
}

// Comparison is one number that was intended and what was found.
type Comparison struct {
	What            string
	Intended, Found string // Found is "none" where there is no row
	OK              bool
}

// Check compares the views of a database with a truth, number by number and
// exactly. It looks at the simulated lines only, and not beyond the end of the
// history, so other data and live events do not disturb it. The error is that
// it could not compare, not that numbers differ: see Differing.
func Check(ctx context.Context, conn Conn, database chschema.Database, truth *truth.Truth) ([]Comparison, error) {
	var all []Comparison
	for _, q := range Questions(truth) {
		found, err := ask(ctx, conn, q.sql(database, truth), len(q.columns))
		if err != nil {
			return nil, fmt.Errorf("check %s: %w", q.View, err)
		}
		all = append(all, q.Compare(found)...)
	}
	return all, nil
}

// Differing is how many numbers are not what they should be.
func Differing(all []Comparison) (n int) {
	for _, c := range all {
		if !c.OK {
			n++
		}
	}
	return n
}

// Question asks one view for numbers by key.
type Question struct {
	View     string
	key      string   // SQL, joins the parts of a key with "/"
	columns  []string // SQL, each one number a row
	names    []string // of columns
	from     string   // SQL; default: the view
	where    string
	intended []Answer
}

// Answer is the numbers of one key, in the order of columns.
type Answer struct {
	Key     string
	Numbers []string
}

// sql is the query, whose rows are a key and the columns.
func (q Question) sql(database chschema.Database, t *truth.Truth) string {
	from := q.from
	if from == "" {
		from = "DB." + q.View
	}
	var columns []string
	for _, c := range q.columns {
		columns = append(columns, "toString("+c+")")
	}
	end := "toDateTime('" + t.End.UTC().Format("2006-01-02 15:04:05") + "', 'UTC')"
	return strings.NewReplacer("END", end, "DB.", database.Of("")).Replace(
		fmt.Sprintf("SELECT %s AS k, %s FROM %s AS v WHERE %s GROUP BY k ORDER BY k", q.key, strings.Join(columns, ", "), from, q.where))
}

// ask runs a query of a key and n numbers a row.
func ask(ctx context.Context, conn Conn, query string, n int) ([]Answer, error) {
	rows, err := conn.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []Answer
	for rows.Next() {
		a := Answer{Numbers: make([]string, n)}
		into := []any{&a.Key}
		for i := range a.Numbers {
			into = append(into, &a.Numbers[i])
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		found = append(found, a)
	}
	return found, rows.Err()
}

// Compare holds what was found against what was intended. A key that is not
// there stands for zeros; one that was not intended is a difference.
func (q Question) Compare(found []Answer) []Comparison {
	var all []Comparison
	byKey := make(map[string][]string, len(found))
	for _, f := range found {
		byKey[f.Key] = f.Numbers
	}
	for _, want := range q.intended {
		got, there := byKey[want.Key]
		delete(byKey, want.Key)
		for i, n := range want.Numbers {
			c := Comparison{What: q.what(want.Key, i), Intended: n, Found: "none", OK: n == "0"}
			if there {
				c.Found = plain(got[i])
				c.OK = c.Found == n
			}
			all = append(all, c)
		}
	}
	for _, f := range found {
		if _, left := byKey[f.Key]; left {
			for i, n := range f.Numbers {
				all = append(all, Comparison{What: q.what(f.Key, i), Intended: "none", Found: plain(n), OK: plain(n) == "0"})
			}
		}
	}
	return all
}

func (q Question) what(key string, column int) string {
	return q.View + " " + key + " " + q.names[column]
}

// plain is a decimal at its shortest, so that equal numbers are equal texts.
func plain(s string) string {
	if a, err := money.Parse(s); err == nil {
		return a.String()
	}
	return s
}
