package worker_test

import (
	"fmt"
	"testing"
	"time"

	"runrate/consumers/store"
	"runrate/consumers/worker"
	"runrate/internal/stream"
	"runrate/test/localtest"
	"runrate/test/oracle"
)

// withRecords is a pipeline with these records instead of generated ones.
func withRecords(t *testing.T, texts map[stream.Topic][][2]string) *pipeline {
	t.Helper()
	p, _ := onShared(t, 1, 10)
	// As patient as in operation, with batches as large: what is slow on a busy machine is no
	// fault here.
	tables, err := store.Open(t.Context(), store.Options{Address: localtest.ClickHouse(t).TCPAddr(), Database: p.database, Timeout: bound})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tables.Close() })
	p.tables, p.limits = tables, worker.DefaultLimits
	p.all = oracle.Log{}
	for topic, list := range texts {
		var records []stream.Record
		for i, r := range list {
			record := stream.Record{Offset: stream.Offset(i), Value: []byte(r[1])}
			if r[0] != "" {
				record.Key = []byte(r[0])
			}
			records = append(records, record)
		}
		p.all[stream.Source{Topic: topic}] = records
	}
	return p
}

// TestClockJumpIntoClickHouse: the rows of a clock that jumps by ten years, in
// 120 monthly partitions of every table, as of one tick.
func TestClockJumpIntoClickHouse(t *testing.T) {
	const to = "2036-03-01T00:00:00Z"
	p := withRecords(t, map[stream.Topic][][2]string{
		stream.Usage.Topic(): {{"", bookText}, {"", tickAt(day1)}, {"a", usageText("a", "1", day1, "")}, {"", jumpTo(to)}},
		stream.Subscriptions.Topic(): {{"", tickAt(day1)}, {"a", changeText("a", "1", day1, "s1", "chat", 3)},
			{"b", changeText("b", "1", day1, "s1", "api", 2)}, {"", jumpTo(to)}},
	})
	began := time.Now()
	p.feed(10)
	p.start()
	p.settle()
	p.end()
	t.Logf("written in %s", time.Since(began).Round(time.Millisecond))
	if n := p.said("failed"); n > 0 {
		t.Errorf("%d steps failed", n)
	}
	p.compareSome(97)
}

// TestDeadLettersIntoClickHouse: 100,000 in a row, some of them large.
func TestDeadLettersIntoClickHouse(t *testing.T) {
	const n = 100_000
	large := make([]byte, 10*mb)
	usage := [][2]string{{"", bookText}, {"", tickAt(day1)}}
	for i := len(usage); i < n; i++ {
		value := fmt.Sprint("no event ", i)
		if i%10_000 == 0 {
			value = string(large)
		}
		usage = append(usage, [2]string{"a", value})
	}
	p := withRecords(t, map[stream.Topic][][2]string{stream.Usage.Topic(): usage, stream.Subscriptions.Topic(): {{"", tickAt(day1)}}})
	began := time.Now()
	p.feed(10)
	p.start()
	p.settle()
	p.end()
	t.Logf("written in %s", time.Since(began).Round(time.Millisecond))
	p.compareSome(1)
	if got := p.strings("SELECT toString(max(length(payload))) FROM " + p.database + ".dead_letters"); got[0] != fmt.Sprint(len(large)) {
		t.Errorf("the largest payload has %s bytes, want %d", got[0], len(large))
	}
}
