//go:build clients

package clients

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestCookbook asks every question of docs/COOKBOOK.md over the made-up company that it
// is about, and holds the rows to the page.
func TestCookbook(t *testing.T) {
	page, err := os.ReadFile(root + "/docs/COOKBOOK.md")
	if err != nil {
		t.Fatal(err)
	}
	p := up(t, "--no-ticker")
	p.runrate(t, "", "simulate", "--preset", "billion-dollar-month", "--brokers", p.brokers())
	p.runrate(t, "", "settle", "--timeout", "5m", "--brokers", p.brokers())
	asked := 0
	sql := ""
	for _, m := range fence.FindAllStringSubmatch(string(page), -1) {
		switch language, text := m[1], m[2]; {
		case language == "sql" && sql == "":
			asked++
			sql = text
		case language == "text" && sql != "":
			want := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
			var got []string
			for _, row := range p.query(t, sql) {
				got = append(got, strings.ReplaceAll(row, "\t", " | "))
			}
			if !slices.Equal(got, want) {
				t.Errorf("%sgives:\n%s\nand the page has:\n%s", sql, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			sql = ""
		case language != "sh":
			t.Errorf("an example of kind %q stands where it may not: %.100s", language, text)
		}
	}
	if asked != 31 || sql != "" {
		t.Errorf("%d questions are asked, want 31, each with its rows", asked)
	}
}
