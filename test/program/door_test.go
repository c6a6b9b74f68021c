package program

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"runrate/test/posting"
)

// TestHTTPPage runs every example of docs/HTTP.md as it stands, but for the door's
// address, and counts what was sent.
func TestHTTPPage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/HTTP.md")
	if err != nil {
		t.Fatal(err)
	}
	p := up(t, "--no-ticker", "--partitions=2")
	must(t, must(t, "", "prices", "example"), "prices", "publish", p.brokers(), "-")
	parts := strings.Split(string(text), "```")
	if len(parts) != 9 {
		t.Fatalf("%d fences", len(parts)-1)
	}
	dir := t.TempDir()
	for i := 1; i < len(parts); i += 2 {
		kind, example, _ := strings.Cut(parts[i], "\n")
		if kind != "sh" {
			t.Errorf("an example is of kind %q", kind)
		}
		cmd := exec.Command("bash", "-euo", "pipefail", "-c", strings.ReplaceAll(example, "127.0.0.1:8080", loopback(p.listen)))
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), `"refused":0`) {
			t.Errorf("%s: %v\n%s", example, err, out)
		}
	}
	p.settle(t)
	if got := p.query(t, "SELECT count(), uniqExact(id), sum(quantities['input_tokens']) FROM usage_events WHERE source = 'my-service/curl'")[0]; got != "4\t4\t1265" {
		t.Errorf("counted: %s", got)
	}
	if got := p.query(t, "SELECT sum(duplicate), sum(refused) FROM accounting")[0]; got != "2\t0" {
		t.Errorf("duplicates and refused: %s", got)
	}
	p.terminate(t)
}

// TestAcknowledgedIsCounted: door, broker and ClickHouse are killed while events come
// in; every event that was answered 202, or accepted in a 422, is counted exactly once,
// and none twice, whether it was sent again or not.
func TestAcknowledgedIsCounted(t *testing.T) {
	t.Parallel()
	p := up(t, "--no-ticker", "--partitions=2")
	must(t, must(t, "", "prices", "example"), "prices", "publish", p.brokers(), "-")
	s := posting.Start("http://"+loopback(p.listen)+"/v1/events", 4)
	for n := range 2 {
		within(t, "events are acknowledged", func() bool { return s.Count() > 500*(2*n+1) })
		p.kill(t)
		p.start(t)
		p.ready(t)
	}
	within(t, "events are acknowledged again", func() bool { return s.Count() > 2500 })
	counted(t, p, s)
	p.terminate(t)
}
