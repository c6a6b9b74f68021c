package worker_test

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"runrate/consumers/intake"
	"runrate/consumers/store"
	"runrate/consumers/worker"
	"runrate/internal/broker"
	"runrate/internal/event"
	"runrate/internal/rows"
	"runrate/internal/stream"
	"runrate/test/sim"
)

// flood is a partition whose records are made as they are fetched, and tables
// that count rows and keep none: what memory is used is the worker's own.
type flood struct {
	source stream.Source
	end    stream.Offset
	record func(offset stream.Offset) (key, value string)

	mu       sync.Mutex
	commit   broker.Commit
	progress rows.Progress
	rows     map[string]int
	snapshot int // bytes
	live     uint64
	done     chan struct{}
}

var floodMember = broker.Member{Group: group, Generation: 1, ID: "one"}

// run folds all of it and returns how long that took. The accounting must be
// whole and the live heap, as it is when a flush begins and with the fold's state
// and the whole batch in it, below mostLive.
func (f *flood) run(t *testing.T, mostLive uint64) time.Duration {
	t.Helper()
	f.rows, f.done = map[string]int{}, make(chan struct{})
	config := worker.Config{Fold: sim.Fold(f.source, 1, intake.DefaultMemory), Member: floodMember, Limits: worker.DefaultLimits}
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	began := time.Now()
	go func() { ended <- worker.New(config, f, f, zap.NewNop()).Run(ctx) }()
	select {
	case err := <-ended:
		t.Fatalf("the worker ended: %v", err)
	case <-f.done:
	case <-time.After(5 * time.Minute):
		t.Fatalf("not done within 5 minutes: at %d of %d", f.commit.Next, f.end)
	}
	took := time.Since(began)
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	p := f.progress
	if sum := p.Accepted + p.Duplicate + p.Refused + p.Control + p.Skipped + p.Lost; p.NextOffset != f.end || sum != int64(f.end) {
		t.Errorf("%d records, accounted for up to %d: %d accepted + %d duplicate + %d refused + %d control = %d",
			f.end, p.NextOffset, p.Accepted, p.Duplicate, p.Refused, p.Control, sum)
	}
	live := f.live - min(f.live, before.HeapAlloc)
	t.Logf("%d records in %s; %d accepted, %d duplicate, %d refused, %d control; rows %v; snapshots %d KB; live heap %d MB",
		f.end, took.Round(time.Millisecond), p.Accepted, p.Duplicate, p.Refused, p.Control, f.rows, f.snapshot>>10, live>>20)
	if live > mostLive {
		t.Errorf("live heap %d MB, want at most %d", live>>20, mostLive>>20)
	}
	return took
}

func (f *flood) Fetch(ctx context.Context, _ stream.Source, at stream.Offset, maxBytes int, wait time.Duration) ([]stream.Record, stream.Offset, error) {
	var out []stream.Record
	for size := 0; at < f.end && size < maxBytes; at++ {
		key, value := f.record(at)
		out = append(out, stream.Record{Offset: at, Key: []byte(key), Value: []byte(value)})
		size += len(key) + len(value)
	}
	if len(out) == 0 {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		}
	}
	return out, f.end, nil
}

func (f *flood) Range(context.Context, stream.Source) (broker.Range, error) {
	return broker.Range{End: f.end}, nil
}

func (f *flood) Append(_ context.Context, _ stream.Topic, _ int32, messages []broker.Message) (stream.Offset, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range messages {
		f.snapshot += len(m.Value)
	}
	return 1, nil
}

func (f *flood) Committed(context.Context, string, stream.Topic) (map[int32]broker.Commit, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return map[int32]broker.Commit{0: f.commit}, nil
}

func (f *flood) Commit(_ context.Context, _ broker.Member, _ stream.Source, next stream.Offset, metadata string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	ended := f.commit.Next == f.end // and committed again, by a chain that is renewed
	f.commit = broker.Commit{Set: true, Next: next, Metadata: metadata}
	if next == f.end && !ended {
		close(f.done)
	}
	return nil
}

func (f *flood) Write(_ context.Context, _ uint32, c rows.Changes) error {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.live = max(f.live, m.HeapAlloc)
	for _, table := range rows.Tables() {
		for range table.Rows(&c) {
			f.rows[table.Name]++
		}
	}
	f.progress = c.Progress
	return nil
}

func (f *flood) Seen(context.Context, uint32, stream.Source, []store.EventKey, stream.Offset) (map[[16]byte]struct{}, error) {
	return nil, nil
}

func (f *flood) Recent(context.Context, uint32, stream.Source, event.Time, stream.Offset) iter.Seq2[store.Known, error] {
	return func(func(store.Known, error) bool) {}
}

func (f *flood) Progress(context.Context, uint32, stream.Topic) (map[int32]rows.Progress, error) {
	return nil, nil
}

// Records, as text.

const day1 = "2026-03-01T00:00:00Z"

var march1 = time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC) // day1

func instant(after time.Duration) string { return march1.Add(after).Format(time.RFC3339Nano) }

func tickAt(at string) string {
	return fmt.Sprintf(`{"specversion":"1.0","type":"clock.ticked","source":"t","id":"t","time":%q}`, at)
}

// jumpTo is a tick that is far ahead on purpose.
func jumpTo(at string) string {
	return strings.TrimSuffix(tickAt(at), "}") + `,"data":{"jump":true}}`
}

const bookText = `{"specversion":"1.0","type":"pricebook.published","source":"p","id":"p","time":"2026-01-01T00:00:00Z","data":{"version":"1","currency":"USD",` +
	`"products":[{"product":"chat","line":"api","meters":{"tokens":[{"effective_from":"2020-01-01T00:00:00Z","unit":1000000,"price":"2.50","cost":"0.60"}]}}]}}`

// usageText is an event of strings that JSON has as they are. A flood has a million.
func usageText(account, id, at, segment string) string {
	return `{"specversion":"1.0","type":"usage.recorded","source":"gw","id":"` + id + `","time":"` + at + `","subject":"` + account +
		`","data":{"product":"chat","quantities":{"tokens":1000},"segment":"` + segment + `"}}`
}

func changeText(account, id, at, subscription, line string, quantity int) string {
	return fmt.Sprintf(`{"specversion":"1.0","type":"subscription.changed","source":"billing","id":%q,"time":%q,"subject":%q,"data":{"subscription":%q,"line":%q,"plan":"team","status":"active","quantity":%d,"unit_amount":"30.00","currency":"USD","interval":"month"}}`,
		id, at, account, subscription, line, quantity)
}

// Whole is store.Store's Whole.
func (f *flood) Whole(_ context.Context, _ uint32, _ stream.Source, next stream.Offset) (stream.Offset, error) {
	return next, nil
}
