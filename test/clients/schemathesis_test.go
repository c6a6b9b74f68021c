//go:build clients

package clients

import (
	"os/exec"
	"strings"
	"testing"
)

// TestSchemathesis: whatever the door's description allows is taken, what it does not allow is
// refused, each answer is as described, and none is an error of the door's.
func TestSchemathesis(t *testing.T) {
	file, key := keyed(t, "schemathesis")
	p := up(t, "--no-ticker", "--keys", file)
	cmd := exec.Command(absolute(t, cache+"/schemathesis/bin/schemathesis"), "--config-file", absolute(t, "python/schemathesis.toml"), "--no-color",
		"run", strings.Replace(p.events(), "/v1/events", "/openapi.json", 1), "--header", "Authorization: Bearer "+key, "--seed", "1", "--max-examples", "50")
	cmd.Dir = t.TempDir()
	said := output(t, cmd)
	for _, want := range []string{"3 selected / 3 total", "No issues found"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not in what it said:\n%s", want, said)
		}
	}
	t.Log(said[strings.LastIndex(said, "Test cases:"):])
	p.runrate(t, "", "settle", "--brokers", p.brokers())
	if refused := p.query(t, "SELECT reason, count() FROM dead_letters WHERE reason IN ('malformed', 'unknown_type', 'wrong_partition') GROUP BY reason"); refused[0] != "" {
		t.Errorf("the door put into Kafka what the consumer cannot read: %v", refused)
	}
}
