package program

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// columns are those of every view, in the order of DEFINITIONS.
var columns = map[string]string{
	"usage_events":    "account time line product segment region currency quantities revenue cost source id type one_off partition offset price_book",
	"usage_hourly":    "hour line product segment region currency revenue cost events",
	"rolling_revenue": "as_of window line product segment region currency revenue cost events",
	"active_accounts": "as_of window line accounts",
	"account_daily":   "account line currency day revenue one_off cost events",
	"subscriptions":   "subscription account line plan status segment region currency mrr since",
	"mrr_movements":   "time account line currency subscription movement amount",
	"mrr":             "as_of line plan segment region currency mrr subscriptions",
	"arr":             "as_of line currency usage_arr subscription_arr arr",
	"net_new_arr":     "as_of line currency opening new expansion reactivation contraction churn closing net_new",
	"account_arr":     "account line currency usage_arr subscription_arr arr",
	"arr_bridge":      "account line currency kind before now movement amount",
	"retention": "line currency opening new expansion reactivation contraction churn closing nrr grr quick_ratio accounts_opening accounts_new " +
		"accounts_reactivated accounts_churned accounts_closing logo_churn arpa",
	"cohorts":        "cohort month currency accounts active arr arr_share",
	"arr_as_known":   "line currency usage_arr subscription_arr arr",
	"restatements":   "as_of line currency known_on before after",
	"retention_30d":  "as_of line currency nrr grr quick_ratio",
	"dead_letters":   "topic partition offset time reason detail key headers payload state",
	"accounting":     "topic partition first_offset next_offset accepted duplicate refused control skipped lost",
	"arr_in":         "as_of line currency usage_arr subscription_arr arr",
	"net_new_arr_in": "as_of line currency opening new expansion reactivation contraction churn closing net_new fx",
	"fx_missing":     "as_of line currency",
	"freshness":      "topic partition clock next_offset written_at owed_since status reason detail since lag_status lag_reason lag_sentence committed log_end lag lag_seconds lag_at",
}

// query sends SQL over HTTP and returns the answer as tab-separated lines.
// settings are ClickHouse's, name=value.
func (p *pipeline) query(t *testing.T, sql string, settings ...string) []string {
	t.Helper()
	lines, err := p.tryQuery(t, sql, settings...)
	if err != "" {
		t.Fatalf("%s\n%s", sql, err)
	}
	return lines
}

// tryQuery is query for what may fail; problem is then not empty.
func (p *pipeline) tryQuery(t *testing.T, sql string, settings ...string) (lines []string, problem string) {
	t.Helper()
	values := url.Values{"database": {"revenue"}, "default_format": {"TabSeparated"}}
	for _, s := range settings {
		name, value, _ := strings.Cut(s, "=")
		values.Set(name, value)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+loopback(p.http)+"/?"+values.Encode(), strings.NewReader(sql))
	if err != nil {
		return nil, err.Error()
	}
	req.Close = true // the server may be another one for the next query
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err.Error()
	}
	if resp.StatusCode != http.StatusOK {
		return nil, resp.Status + ": " + string(body)
	}
	text := strings.TrimSuffix(string(body), "\n")
	if text == "" {
		return nil, ""
	}
	return strings.Split(text, "\n"), ""
}
