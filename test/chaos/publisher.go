package chaos

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"runrate/internal/broker"
	"runrate/internal/fault"
	"runrate/internal/stream"
	"runrate/test/oracle"
	"runrate/test/oracle/gen"
)

// fromZero numbers the records of each partition from 0, as a new log does.
func fromZero(entries []gen.Entry) []gen.Entry {
	next := map[stream.Source]stream.Offset{}
	out := make([]gen.Entry, len(entries))
	for i, e := range entries {
		e.Record.Offset = next[e.Source]
		next[e.Source]++
		out[i] = e
	}
	return out
}

// logOf is the entries by partition.
func logOf(entries []gen.Entry) oracle.Log {
	return gen.Generated{Partitions: partitions, Entries: entries}.Log()
}

// positions are the next offsets of partitions.
type positions map[stream.Source]stream.Offset

// publisher appends the entries in order, each to its partition, so that the
// log becomes exactly the generated one whatever is killed meanwhile.
type publisher struct {
	client  *broker.Client
	entries []gen.Entry
	random  *rand.Rand

	mu      sync.Mutex
	allowed int // entries that may be published
	more    chan struct{}
}

func newPublisher(client *broker.Client, entries []gen.Entry, seed uint64) *publisher {
	return &publisher{client: client, entries: entries, more: make(chan struct{}, 1), random: rand.New(rand.NewPCG(seed, 0x7075626c))}
}

// allow lets the first n entries be published, and returns where the log will
// then end.
func (p *publisher) allow(n int) positions {
	p.mu.Lock()
	p.allowed = max(p.allowed, min(n, len(p.entries)))
	n = p.allowed
	p.mu.Unlock()
	select {
	case p.more <- struct{}{}:
	default:
	}
	ends := positions{}
	for _, e := range p.entries[:n] {
		ends[e.Source] = e.Record.Offset + 1
	}
	return ends
}

// run publishes until all entries are in the log.
func (p *publisher) run(ctx context.Context) error {
	for done := 0; done < len(p.entries); {
		p.mu.Lock()
		allowed := p.allowed
		p.mu.Unlock()
		if done == allowed {
			select {
			case <-p.more:
				continue
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		n := min(1+p.random.IntN(40), allowed-done)
		bySource := map[stream.Source][]gen.Entry{}
		for _, e := range p.entries[done : done+n] {
			bySource[e.Source] = append(bySource[e.Source], e)
		}
		var appends sync.WaitGroup
		errs := make(chan error, len(bySource))
		for source, batch := range bySource {
			appends.Go(func() { errs <- p.append(ctx, source, batch) })
		}
		appends.Wait()
		for range len(bySource) {
			if err := <-errs; err != nil {
				return err
			}
		}
		done += n
	}
	return nil
}

// append puts a batch at its place in the log. After an error the log itself
// tells whether it is there.
func (p *publisher) append(ctx context.Context, source stream.Source, batch []gen.Entry) error {
	at := batch[0].Record.Offset
	end := at + stream.Offset(len(batch))
	messages := make([]broker.Message, len(batch))
	for i, e := range batch {
		messages[i] = broker.Message{Key: e.Record.Key, Value: e.Record.Value}
	}
	for {
		got, err := p.client.Append(ctx, source.Topic, source.Partition, messages)
		if err == nil {
			if got != at {
				return fmt.Errorf("%s: a batch meant for offset %d is at %d: the log is not the generated one", source, at, got)
			}
			return nil
		}
		if !fault.Passes(err) {
			return err
		}
		held, err := p.end(ctx, source)
		if err != nil {
			return err
		}
		switch held {
		case at: // lost
		case end: // in the log, and only the answer was lost
			return p.same(ctx, source, batch)
		default:
			return fmt.Errorf("%s: the log ends at %d, where %d or %d is due: acknowledged records are gone, or strange ones there", source, held, at, end)
		}
	}
}

// end asks where a partition ends until the broker answers.
func (p *publisher) end(ctx context.Context, source stream.Source) (end stream.Offset, err error) {
	err = untilAnswered(ctx, func() error {
		r, err := p.client.Range(ctx, source)
		end = r.End
		return err
	})
	return end, err
}

// same makes sure that what is in the log is the batch.
func (p *publisher) same(ctx context.Context, source stream.Source, batch []gen.Entry) error {
	var records []stream.Record
	at := batch[0].Record.Offset
	if err := untilAnswered(ctx, func() (err error) {
		records, _, err = p.client.Fetch(ctx, source, at, 64<<20, time.Second)
		return err
	}); err != nil {
		return err
	}
	for i, e := range batch {
		if i >= len(records) || !bytes.Equal(records[i].Key, e.Record.Key) || !bytes.Equal(records[i].Value, e.Record.Value) {
			return fmt.Errorf("%s@%d: the log holds another record than the one appended", source, e.Record.Offset)
		}
	}
	return nil
}

// untilAnswered asks again while the broker is away.
func untilAnswered(ctx context.Context, ask func() error) error {
	for {
		err := ask()
		if err == nil || !fault.Passes(err) {
			return err
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// reached says whether all of a target is.
func (target positions) reached(now positions) bool {
	for source, end := range maps.All(target) {
		if now[source] < end {
			return false
		}
	}
	return true
}
