package consume

import (
	"strings"
	"testing"

	"go.uber.org/zap"

	"runrate/internal/stream"
	"runrate/internal/views/freshness"
)

// TestHaltedAndBack: a partition that ClickHouse refuses to take is halted, which SQL
// and whoever reads it sees; once the cause is mended it goes on by itself, and
// nothing is missing.
func TestHaltedAndBack(t *testing.T) {
	t.Parallel()
	w := newPipeline(t, 2)
	w.consume()
	w.history()
	w.settle()
	exec := func(statement string) {
		t.Helper()
		if err := w.store.Conn().Exec(t.Context(), strings.ReplaceAll(statement, "DB", w.store.Database().SQL())); err != nil {
			t.Fatal(err)
		}
	}
	halted := func() (sentences []string) {
		all, err := freshness.Read(t.Context(), w.store.Conn(), w.store.Database())
		if err != nil {
			t.Fatal(err)
		}
		if len(all) != 4 {
			t.Errorf("%d partitions", len(all))
		}
		for _, p := range freshness.Halted(all) {
			sentences = append(sentences, p.String())
		}
		return sentences
	}
	within(t, "all is well", func() bool {
		return w.ask("SELECT toString(countIf(status = 'ok')) FROM DB.freshness") == "4"
	})
	exec("RENAME TABLE DB.usage_hour_versions TO DB.elsewhere")
	w.more("later")
	var says []string
	within(t, "the partition is halted", func() bool { says = halted(); return len(says) > 0 })
	if len(says) != 1 || !strings.HasPrefix(says[0], "runrate.usage/") || !strings.Contains(says[0], " is halted (store): ") || !strings.Contains(says[0], "run `runrate migrate`") {
		t.Errorf("%q", says)
	}
	exec("RENAME TABLE DB.elsewhere TO DB.usage_hour_versions")
	within(t, "it goes on by itself", func() bool { return len(halted()) == 0 })
	w.settle()
	if got := w.revenue(); got != "900" {
		t.Errorf("revenue is %s", got)
	}
	for _, f := range w.failing() {
		t.Error(f)
	}
	// Another epoch's consumers speak for themselves.
	if err := Rebuild(t.Context(), stream.Usage.Topic(), "a test", Change{}, w.options(zap.NewNop())); err != nil {
		t.Fatal(err)
	}
	within(t, "all is well under the new epoch", func() bool {
		return w.ask("SELECT toString(countIf(status = 'ok' AND reason = '')) FROM DB.freshness") == "4"
	})
}
