package usage_test

import (
	"fmt"
	"runtime"
	"slices"
	"testing"

	"runrate/consumers/fold"
	"runrate/consumers/intake"
	"runrate/consumers/usage"
	"runrate/internal/calendar"
	"runrate/internal/event"
	"runrate/internal/pricebook"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

const book = `{"version":"1","currency":"USD","products":[{"product":"chat","line":"api","meters":{
"in":[{"effective_from":"2026-01-01T00:00:00Z","unit":1000000,"price":"2.50","cost":"0.60"}],
"out":[{"effective_from":"2026-01-01T00:00:00Z","unit":1000000,"price":"10.00","cost":"2.40"}]}}]}`

const day0 = event.Time(1_780_272_000) * event.Second // 2026-06-01

var source = stream.Source{Topic: stream.Usage.Topic()}

func blank() fold.Blank { return usage.New(usage.Config{ARRWindowDays: 28, ARRMultiplier: 13}) }

func config() fold.Config {
	return fold.Config{Source: source, Partitions: 1, Memory: intake.DefaultMemory, New: blank}
}

func newPartition() *fold.Partition { return fold.Begin(config(), 0) }

func flush(tb testing.TB, p *fold.Partition) *fold.Flush {
	f, err := p.Flush()
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

// records are a price book and a tick, then n events of so many accounts, a
// second apart, in the given form.
func records(n, accounts int, encode func(event.Event) []byte) []stream.Record {
	var out []stream.Record
	put := func(e event.Event) {
		e.Source = "bench"
		e.ID = fmt.Sprint(len(out))
		out = append(out, stream.Record{Offset: stream.Offset(len(out)), Key: []byte(e.Account), Value: encode(e)})
	}
	put(event.Event{Type: event.PricebookPublished, Time: day0, PriceBook: []byte(book)})
	put(event.Event{Type: event.ClockTicked, Time: day0 + event.Hour})
	for i := range n {
		put(event.Event{
			Type: event.UsageRecorded, Account: event.Account(fmt.Sprintf("acct_%d", i%accounts)), Time: day0 + event.Time(i)*event.Hour/event.Time(n),
			Usage: &event.Usage{Product: "chat", Segment: []string{"enterprise", "business", "developer"}[i%3], Region: []string{"eu", "us"}[i%2],
				Quantities: []event.Quantity{{Meter: "in", Count: uint64(i)}, {Meter: "out", Count: 567}}},
		})
	}
	return out
}

func json(e event.Event) []byte { return e.AppendJSON(nil) }

func proto(e event.Event) []byte {
	b, err := e.AppendProto(nil)
	if err != nil {
		panic(err)
	}
	return b
}

// BenchmarkFold is the whole pure path of an event: decode, judge, rate, fold. An
// operation is an event, in partitions of at most 100,000.
func BenchmarkFold(b *testing.B) {
	for name, encode := range map[string]func(event.Event) []byte{"json": json, "proto": proto} {
		b.Run(name, func(b *testing.B) {
			const most, control = 100_000, 2
			in := records(most, 5_000, encode)
			b.ReportAllocs()
			b.ResetTimer()
			for left := b.N; left > 0; left -= most {
				foldAll(b, in[:min(left, most)+control], control)
			}
		})
	}
}

// foldAll folds records, so many of which are no events, as one batch.
func foldAll(b *testing.B, in []stream.Record, control int) {
	p := newPartition()
	for fetched := range slices.Chunk(in, 1000) {
		if err := p.Judge(fetched).Fold(nil); err != nil {
			b.Fatal(err)
		}
	}
	f := flush(b, p)
	if progress := f.Changes().Progress; progress.Accepted != int64(len(in)-control) {
		b.Fatalf("%+v", progress)
	}
	f.Done()
}

// BenchmarkMidnight is a midnight of 100,000 accounts that were active on the day before
// it: all rows that it makes, and what it lets go of. An operation is an account.
func BenchmarkMidnight(b *testing.B) {
	const accounts = 100_000
	in := records(accounts, accounts, proto)
	written := 0
	for left := b.N; left > 0; left -= accounts {
		b.StopTimer()
		p := newPartition()
		for fetched := range slices.Chunk(in, 1000) {
			if err := p.Judge(fetched).Fold(nil); err != nil {
				b.Fatal(err)
			}
		}
		flush(b, p).Done()
		tick := event.Event{Type: event.ClockTicked, Time: day0 + event.Day, Source: "bench", ID: "midnight"}
		if err := p.Judge([]stream.Record{{Offset: stream.Offset(len(in)), Value: proto(tick)}}).Fold(nil); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		f := flush(b, p)
		changes := f.Changes()
		for _, t := range rows.Tables() {
			for range t.Rows(&changes) {
				written++
			}
		}
		f.Done()
	}
	b.ReportMetric(float64(written)/float64(b.N), "rows/op")
}

// BenchmarkWindows is the cost of booking an event that is late by 0 hours to 30
// days: it must not grow with the windows' lengths. Rows are not written.
func BenchmarkWindows(b *testing.B) {
	for _, late := range []event.Time{0, event.Day, 30 * event.Day} {
		b.Run(fmt.Sprintf("late=%dd", late/event.Day), func(b *testing.B) {
			clock := day0 + event.Hour
			state := blank().Ready(0, 0)
			state.Control(&intake.Judged{Event: event.Event{Type: event.PricebookPublished}, Book: parsed(b)})
			closed, err := state.Close(intake.Batch{Next: 1, Passed: calendar.HourOf(clock), Passes: intake.Passes{{Clock: clock}}})
			if err != nil {
				b.Fatal(err)
			}
			closed.Done()
			e := event.Event{Type: event.UsageRecorded, Source: "bench", Account: "acct_0", Usage: &event.Usage{Product: "chat", Quantities: []event.Quantity{{Meter: "in", Count: 5}}}}
			b.ResetTimer()
			for i := range b.N {
				e.Time = clock - late
				j := intake.Judged{Record: stream.Record{Offset: stream.Offset(1 + i)}, Event: e}
				if refusal, err := state.Take(&j); refusal != nil || err != nil {
					b.Fatal(refusal, err)
				}
			}
		})
	}
}

func parsed(tb testing.TB) *pricebook.Book {
	b, err := pricebook.Parse([]byte(book))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// TestBytesPerAccount states what an account costs in memory, and bounds it:
// one that is active once, and one that is active on each of 126 days.
func TestBytesPerAccount(t *testing.T) {
	const accounts = 10_000
	for _, c := range []struct{ days, most int }{{1, 900}, {126, 10500}} {
		p := newPartition()
		offset := stream.Offset(0)
		step := func(e event.Event) {
			e.Source, e.ID = "test", fmt.Sprint(offset)
			if err := p.Judge([]stream.Record{{Offset: offset, Key: []byte(e.Account), Value: e.AppendJSON(nil)}}).Fold(nil); err != nil {
				t.Fatal(err)
			}
			offset++
		}
		step(event.Event{Type: event.PricebookPublished, Time: day0, PriceBook: []byte(book)})
		step(event.Event{Type: event.UsageRecorded, Account: "before", Time: day0, Usage: &event.Usage{Product: "chat", Quantities: []event.Quantity{{Meter: "in", Count: 5}}}})
		flush(t, p).Done() // it has the room now that it uses again and again
		before := heap()
		n := accounts / c.days
		for d := range c.days {
			at := day0 + event.Time(d)*event.Day
			step(event.Event{Type: event.ClockTicked, Time: at + 3*event.Hour})
			for a := range n {
				step(event.Event{Type: event.UsageRecorded, Account: event.Account(fmt.Sprintf("account_%08d", a)), Time: at,
					Usage: &event.Usage{Product: "chat", Quantities: []event.Quantity{{Meter: "in", Count: 5}}}})
			}
			f := flush(t, p)
			if refused := f.Changes().Progress.Refused; refused > 0 {
				t.Fatalf("%d refused", refused)
			}
			f.Done() // lets go of the identities, which are more than two hours behind
		}
		flush(t, p).Done() // a batch of nothing: what a large one needs is let go of
		each := int(heap()-before) / n
		t.Logf("active on %d days: %d bytes per account", c.days, each)
		if each > c.most {
			t.Errorf("active on %d days: %d bytes per account, more than %d", c.days, each, c.most)
		}
		runtime.KeepAlive(p)
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
