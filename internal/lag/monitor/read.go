package monitor

import (
	"context"
	"hash/fnv"
	"time"

	"runrate/internal/broker"
	"runrate/internal/lag/judge"
	"runrate/internal/stream"
)

// reading is what was read of a topic: commits first, then ends, then starts, so that a
// commit above its end is no matter of timing.
type reading struct {
	leaders             broker.Leaders
	count               int
	commits             map[int32]broker.Commit
	stable, high, start map[int32]stream.Offset
	unread              map[int32]error
	err                 error // of all partitions
	owners              broker.Owners
	owned               bool // the owners are known
}

func (m *Monitor) read(ctx context.Context, t stream.Topic) (r reading) {
	l, err := m.client.Leaders(ctx, t)
	m.requests.WithLabelValues("metadata").Inc()
	if err != nil {
		m.failed(ctx, "metadata", err)
		r.err = err
		return r
	}
	r.leaders, r.count = l, l.Partitions()
	r.commits, r.err = m.client.Committed(ctx, t.Kind().Group(), t)
	m.requests.WithLabelValues("offset_fetch").Inc()
	if r.err != nil {
		m.failed(ctx, "offset_fetch", r.err)
		return r
	}
	r.unread = map[int32]error{}
	at := func(where int64) map[int32]stream.Offset {
		offsets, unread, n := m.client.At(ctx, l, where)
		m.requests.WithLabelValues("list_offsets").Add(float64(n))
		for p, err := range unread {
			m.failed(ctx, "list_offsets", err)
			r.unread[p] = err
		}
		return offsets
	}
	r.stable, r.high, r.start = at(broker.AtStable), at(broker.AtEnd), at(broker.AtStart)
	r.owners, err = m.client.Owners(ctx, t)
	m.requests.WithLabelValues("describe_groups").Inc()
	if r.owned = err == nil; !r.owned {
		m.failed(ctx, "describe_groups", err)
	}
	return r
}

// sample is what a reading has of a partition.
func (r reading) sample(p int32, now time.Time, generation int64) judge.Sample {
	s := judge.Sample{At: now, Generation: generation}
	switch {
	case r.err != nil:
		s.Unread = r.err.Error()
		return s
	case r.unread[p] != nil:
		s.Unread = r.unread[p].Error()
		return s
	case int(p) >= r.count:
		s.Unread = "the topic has no such partition any more"
		return s
	}
	c := r.commits[p]
	s.Start, s.End, s.Committed, s.Commit = int64(r.start[p]), int64(r.stable[p]), c.Set, int64(c.Next)
	switch {
	case !r.owned || r.owners.Rebalancing:
		s.Rebalancing = r.owned && r.owners.Rebalancing
	case r.owners.Has[p]:
		s.Owner = judge.Owned
	default:
		s.Owner = judge.Unowned
	}
	return s
}

// generation is a number for the members of a group and what they have, the same for every
// monitor.
func generation(print string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(print))
	return int64(h.Sum64()) //nolint:gosec // only whether it is another one counts
}
