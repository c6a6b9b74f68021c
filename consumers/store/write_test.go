package store

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"runrate/internal/event"
	"runrate/internal/fault"
	"runrate/internal/money"
	"runrate/internal/rows"
	"runrate/internal/stream"
	"runrate/schemas/definitions"
)

func rolling(asOf, window, revenue string, events int64, version stream.Offset) rows.RollingRevenue {
	return rows.RollingRevenue{AsOf: at(asOf), Window: window, Dimensions: chat,
		Totals: rows.Totals{Revenue: amount(revenue), Cost: amount("0.000000000001"), Events: events}, Version: version}
}

// The same write again changes nothing; an older version that is written later
// does not win; a newer one does.
func TestWriteReplayAndZombie(t *testing.T) {
	s := open(t)
	if err := s.OpenEpoch(t.Context(), Record{Topic: stream.Usage.Topic(), Partitions: 2}); err != nil {
		t.Fatal(err)
	}
	const asOf = "2026-01-01T05:00:00Z"
	change := func(source stream.Source, revenue string, version stream.Offset) rows.Changes {
		return rows.Changes{Source: source, Rolling: seq(rolling(asOf, "1h", revenue, 1, version)), Progress: ticked(version+1, asOf)}
	}
	view := "SELECT toString(tuple(revenue, events)) FROM " + s.database.Of("rolling_revenue")
	old := change(usage0, "1", 10)
	write(t, s, 0, old)
	write(t, s, 0, change(usage1, "0.5", 70))
	want(t, s, view, "(1.5,2)")
	write(t, s, 0, old)
	want(t, s, "SELECT toString(count()) FROM "+s.database.Of("rolling_revenue_versions"), "3") // it landed
	want(t, s, view, "(1.5,2)")
	write(t, s, 0, change(usage0, "3", 20))
	want(t, s, view, "(3.5,2)")
	write(t, s, 0, old) // the zombie
	want(t, s, view, "(3.5,2)")
	want(t, s, "SELECT toString(next_offset) FROM "+s.database.Of("freshness")+" WHERE partition = 0", "21")
	if err := s.exec(t.Context(), "merge", "OPTIMIZE TABLE "+s.database.Of("rolling_revenue_versions")+" FINAL"); err != nil {
		t.Fatal(err)
	}
	want(t, s, view, "(3.5,2)")
	want(t, s, "SELECT toString(count()) FROM "+s.database.Of("rolling_revenue_versions"), "2")
}

// A view shows an as_of once the clocks of all partitions have passed it, and
// arr once those of both topics have.
func TestGating(t *testing.T) {
	s := open(t)
	passed := "SELECT toString(as_of) AS line FROM " + s.database.Of("rolling_revenue") + " ORDER BY line"
	arr := "SELECT toString(as_of) AS line FROM " + s.database.Of("arr") + " ORDER BY line"
	all := seq(rolling("2026-01-01T01:00:00Z", "28d", "1", 1, 1), rolling("2026-01-01T02:00:00Z", "28d", "1", 1, 1), rolling("2026-01-01T03:00:00Z", "28d", "1", 1, 1))
	write(t, s, 0, rows.Changes{Source: usage0, Rolling: all, Progress: ticked(2, "2026-01-01T03:00:00Z")})
	want(t, s, passed) // the number of partitions is not known
	for range 2 {
		if err := s.OpenEpoch(t.Context(), Record{Topic: stream.Usage.Topic(), Partitions: 2}); err != nil {
			t.Fatal(err)
		}
	}
	want(t, s, passed) // partition 1 has no progress
	write(t, s, 0, rows.Changes{Source: usage1, Progress: rows.Progress{NextOffset: 1, Accepted: 1}})
	want(t, s, passed) // nor a clock
	write(t, s, 0, rows.Changes{Source: usage1, Progress: ticked(2, "2026-01-01T01:59:59.999999Z")})
	want(t, s, passed, "2026-01-01 01:00:00")
	write(t, s, 0, rows.Changes{Source: usage1, Progress: ticked(3, "2026-01-01T02:00:00Z")})
	want(t, s, passed, "2026-01-01 01:00:00", "2026-01-01 02:00:00")
	want(t, s, arr)
	if err := s.OpenEpoch(t.Context(), Record{Topic: stream.Subscriptions.Topic(), Partitions: 1}); err != nil {
		t.Fatal(err)
	}
	write(t, s, 0, rows.Changes{Source: subs0, Progress: ticked(3, "2026-01-01T01:00:00Z")})
	want(t, s, arr, "2026-01-01 01:00:00")

	// Another epoch's rows and clocks are not seen until it is switched to.
	write(t, s, 7, rows.Changes{Source: usage0, Rolling: seq(rolling("2026-01-01T01:00:00Z", "28d", "5", 1, 1)), Progress: ticked(2, "2026-01-01T09:00:00Z")})
	want(t, s, passed, "2026-01-01 01:00:00", "2026-01-01 02:00:00")
	if err := s.OpenEpoch(t.Context(), Record{Topic: stream.Usage.Topic(), Epoch: 7, Partitions: 2}); err != nil {
		t.Fatal(err)
	}
	if err := s.SwitchEpoch(t.Context(), stream.Usage.Topic(), 7, nil, "test"); err != nil {
		t.Fatal(err)
	}
	want(t, s, passed)
	write(t, s, 7, rows.Changes{Source: usage1, Progress: ticked(2, "2026-01-01T09:00:00Z")})
	want(t, s, "SELECT toString(tuple(as_of, usage_arr)) FROM "+s.database.Of("arr"), "('2026-01-01 01:00:00',65)")
	if err := s.SetDefinition(t.Context(), 7, definitions.ARR{WindowDays: 28, Multiplier: 14}); err != nil {
		t.Fatal(err)
	}
	want(t, s, "SELECT toString(tuple(as_of, usage_arr)) FROM "+s.database.Of("arr"), "('2026-01-01 01:00:00',70)")
	want(t, s, "SELECT toString(tuple(*)) FROM "+s.database.Of("definitions"), "(7,28,14,['active','past_due'])")
	// A lower one that is switched to later, by whatever clock, is not.
	if err := s.SwitchEpoch(t.Context(), stream.Usage.Topic(), 3, nil, "late"); err != nil {
		t.Fatal(err)
	}
	want(t, s, passed, "2026-01-01 01:00:00")
}

