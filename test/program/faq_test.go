package program

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestFAQ runs the examples of docs/FAQ.md as its head says.
func TestFAQ(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/FAQ.md")
	if err != nil {
		t.Fatal(err)
	}
	events, asked := examples(t, string(text))
	p := up(t, "--no-ticker", "--partitions=2")
	must(t, must(t, "", "prices", "example"), "prices", "publish", p.brokers(), "-")
	must(t, events+`{"specversion":"1.0","type":"clock.ticked","source":"history","id":"t","time":"2026-06-01T00:00:00Z"}`, "publish", p.brokers(), "-")
	p.settle(t)
	for _, s := range asked {
		checkScript(t, p, s)
	}
	if refused := p.query(t, "SELECT reason, detail FROM dead_letters"); len(refused) > 0 {
		t.Errorf("refused:\n%s", strings.Join(refused, "\n"))
	}
	p.terminate(t)
}

// examples are the events of a page, and its queries with the rows below them.
// Every example must be of one of these kinds, and every query have its rows.
func examples(t *testing.T, page string) (events string, asked []script) {
	t.Helper()
	parts := strings.Split(page, "```")
	if len(parts)%2 == 0 || len(parts) < 3 {
		t.Fatalf("%d fences", len(parts)-1)
	}
	open := false // a query without its rows
	for i := 1; i < len(parts); i += 2 {
		kind, text, _ := strings.Cut(parts[i], "\n")
		switch {
		case kind == "ndjson" && !open:
			events += text
		case kind == "sql" && !open:
			asked = append(asked, script{query: text})
			open = true
		case kind == "text" && open:
			asked[len(asked)-1].rows = strings.Split(strings.TrimSuffix(text, "\n"), "\n")
			open = false
		default:
			t.Errorf("an example of kind %q stands where it may not: %.100s", kind, text)
		}
	}
	if open || events == "" || !slices.ContainsFunc(asked, func(s script) bool { return len(s.rows) > 1 }) {
		t.Errorf("the last query has no rows, or there are no examples")
	}
	return events, asked
}
