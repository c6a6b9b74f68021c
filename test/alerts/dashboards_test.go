//go:build alerts

package alerts

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"runrate/deploy/grafana"
)

// TestDashboards: every PromQL of the dashboards gives a number at the real Prometheus,
// and every SQL a row in ClickHouse, after events came by HTTP and by Kafka, and some
// were refused.
func TestDashboards(t *testing.T) {
	t.Parallel()
	p := begin(t)
	p.consume(t, "usage")
	p.consume(t, "subscriptions")
	p.start(t, free(t), "monitor", "--brokers", p.kafka, "--clickhouse", p.clickhouse)
	door := free(t)
	p.start(t, free(t), "gateway", "--without-keys", "--listen", door, "--brokers", p.kafka, "--clickhouse", p.clickhouse)
	prometheus := p.watch(t, receive(t))
	for _, what := range []string{"prices", "rates"} {
		example, err := exec.Command(binary, what, "example").Output()
		if err != nil {
			t.Fatal(err)
		}
		publish := exec.Command(binary, what, "publish", "--brokers", p.kafka, "-")
		publish.Stdin = strings.NewReader(string(example))
		if out, err := publish.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	within(t, patience(), "the door is ready", func() bool { return answers("http://" + door + "/openapi.json") })

	asked, sent := 0, 0
	last := map[string]string{} // what has no rows, and why
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%d of %d have no rows: %v", len(last), asked, last)
		}
	})
	within(t, time.Now().Add(4*time.Minute), "every panel has rows", func() bool {
		p.send(t, door, &sent) // rates and quantiles are of what comes now
		asked = 0
		clear(last)
		for _, b := range grafana.Boards() {
			for _, r := range b.Rows {
				for _, panel := range r.Panels {
					for i, q := range panel.PromQL {
						asked++
						p.look(t, last, fmt.Sprint(b.Name, ": ", panel.Title, " ", i), func() (int, error) { return values(prometheus, q.Expr) })
					}
					if panel.SQL != "" {
						asked++
						p.look(t, last, b.Name+": "+panel.Title, func() (int, error) { return p.rows(panel.SQL) })
					}
				}
			}
			for _, v := range b.Vars {
				if v.From == grafana.ClickHouse {
					p.look(t, last, b.Name+": $"+v.Name, func() (int, error) { return p.rows(v.Query) })
				}
			}
		}
		if len(last) > 0 {
			time.Sleep(5 * time.Second) // a scrape comes every fifteen
		}
		return len(last) == 0
	})
	t.Logf("%d queries, each with rows", asked)
}

// look notes in last why a query has no rows.
func (p *pipeline) look(t *testing.T, last map[string]string, name string, ask func() (int, error)) {
	t.Helper()
	switch n, err := ask(); {
	case err != nil:
		t.Fatalf("%s: %v", name, err)
	case n == 0:
		last[name] = "no rows"
	}
}

// send sends events of yesterday and of now through the door: usage; usage of a product
// that is in no book, which the door takes with a warning and the fold refuses; usage
// that the door refuses; and a subscription.
func (p *pipeline) send(t *testing.T, door string, sent *int) {
	t.Helper()
	*sent++
	now := time.Now().UTC()
	var events []string
	for _, at := range []time.Time{now, now.Add(-24 * time.Hour)} {
		for i, e := range []string{
			`{%s,"type":"usage.recorded","data":{"product":"chat-large","quantities":{"input_tokens":1000000}}}`,
			`{%s,"type":"usage.recorded","data":{"product":"of-no-book","quantities":{"input_tokens":1}}}`,
			`{%s,"type":"usage.recorded","data":{"product":"chat-large"}}`,
			`{%s,"type":"subscription.changed","data":{"subscription":"sub_1","line":"chat","plan":"team","status":"active","quantity":5,"unit_amount":"30","currency":"EUR","interval":"month"}}`,
		} {
			head := fmt.Sprintf(`"specversion":"1.0","source":"dashboards","id":"%d-%d","time":"%s","subject":"acct_1"`, *sent, i, at.Format(time.RFC3339))
			events = append(events, fmt.Sprintf(e, head))
		}
	}
	resp, err := http.Post("http://"+door+"/v1/events", "application/cloudevents-batch+json", strings.NewReader("["+strings.Join(events, ",")+"]"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusUnprocessableEntity { // two lack their quantities; the others are taken
		said, _ := io.ReadAll(resp.Body)
		t.Fatalf("%s: %s", resp.Status, said)
	}
}

// values is how many series of an expression have a number now.
func values(prometheus, expression string) (n int, err error) {
	expression = strings.ReplaceAll(expression, "$topic", ".*")
	resp, err := http.Get(prometheus + "/api/v1/query?query=" + url.QueryEscape(expression))
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	var answer struct {
		Error string
		Data  struct {
			Result []struct{ Value [2]any }
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return 0, err
	}
	if answer.Error != "" {
		return 0, fmt.Errorf("%s: %s", expression, answer.Error)
	}
	for _, r := range answer.Data.Result {
		text, _ := r.Value[1].(string)
		if x, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(x) {
			n++
		}
	}
	return n, nil
}

// rows is how many rows a statement of the ClickHouse plugin gives, its macros written
// out for all of time.
func (p *pipeline) rows(sql string) (int, error) {
	for {
		before, after, there := strings.Cut(sql, "$__timeFilter(")
		if !there {
			break
		}
		column, rest, _ := strings.Cut(after, ")")
		sql = fmt.Sprintf("%s%s >= toDateTime(0) AND %s <= toDateTime('2100-01-01 00:00:00')%s", before, column, column, rest)
	}
	for currency := range slices.Values([]string{"USD", "EUR"}) {
		n, err := p.count(strings.ReplaceAll(sql, "${currency:sqlstring}", "'"+currency+"'"))
		if n > 0 || err != nil {
			return n, err
		}
	}
	return 0, nil
}

func (p *pipeline) count(sql string) (int, error) {
	resp, err := http.Post("http://"+p.http+"/?database=revenue&default_format=TabSeparated", "text/plain", strings.NewReader(sql))
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s\n%s", sql, answer)
	}
	return strings.Count(string(answer), "\n"), err
}
