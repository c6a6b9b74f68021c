package store

import (
	"fmt"
	"iter"
	"testing"

	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

// generate yields n rows.
func generate[R any](n int, row func(i int) R) iter.Seq[R] {
	return func(yield func(R) bool) {
		for i := range n {
			if !yield(row(i)) {
				return
			}
		}
	}
}

var benchDimensions = func() []rows.Dimensions {
	var out []rows.Dimensions
	for i := range 200 {
		out = append(out, rows.Dimensions{Line: "api", Product: fmt.Sprintf("product-%d", i%20), Segment: "enterprise", Region: fmt.Sprintf("r%d", i/20), Currency: "USD"})
	}
	return out
}()

func benchTotals(i int) rows.Totals {
	return rows.Totals{Revenue: money.FromParts(0, uint64(i)*1_234_567_891), Cost: money.FromInt(int64(i)), Events: int64(i)}
}

// benchChanges has n rows for the tables that grow.
func benchChanges(n int) map[string]rows.Changes {
	start := at("2026-06-01T00:00:00Z")
	quantities := []event.Quantity{{Meter: "input_tokens", Count: 1234}, {Meter: "output_tokens", Count: 567}}
	windows := []string{"1h", "24h", "7d", "28d", "30d", "90d", "365d"}
	return map[string]rows.Changes{
		"UsageEvents": {Source: usage0, UsageEvents: generate(n, func(i int) rows.UsageEvent {
			return rows.UsageEvent{Account: event.Account(fmt.Sprintf("acct_%d", i%50_000)), Time: start + event.Time(i)*5*event.Second/1000, Dimensions: benchDimensions[i%200],
				Quantities: quantities, Revenue: money.FromParts(0, uint64(i)*7_654_321), Cost: money.FromParts(0, uint64(i)*654_321),
				Source: "api-gateway/eu-1", ID: fmt.Sprintf("01JD8%021d", i), Type: event.UsageRecorded, Version: stream.Offset(i)}
		})},
		"Rolling": {Source: usage0, Rolling: generate(n, func(i int) rows.RollingRevenue {
			return rows.RollingRevenue{AsOf: start + event.Time(i/1400)*event.Hour, Window: windows[i%7], Dimensions: benchDimensions[i/7%200], Totals: benchTotals(i), Version: stream.Offset(i)}
		})},
		"UsagePanes": {Source: usage0, UsagePanes: generate(n, func(i int) rows.UsagePane {
			return rows.UsagePane{Hour: start + event.Time(i/200)*event.Hour, Dimensions: benchDimensions[i%200], Totals: benchTotals(i), Version: stream.Offset(i)}
		})},
		"MRR": {Source: subs0, MRR: generate(n, func(i int) rows.MRR {
			d := &benchDimensions[i%200]
			return rows.MRR{AsOf: start + event.Time(i/200)*event.Hour, Line: d.Line, Plan: d.Product, Region: d.Region, Currency: d.Currency, MRR: money.FromInt(int64(i + 1)), Subscriptions: 1, Version: stream.Offset(i)}
		})},
		"Movements": {Source: subs0, Movements: generate(n, func(i int) rows.Movement {
			return rows.Movement{Account: event.Account(fmt.Sprintf("acct_%d", i)), Line: "chat", Currency: "USD", Time: start + event.Time(i)*event.Second, Change: stream.Offset(i),
				Subscription: fmt.Sprintf("sub_%d", i), Movement: "new", Amount: money.FromInt(30), Version: stream.Offset(i)}
		})},
		"DeadLetters": {Source: usage0, DeadLetters: generate(n, func(i int) rows.DeadLetter {
			return rows.DeadLetter{Offset: stream.Offset(i), Time: start, Reason: event.Malformed, Detail: "not a CloudEvent", Key: []byte("acct_42"), Payload: make([]byte, 400)}
		})},
		"Progress only": {Source: usage0},
	}
}

// Rows a second into each table, server included.
func BenchmarkWrite(b *testing.B) {
	for _, n := range []int{1, 1_000, 200_000} {
		for name, c := range benchChanges(n) {
			if name == "Progress only" && n > 1 {
				continue
			}
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				s := open(b)
				b.ReportAllocs()
				for b.Loop() {
					c.Progress.NextOffset++
					write(b, s, 0, c)
				}
				b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			})
		}
	}
}

// Encoding alone, without a server.
func BenchmarkEncode(b *testing.B) {
	const n = 200_000
	c := benchChanges(n)["Rolling"]
	var k chunk
	for b.Loop() {
		k.begin(rollingRevenue.columns)
		for r := range c.Rolling {
			rollingRevenue.row(&k, &flush{}, &r)
			if err := k.endRow(); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// Identities looked up among two million, an hour and a half of events.
func BenchmarkSeen(b *testing.B) {
	s := open(b)
	const n = 2_000_000
	c := benchChanges(n)["UsageEvents"]
	c.Progress = ticked(n, "2026-06-02T00:00:00Z")
	write(b, s, 0, c)
	var all []EventKey
	for e := range c.UsageEvents {
		if len(all)%2 == 1 {
			e.ID = "other"
		}
		all = append(all, keyOf(e))
	}
	for _, k := range []int{1, 1_000, 50_000} {
		b.Run(fmt.Sprint(k), func(b *testing.B) {
			keys := make([]EventKey, k)
			for i := range keys {
				keys[i] = all[i*(n/k)+i%2]
			}
			for b.Loop() {
				found, err := s.Seen(b.Context(), 0, usage0, keys, n)
				if err != nil || len(found) != (k+1)/2 {
					b.Fatalf("%d found: %v", len(found), err)
				}
			}
		})
	}
	b.Run("Recent", func(b *testing.B) {
		for b.Loop() {
			known := 0
			for _, err := range s.Recent(b.Context(), 0, usage0, 0, n) {
				if err != nil {
					b.Fatal(err)
				}
				known++
			}
			if known != n {
				b.Fatal(known)
			}
		}
		b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}