// A sequence larger than a chunk takes several inserts, none twice, and one
// that spans more months than ClickHouse takes by default in one.
func TestWriteChunks(t *testing.T) {
	s := open(t, func(o *Options) { o.ChunkRows = 1000; o.ChunkBytes = 40_000; o.Inserts = 1 })
	const n = 12_345
	walks := 0
	c := rows.Changes{Source: usage0, Progress: ticked(n, "2026-01-01T00:00:00Z"), UsagePanes: func(yield func(rows.UsagePane) bool) {
		walks++
		for i := range n {
			if !yield(rows.UsagePane{Hour: event.Time(i) * 30 * event.Hour, Dimensions: chat,
				Totals: rows.Totals{Revenue: money.FromInt(int64(i))}, Version: stream.Offset(i)}) {
				return
			}
		}
	}}
	write(t, s, 0, c)
	want(t, s, "SELECT toString(tuple(count(), sum(revenue), uniqExact(hour))) FROM "+s.database.Of("usage_hour_versions"),
		fmt.Sprintf("(%d,%d,%d)", n, n*(n-1)/2, n))
	if walks != 1 {
		t.Errorf("the sequence was walked %d times", walks)
	}
}

// A value that a column cannot hold is a defect that names the offset, the
// column and the value, and nothing of the flush is vouched for.
func TestWriteRefusesMisfits(t *testing.T) {
	s := open(t)
	tooMuch := money.FromParts(1<<63-1, 0)
	for name, c := range map[string]rows.Changes{
		"revenue":    {UsagePanes: seq(rows.UsagePane{Dimensions: chat, Totals: rows.Totals{Revenue: tooMuch}, Version: 4711})},
		"events":     {UsagePanes: seq(rows.UsagePane{Dimensions: chat, Totals: rows.Totals{Events: -1}, Version: 4711})},
		"hour":       {UsagePanes: seq(rows.UsagePane{Hour: 1, Dimensions: chat, Version: 4711})},
		"time":       {UsageEvents: seq(rows.UsageEvent{Time: event.MaxTime, Version: 4711})},
		"quantities": {UsageEvents: seq(rows.UsageEvent{Quantities: []event.Quantity{{Meter: "m", Count: event.MaxQuantity + 1}}, Version: 4711})},
	} {
		t.Run(name, func(t *testing.T) {
			c.Source, c.Progress = usage0, ticked(4712, "2026-01-01T00:00:00Z")
			err := s.Write(t.Context(), 0, c)
			if errors.Is(err, money.ErrOverflow) != (name == "revenue") {
				t.Errorf("an overflow, or not: %v", err)
			}
			if fault.KindOf(err) != fault.Defect || !strings.Contains(err.Error(), "column "+name+":") || !strings.Contains(err.Error(), "4711") {
				t.Errorf("got %v", err)
			}
		})
	}
	p, err := s.Progress(t.Context(), 0, usage0.Topic)
	if err != nil || len(p) != 0 {
		t.Errorf("progress %v, %v", p, err)
	}
	write(t, s, 0, rows.Changes{Source: usage0, Progress: ticked(1, "2026-01-01T00:00:00Z")}) // the chunk came back
}
