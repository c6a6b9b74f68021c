package store

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"runrate/internal/event"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

// TestAlert: the README's alert on freshness pages on a clock that is off either
// way. One that was months ahead had a lag below zero, and nobody was paged.
func TestAlert(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	alert := regexp.MustCompile(`(?m)^SELECT count\(\) AS partitions, .* AS off_seconds FROM revenue\.freshness$`).FindString(string(readme))
	if alert == "" {
		t.Fatal("the README has no alert on freshness")
	}
	s := open(t)
	page := "SELECT concat(toString(partitions), ' ', if(off_seconds < 60, 'fresh', 'page')) FROM (" +
		strings.Replace(alert, "revenue.freshness", s.database.Of("freshness"), 1) + ")"
	for i, c := range []struct {
		usage, subscriptions time.Duration
		want                 string
	}{
		{-time.Second, time.Second, "2 fresh"},
		{187 * 24 * time.Hour, time.Second, "2 page"},
		{-time.Second, 187 * 24 * time.Hour, "2 page"},
		{-time.Hour, 0, "2 page"},
		{-30 * time.Second, 30 * time.Second, "2 fresh"},
	} {
		for source, off := range map[string]time.Duration{"usage": c.usage, "subscriptions": c.subscriptions} {
			p := rows.Progress{NextOffset: stream.Offset(i + 1), Control: int64(i + 1), Ticked: true, Clock: event.TimeOf(time.Now().Add(off))}
			changes := rows.Changes{Source: usage0, Progress: p}
			if source == "subscriptions" {
				changes.Source = subs0
			}
			write(t, s, 0, changes)
		}
		t.Run(fmt.Sprint(c.usage, " and ", c.subscriptions), func(t *testing.T) { want(t, s, page, c.want) })
	}
}
