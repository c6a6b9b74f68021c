package worker_test

import (
	"fmt"
	"strings"
	"testing"

	"runrate/internal/stream"
)

// restoreOlder makes one table what it was when the flush before an offset was written, as
// a backup leaves it that takes the tables one after the other. It returns how many parts
// that takes away.
func (p *pipeline) restoreOlder(table, where string, next stream.Offset) (parts int) {
	p.t.Helper()
	for _, part := range p.strings(fmt.Sprintf("SELECT _part FROM %s.%s WHERE %s GROUP BY _part HAVING min(version) >= %d", p.database, table, where, next)) {
		p.exec("ALTER TABLE {db}." + table + " DROP PART '" + part + "'")
		parts++
	}
	return parts
}

// TestTornBackup: ClickHouse is restored from a backup that was not taken of all tables at
// one instant, so that progress is newer than one of them. The next worker sees it,
// whichever table it is, goes back to a state that all tables hold, and writes what is
// missing.
func TestTornBackup(t *testing.T) {
	t.Parallel()
	p := folded(t, 9)
	end := p.progress()
	missing := 0
	for _, table := range p.versions() {
		if table == "progress_versions" {
			continue
		}
		source := usageSource
		if strings.HasPrefix(table, "subscription") || strings.HasPrefix(table, "mrr") {
			source = stream.Source{Topic: stream.Subscriptions.Topic()}
		}
		where := p.ofTopic(table, source.Topic)
		top := fmt.Sprintf("SELECT toString(max(version)) FROM %s.%s WHERE %s", p.database, table, where)
		before := p.strings(top)[0]
		if parts := p.restoreOlder(table, where, end/2); parts == 0 {
			t.Logf("%s: nothing was written late", table)
			continue
		}
		missing++
		said := p.said("lost rows that it had acknowledged")
		p.start()
		p.until(table+" is written again", func() bool { return p.strings(top)[0] == before })
		p.settle()
		p.end()
		if got := p.said("lost rows that it had acknowledged"); got != said+1 {
			t.Errorf("%s of %s: it was said %d times", table, source, got-said)
		}
	}
	p.compare()
	if missing < 8 {
		t.Errorf("%d tables were restored to an older state", missing)
	}
}
