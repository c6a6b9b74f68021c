package consume

import (
	"strings"
	"testing"
)

// TestPartitionsAdded: partitions that are added halt every partition, of the
// consumer that runs as of one that is started after it, before a record of the
// new placement is counted.
func TestPartitionsAdded(t *testing.T) {
	t.Parallel()
	w := newPipeline(t, 2)
	running := w.consume()
	w.history()
	w.settle()
	if got := w.numbers(); got != numbers {
		t.Fatalf("%s, want %s", got, numbers)
	}
	w.grow(4)
	halted := func(c consumer) {
		t.Helper()
		within(t, "both topics' partitions are halted", func() bool {
			text := strings.Join(c.halts(), "\n")
			return strings.Contains(text, "runrate.usage/3 is halted") && strings.Contains(text, "runrate.subscriptions/3 is halted") &&
				strings.Contains(text, "runrate.usage/0 is halted") && strings.Contains(text, "runrate.subscriptions/0 is halted")
		})
		for _, err := range c.halts() {
			if !strings.Contains(err, "(partitions_changed)") || !strings.Contains(err, "has 4 partitions and epoch 0 was folded with 2") || !strings.Contains(err, "runrate repartition") {
				t.Errorf("halted otherwise: %s", err)
			}
		}
		if got := w.numbers(); got != numbers {
			t.Errorf("%s, want %s", got, numbers)
		}
	}
	halted(running)
	within(t, "SQL sees it", func() bool {
		return w.ask("SELECT concat(toString(countIf(status = 'halted' AND reason = 'partitions_changed')), ' of ', toString(count())) FROM DB.freshness") == "8 of 8"
	})
	running.stop()

	started := w.consume()
	w.history()
	halted(started)
	started.stop()
	if got := w.ask("SELECT toString(groupArray((topic, partitions))) FROM (SELECT topic, partitions FROM DB.epochs ORDER BY topic)"); got != "[('runrate.subscriptions',2),('runrate.usage',2)]" {
		t.Errorf("the records are %s", got)
	}
}
