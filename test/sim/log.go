package sim

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"

	"runrate/internal/broker"
	"runrate/internal/stream"
)

// Log is Kafka in memory: partitions of records, and one group's committed
// offsets, fenced by its generation. It is safe for concurrent use.
type Log struct {
	mu         sync.Mutex
	partitions map[stream.Source][]stream.Record
	first      map[stream.Source]stream.Offset // of the log; records before it are deleted
	commits    map[string]map[stream.Source]broker.Commit
	member     map[string]broker.Member // the one that may commit, by group
	grown      chan struct{}            // closed and replaced when a record is appended
}

// NewLog is a log that holds these records.
func NewLog(records map[stream.Source][]stream.Record) *Log {
	l := &Log{
		partitions: map[stream.Source][]stream.Record{}, first: map[stream.Source]stream.Offset{},
		commits: map[string]map[stream.Source]broker.Commit{}, member: map[string]broker.Member{},
		grown: make(chan struct{}),
	}
	for s, r := range records {
		l.partitions[s] = slices.Clone(r)
		if len(r) > 0 {
			l.first[s] = r[0].Offset
		}
	}
	return l
}

// Join makes a new generation of a group, with one member; commits of the one
// before are fenced from now on.
func (l *Log) Join(group string) broker.Member {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := broker.Member{Group: group, Generation: l.member[group].Generation + 1}
	m.ID = fmt.Sprint("member-", m.Generation)
	l.member[group] = m
	return m
}

// Trim deletes the records before an offset, as retention does.
func (l *Log) Trim(s stream.Source, first stream.Offset) {
	l.mu.Lock()
	defer l.mu.Unlock()
	first = min(first, l.end(s))
	l.partitions[s] = l.partitions[s][l.index(s, first):]
	l.first[s] = first
}

// index is where a record of an offset is, or the one after it.
func (l *Log) index(s stream.Source, at stream.Offset) int {
	i, _ := slices.BinarySearchFunc(l.partitions[s], at, func(r stream.Record, at stream.Offset) int { return cmp.Compare(r.Offset, at) })
	return i
}

// Replace makes a partition anew, as deleting and creating its topic does; the
// group's offsets stay, as they do where only a replica lost its log.
func (l *Log) Replace(s stream.Source, records []stream.Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.partitions[s] = slices.Clone(records)
	l.first[s] = 0
	if len(records) > 0 {
		l.first[s] = records[0].Offset
	}
	close(l.grown)
	l.grown = make(chan struct{})
}

// Forget deletes a group's committed offsets, as their expiry does.
func (l *Log) Forget(group string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.commits, group)
}

func (l *Log) end(s stream.Source) stream.Offset {
	if n := len(l.partitions[s]); n > 0 {
		return l.partitions[s][n-1].Offset + 1
	}
	return l.first[s]
}

// Fetch is broker.Client's Fetch.
func (l *Log) Fetch(ctx context.Context, s stream.Source, at stream.Offset, maxBytes int, maxWait time.Duration) ([]stream.Record, stream.Offset, error) {
	deadline := time.NewTimer(maxWait)
	defer deadline.Stop()
	for {
		l.mu.Lock()
		first, end, grown := l.first[s], l.end(s), l.grown
		if at < first || at > end {
			l.mu.Unlock()
			return nil, 0, &broker.OutOfRange{Source: s, Offset: at, Range: broker.Range{First: first, End: end}, Known: true}
		}
		var out []stream.Record
		for size, i := 0, l.index(s, at); i < len(l.partitions[s]) && size < maxBytes; i++ {
			r := l.partitions[s][i]
			if next := at + stream.Offset(len(out)); r.Offset != next { // a hole
				if len(out) == 0 {
					l.mu.Unlock()
					return nil, 0, &broker.Gap{Source: s, Want: next, Got: r.Offset}
				}
				break
			}
			out = append(out, r)
			size += len(r.Key) + len(r.Value)
		}
		l.mu.Unlock()
		if len(out) > 0 {
			return out, end, nil
		}
		select {
		case <-grown:
		case <-deadline.C:
			return nil, end, nil
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		}
	}
}

// Range is broker.Client's Range.
func (l *Log) Range(_ context.Context, s stream.Source) (broker.Range, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return broker.Range{First: l.first[s], End: l.end(s)}, nil
}

// Append is broker.Client's Append.
func (l *Log) Append(_ context.Context, topic stream.Topic, partition int32, messages []broker.Message) (stream.Offset, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := stream.Source{Topic: topic, Partition: partition}
	at := l.end(s)
	for i, m := range messages {
		l.partitions[s] = append(l.partitions[s], stream.Record{
			Offset: at + stream.Offset(i), Time: cmp.Or(m.Time, time.Now().UnixMicro()), Key: slices.Clone(m.Key), Value: slices.Clone(m.Value), Headers: slices.Clone(m.Headers),
		})
	}
	close(l.grown)
	l.grown = make(chan struct{})
	return at, nil
}

// Committed is broker.Client's Committed.
func (l *Log) Committed(_ context.Context, group string, topic stream.Topic) (map[int32]broker.Commit, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := map[int32]broker.Commit{}
	for s, c := range l.commits[group] {
		if s.Topic == topic {
			out[s.Partition] = c
		}
	}
	return out, nil
}

// Commit is broker.Client's Commit.
func (l *Log) Commit(_ context.Context, m broker.Member, s stream.Source, next stream.Offset, metadata string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.member[m.Group] != m {
		return &broker.Fenced{Member: m, Source: s, Err: kafka.IllegalGeneration}
	}
	if l.commits[m.Group] == nil {
		l.commits[m.Group] = map[stream.Source]broker.Commit{}
	}
	l.commits[m.Group][s] = broker.Commit{Set: true, Next: next, Metadata: metadata}
	return nil
}
