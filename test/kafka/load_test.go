//go:build kafka

package kafkacluster_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"runrate/internal/broker"
	"runrate/internal/fault"
	"runrate/internal/stream"
)

// load appends numbered batches to a partition, each again and again until it
// is acknowledged, and reads them all the while.
type load struct {
	t      *testing.T
	client *broker.Client
	source stream.Source

	stopWriter, stopReader context.CancelFunc
	writer, readers        sync.WaitGroup

	mu      sync.Mutex
	batches []batch        // acknowledged, in order
	read    []string       // values, by offset
	errs    map[string]int // by text, cut

	acks, fetches side
}

// side is when one side of the load last went on, and the longest that it
// stood still since that was last asked.
type side struct {
	last  time.Time
	still time.Duration
}

func (s *side) goesOn() {
	now := time.Now()
	s.still, s.last = max(s.still, now.Sub(s.last)), now
}

type batch struct {
	base  stream.Offset
	tries int
}

const batchSize = 10

// startLoad begins to append and to read.
func startLoad(t *testing.T, client *broker.Client, s stream.Source) *load {
	l := &load{t: t, client: client, source: s, errs: map[string]int{}}
	l.acks.last, l.fetches.last = time.Now(), time.Now()
	writing, stopWriter := context.WithCancel(t.Context())
	reading, stopReader := context.WithCancel(t.Context())
	l.stopWriter, l.stopReader = stopWriter, stopReader
	l.writer.Go(func() { l.write(writing) })
	l.readers.Go(func() { l.fetch(reading) })
	l.readers.Go(func() { l.watch(reading) })
	return l
}

func (l *load) write(ctx context.Context) {
	for n := 0; ctx.Err() == nil; n++ {
		var ms []broker.Message
		for i := range batchSize {
			ms = append(ms, broker.Message{Key: []byte("k"), Value: fmt.Appendf(nil, "%d.%d", n, i)})
		}
		for tries := 1; ; tries++ {
			// A batch that is begun is brought to its end, so that the test knows it.
			base, err := l.client.Append(context.WithoutCancel(ctx), l.source.Topic, l.source.Partition, ms)
			if l.failed("append", err) {
				return
			}
			if err == nil {
				l.mu.Lock()
				l.batches = append(l.batches, batch{base, tries})
				l.acks.goesOn()
				l.mu.Unlock()
				break
			}
			pause()
		}
		pause()
	}
}

func (l *load) fetch(ctx context.Context) {
	for next := stream.Offset(0); ctx.Err() == nil; {
		rs, _, err := l.client.Fetch(ctx, l.source, next, 1<<20, 200*time.Millisecond)
		if ctx.Err() != nil || l.failed("fetch", err) {
			return
		}
		if err != nil {
			pause()
			continue
		}
		l.mu.Lock()
		for _, r := range rs {
			if r.Offset != next {
				l.t.Errorf("got offset %d, want %d", r.Offset, next)
			}
			l.read = append(l.read, string(r.Value))
			next++
		}
		l.fetches.goesOn()
		l.mu.Unlock()
	}
}

// pause is the rate of the load and the wait between two tries.
func pause() { time.Sleep(5 * time.Millisecond) }

// failed fails the test for an error that is not one that may pass.
func (l *load) failed(what string, err error) bool {
	if err == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	text := what + ": " + err.Error()
	l.errs[text[:min(len(text), 160)]]++
	if fault.Passes(err) {
		return false
	}
	l.t.Errorf("%s: not retryable: %v", what, err)
	return true
}

// watch holds the range of the log to what was read: its end never goes back.
func (l *load) watch(ctx context.Context) {
	for end := stream.Offset(0); ctx.Err() == nil; pause() {
		l.mu.Lock()
		end = max(end, stream.Offset(len(l.read)))
		l.mu.Unlock()
		r, err := l.client.Range(ctx, l.source)
		if ctx.Err() != nil || l.failed("range", err) {
			return
		}
		if err == nil && (r.End < end || r.First != 0) {
			l.t.Errorf("the log holds %d up to %d after its end was %d", r.First, r.End, end)
		}
		end = max(end, r.End)
	}
}

// goesOn waits until both sides go on after now, and tells of the longest that
// they stood still since the last call.
func (l *load) goesOn(after string) {
	l.t.Helper()
	began := time.Now()
	within(l.t, 45*time.Second, "append and fetch go on after "+after, func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.acks.last.After(began) && l.fetches.last.After(began)
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.t.Logf("%-32s stood still: append %v, fetch %v", after, l.acks.still.Round(time.Millisecond), l.fetches.still.Round(time.Millisecond))
	l.acks.still, l.fetches.still = 0, 0
}

// check ends the load and holds what was read against what was acknowledged:
// every batch stands whole at its acknowledged offset, in order; a second copy
// is there only where there was a second try.
func (l *load) check() {
	l.t.Helper()
	l.stopWriter()
	l.writer.Wait()
	var end stream.Offset
	within(l.t, 45*time.Second, "the reader reaches the end", func() bool {
		r, err := l.client.Range(l.t.Context(), l.source)
		l.mu.Lock()
		defer l.mu.Unlock()
		end = r.End
		return err == nil && len(l.read) == int(end)
	})
	l.stopReader()
	l.readers.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	copies, retried, records := make([]int, len(l.batches)), 0, 0
	for at := 0; at < len(l.read); at += batchSize {
		var n, first int
		if _, err := fmt.Sscanf(l.read[at], "%d.%d", &n, &first); err != nil || first != 0 || n >= len(copies) {
			l.t.Fatalf("offset %d holds %q, which begins no batch", at, l.read[at])
		}
		for i := range batchSize {
			if want := fmt.Sprintf("%d.%d", n, i); l.read[at+i] != want {
				l.t.Fatalf("offset %d holds %q, want %q", at+i, l.read[at+i], want)
			}
		}
		if n+1 < len(copies) && copies[n+1] > 0 {
			l.t.Errorf("offset %d: batch %d after batch %d", at, n, n+1)
		}
		copies[n]++
		if copies[n] > 1 {
			records += batchSize
		}
	}
	for n, b := range l.batches {
		if b.tries > 1 {
			retried++
		}
		if copies[n] < 1 || copies[n] > b.tries {
			l.t.Errorf("batch %d is there %d times after %d tries", n, copies[n], b.tries)
		}
		if int(b.base) >= len(l.read) || l.read[b.base] != fmt.Sprintf("%d.0", n) {
			l.t.Errorf("batch %d, acknowledged at %d, is not there", n, b.base)
		}
	}
	l.t.Logf("%d batches, %d tried again, %d records a second time", len(l.batches), retried, records)
	for text, times := range l.errs {
		l.t.Logf("%5d x %s", times, text)
	}
}
