package program

import (
	"strings"
	"syscall"
	"testing"
)

const tick = `{"specversion":"1.0","type":"clock.ticked","source":"history","id":"t","time":"2026-11-01T00:00:00Z"}` + "\n"

// TestKilledPipeline: kill -9 takes ClickHouse along, and the same directory and
// ports serve the next pipeline, which has what was acknowledged.
func TestKilledPipeline(t *testing.T) {
	t.Parallel()
	p := up(t, "--no-ticker", "--partitions=1")
	for _, want := range []string{"2", "4"} {
		if len(processesOf(t, p.dir)) == 1 {
			t.Error("ClickHouse is no process of its own: this test sees nothing")
		}
		must(t, tick, "publish", p.brokers(), "-")
		p.kill(t)
		p.nothingLeft(t)
		p.start(t)
		p.ready(t)
		p.settle(t)
		if got := p.query(t, "SELECT sum(control) FROM accounting"); got[0] != want {
			t.Errorf("%s records are folded, want %s", got[0], want)
		}
	}
	p.terminate(t)
}

// TestClickHouseDies: its end is noticed, it is started again on the same ports,
// and what was sent meanwhile is folded.
func TestClickHouseDies(t *testing.T) {
	t.Parallel()
	p := up(t, "--no-ticker", "--partitions=1")
	var child int
	for _, pid := range processesOf(t, p.dir) {
		if pid != p.cmd.Process.Pid {
			child = pid
		}
	}
	if child == 0 {
		t.Skip("no /proc to find ClickHouse's process in")
	}
	if err := syscall.Kill(child, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	must(t, tick, "publish", p.brokers(), "-")
	p.settle(t)
	p.ready(t)
	if got := p.query(t, "SELECT sum(control) FROM accounting"); got[0] != "2" {
		t.Errorf("%s records are folded, want 2", got[0])
	}
	if !strings.Contains(p.err.String(), "ended by itself") {
		t.Errorf("nothing is said of ClickHouse's end:\n%s", p.err.String())
	}
	p.terminate(t)
}

// TestToldToEndWhileStarting: that is no failure either, and leaves nothing.
func TestToldToEndWhileStarting(t *testing.T) {
	t.Parallel()
	p := newPipeline(t, "--no-ticker")
	for _, stage := range []struct {
		name    string
		reached func() bool
	}{
		{"ClickHouse's process is there", func() bool { return len(processesOf(t, p.dir)) > 1 || listening(p.tcp) }},
		{"ClickHouse listens", func() bool { return listening(p.tcp) }},
		{"the broker listens", func() bool { return listening(p.kafka) }},
	} {
		p.start(t)
		within(t, stage.name, stage.reached)
		p.terminate(t)
	}
	p.start(t)
	p.ready(t)
	p.terminate(t)
}
