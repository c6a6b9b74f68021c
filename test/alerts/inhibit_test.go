//go:build alerts

package alerts

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"
	"time"
)

// raise tells Alertmanager of alerts, as Prometheus does; ends is zero while they fire.
func raise(t *testing.T, manager string, ends time.Time, alerts ...map[string]string) {
	t.Helper()
	type posted struct {
		Labels map[string]string `json:"labels"`
		Ends   *time.Time        `json:"endsAt,omitempty"`
	}
	var all []posted
	for _, labels := range alerts {
		p := posted{Labels: labels}
		if !ends.IsZero() {
			p.Ends = &ends
		}
		all = append(all, p)
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post("http://"+manager+"/api/v2/alerts", "application/json", bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("Alertmanager answers %s", resp.Status)
	}
}

// TestInhibited: by the committed sample, what follows from a ClickHouse that is away wakes
// nobody, from before ClickHouseDown; what is lost does, and what still stands afterwards.
func TestInhibited(t *testing.T) {
	t.Parallel()
	to := receive(t)
	manager := alertmanager(t, to)
	page := func(name, topic, status string) map[string]string {
		return map[string]string{"alertname": name, "topic": topic, "status": status, "severity": "page"}
	}
	failing := map[string]string{"alertname": "ClickHouseFailing", "severity": "none"}
	stalled, late, behind := page("PartitionNotConsumed", "a", "stalled"), page("LateFastBurn", "a", ""), page("FallingBehind", "a", "")
	lost, last := page("PartitionNotConsumed", "b", "lost"), page("MonitorMissing", "", "")
	raise(t, manager, time.Time{}, failing)
	raise(t, manager, time.Time{}, stalled, late, behind)
	raise(t, manager, time.Time{}, lost, last)
	within(t, patience(), "a page of what is lost, and of the monitor", func() bool {
		_, _, one := to.find("PartitionNotConsumed", "firing", "b")
		_, _, two := to.find("MonitorMissing", "firing", "")
		return one && two
	})
	if pages, _ := to.pages(); len(pages) != 2 { // the others were to come before
		t.Errorf("%d pages, not 2: %v", len(pages), pages)
	}
	raise(t, manager, time.Now(), failing)
	within(t, time.Now().Add(2*time.Minute), "a page of what stands still when ClickHouse is back", func() bool {
		_, _, ok := to.find("PartitionNotConsumed", "firing", "a")
		return ok
	})
}
