package worker_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"runrate/consumers/worker"
	"runrate/internal/event"
	"runrate/internal/stream"
	"runrate/test/sim"
)

// owing is a world whose log is a price book, an hour of use in each of 40 days and then
// late events, which come when they are let.
type owing struct {
	*world
	next int
	seam *sim.Seam // of the worker that runs
}

func newOwing(t *testing.T) *owing {
	t.Helper()
	w := newWorld(0, stream.Usage.Topic(), 1)
	w.limits = worker.Limits{Records: 1000, Bytes: 1 << 20, Every: time.Second, Fetch: 1 << 20, Owe: 4 * time.Second}
	o := &owing{world: w}
	w.log.Replace(w.source, nil)
	const day0 = event.Time(1_780_272_000) * event.Second
	book := `{"version":"1","currency":"USD","products":[{"product":"chat","line":"api","meters":{"in":[{"effective_from":"2026-01-01T00:00:00Z","unit":1000000,"price":"2.50","cost":"0.60"}]}}]}`
	o.put(t, event.Event{Type: event.PricebookPublished, Time: day0, PriceBook: []byte(book)})
	for d := range event.Time(40) {
		o.use(t, day0+d*event.Day)
	}
	o.put(t, event.Event{Type: event.ClockTicked, Time: day0 + 40*event.Day})
	return o
}

func (o *owing) put(t *testing.T, e event.Event) {
	t.Helper()
	e.Source, e.ID = "test", fmt.Sprint(o.next)
	records := o.records(t)
	o.log.Replace(o.source, append(records, stream.Record{Offset: stream.Offset(o.next), Key: []byte(e.Account), Value: e.AppendJSON(nil)}))
	o.next++
}

func (o *owing) use(t *testing.T, at event.Time) {
	t.Helper()
	o.put(t, event.Event{Type: event.UsageRecorded, Account: "acme", Time: at, Usage: &event.Usage{Product: "chat", Quantities: []event.Quantity{{Meter: "in", Count: 1_000_000}}}})
}

// late is an event of some days ago.
func (o *owing) late(t *testing.T, days int) {
	t.Helper()
	const last = event.Time(1_780_272_000)*event.Second + 40*event.Day
	o.use(t, last-event.Time(days)*event.Day+event.Hour)
}

// run runs a worker until stop is called.
func (o *owing) run(t *testing.T, said *[]worker.Status) (stop func()) {
	t.Helper()
	board := worker.NewBoard()
	config := worker.Config{Fold: sim.Fold(o.source, 1, o.memory), Member: o.log.Join(group), Limits: o.limits, Board: board,
		Say: func(context.Context) error {
			if said != nil {
				*said = append(*said, board.All()...)
			}
			return nil
		}}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	o.seam = &sim.Seam{Log: o.log, Tables: o.tables}
	go func() { ended <- worker.New(config, o.seam, o.seam, zap.NewNop()).Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// windows is how many times the worker has written rows of windows.
func (o *owing) windows() (n int) {
	for _, point := range o.seam.Points() {
		if point == "insert rolling_revenue_versions" {
			n++
		}
	}
	return n
}

// What late events change is owed for at most five seconds while records come, and written
// once; what is owed is said before the flush that owes, and in the commit.
func TestOwedIsPaid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOwing(t)
		var said []worker.Status
		stop := o.run(t, &said)
		defer stop()
		time.Sleep(2 * time.Second) // virtual, as all here
		if !o.done() || len(said) > 0 {
			t.Fatalf("history: done %v, said %v", o.done(), said)
		}
		before := o.windows()
		for range 6 {
			o.late(t, 20)
			time.Sleep(500 * time.Millisecond)
		}
		if !o.commit().Owes() || o.windows() != before {
			t.Fatalf("after late events: owes %v, windows written %d times, %d before", o.commit().Owes(), o.windows(), before)
		}
		if len(said) != 1 || said[0].Owed.IsZero() || time.Since(said[0].Owed) > 3*time.Second {
			t.Errorf("said %+v", said)
		}
		for range 4 {
			o.late(t, 19) // which does not put the payment off
			time.Sleep(500 * time.Millisecond)
		}
		if o.windows() != before+1 {
			t.Errorf("five seconds after the first: windows written %d times, %d before", o.windows(), before)
		}
	})
}

// Where no record comes there is nothing to wait for.
func TestQuietPartitionPays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOwing(t)
		stop := o.run(t, nil)
		defer stop()
		time.Sleep(2 * time.Second)
		before := o.windows()
		o.late(t, 20)
		time.Sleep(1500 * time.Millisecond)
		if !o.commit().Owes() || o.windows() != before {
			t.Fatalf("after the late event: owes %v, windows written %d times, %d before", o.commit().Owes(), o.windows(), before)
		}
		time.Sleep(time.Second)
		if !o.done() || o.windows() != before+1 {
			t.Errorf("a second later: done %v, windows written %d times, %d before", o.done(), o.windows(), before)
		}
	})
}

// What is owed when a worker goes is paid by it; when it dies, by the next one, at once.
func TestNextWorkerPays(t *testing.T) {
	t.Parallel()
	for _, dies := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			o := newOwing(t)
			stop := o.run(t, nil)
			time.Sleep(2 * time.Second)
			o.late(t, 20)
			time.Sleep(1500 * time.Millisecond)
			if !o.commit().Owes() {
				t.Fatal("it owes nothing")
			}
			if dies {
				o.log.Join(group) // its commits are fenced from now on
			}
			stop()
			if paid := !o.commit().Owes(); paid == dies {
				t.Fatalf("dies %v: paid %v", dies, paid)
			}
			stop = o.run(t, nil)
			time.Sleep(100 * time.Millisecond)
			if !o.done() {
				t.Errorf("dies %v: the next worker does not pay", dies)
			}
			stop()
		})
	}
}
