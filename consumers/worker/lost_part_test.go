package worker_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"runrate/consumers/snapshots"
	"runrate/internal/broker"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

var usageSource = stream.Source{Topic: stream.Usage.Topic()}

// folded is a pipeline that has folded everything in many flushes and was
// stopped, with every insert still a part of its own.
func folded(t *testing.T, seed uint64) *pipeline {
	t.Helper()
	p, _ := onShared(t, seed, 150)
	for _, table := range p.versions() {
		p.exec("SYSTEM STOP MERGES {db}." + table)
	}
	for tenths := 1; tenths <= 10; tenths++ {
		p.feed(tenths)
		if tenths == 1 {
			p.start()
		}
		p.settle()
	}
	p.end()
	return p
}

// versions are the tables of versioned rows: those that a flush writes.
func (p *pipeline) versions() []string {
	var names []string
	for _, table := range rows.Tables() {
		names = append(names, table.Name)
	}
	return names
}

func (p *pipeline) strings(query string) []string {
	p.t.Helper()
	var out []string
	r, err := p.direct.Conn().Query(p.t.Context(), query)
	if err != nil {
		p.t.Fatalf("%s: %v", query, err)
	}
	defer r.Close()
	for r.Next() {
		var s string
		if err := r.Scan(&s); err != nil {
			p.t.Fatal(err)
		}
		out = append(out, s)
	}
	if r.Err() != nil {
		p.t.Fatal(r.Err())
	}
	return out
}

// ofTopic is the condition of a topic's rows in a table that has those of both, "1" in
// another.
func (p *pipeline) ofTopic(table string, topic stream.Topic) string {
	p.t.Helper()
	if p.strings(fmt.Sprintf("SELECT toString(count()) FROM system.columns WHERE database = '%s' AND table = '%s' AND name = 'topic'", p.database, table))[0] == "0" {
		return "1"
	}
	return "topic = '" + topic.String() + "'"
}

// lose drops the parts of the usage topic that were written after the progress
// of offset next, as a disk does that lost what it had acknowledged.
func (p *pipeline) lose(next stream.Offset) (parts int) {
	p.t.Helper()
	for _, table := range p.versions() {
		if strings.HasPrefix(table, "subscription") || strings.HasPrefix(table, "mrr") {
			continue // of the other topic
		}
		where, from := p.ofTopic(table, stream.Usage.Topic()), next
		if table == "progress_versions" {
			from++ // its version is the next offset itself
		}
		for _, part := range p.strings(fmt.Sprintf("SELECT _part FROM %s.%s WHERE %s GROUP BY _part HAVING min(version) >= %d", p.database, table, where, from)) {
			p.exec("ALTER TABLE {db}." + table + " DROP PART '" + part + "'")
			parts++
		}
	}
	return parts
}

// progress is the next offset that ClickHouse vouches for.
func (p *pipeline) progress() stream.Offset {
	p.t.Helper()
	all, err := p.direct.Progress(p.t.Context(), 0, stream.Usage.Topic())
	if err != nil {
		p.t.Fatal(err)
	}
	return all[0].NextOffset
}

// TestLostParts: parts are gone that ClickHouse had acknowledged and a commit
// vouches for. The next worker sees it by the progress, folds again from an
// older snapshot, and writes what is missing.
func TestLostParts(t *testing.T) {
	t.Parallel()
	p := folded(t, 6)
	end := p.progress()
	for _, tenth := range []stream.Offset{9, 5, 1} {
		flushes := p.strings(fmt.Sprintf("SELECT toString(version) FROM %s.progress_versions WHERE topic = '%s' AND version <= %d ORDER BY version DESC LIMIT 1",
			p.database, stream.Usage.Topic(), end*tenth/10))
		var middle stream.Offset
		if _, err := fmt.Sscan(flushes[0], &middle); err != nil {
			t.Fatal(err)
		}
		parts := p.lose(middle)
		if got := p.progress(); got != middle || parts < 2 {
			t.Fatalf("%d parts lost, progress is %d: want %d", parts, got, middle)
		}
		said := p.said("lost rows that it had acknowledged")
		p.start()
		p.until("all is written again", func() bool { return p.progress() == end })
		p.settle()
		p.end()
		if p.said("lost rows that it had acknowledged") != said+1 {
			t.Error("it was not said, or more than once")
		}
		t.Logf("%d parts lost after offset %d of %d", parts, middle, end)
		p.compare()
	}
}

// TestLostBeyondRepair: what is lost is older than any snapshot, or the records
// to fold again are gone: the partition stops and says what to do.
func TestLostBeyondRepair(t *testing.T) {
	t.Parallel()
	t.Run("no snapshot is old enough", func(t *testing.T) {
		p := folded(t, 7)
		p.lose(0)
		p.start()
		p.until("the partition stops", func() bool { return p.gaveUp(usageSource) != nil })
		p.stop()
		var missing *snapshots.Missing
		if err := p.gaveUp(usageSource); !errors.As(err, &missing) || !strings.Contains(err.Error(), "runrate rebuild") {
			t.Error(err)
		}
	})
	t.Run("the records are gone", func(t *testing.T) {
		p := folded(t, 8)
		end := p.progress()
		p.lose(end / 2)
		p.log.Trim(usageSource, end-1)
		p.start()
		p.until("the partition stops", func() bool { return p.gaveUp(usageSource) != nil })
		p.stop()
		var outside *broker.OutOfRange
		if err := p.gaveUp(usageSource); !errors.As(err, &outside) {
			t.Error(err)
		} else {
			t.Log(err)
		}
	})
}
