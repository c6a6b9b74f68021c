package monitor

import (
	"context"
	"time"

	"runrate/internal/stream"
)

// A transaction that holds the end of a log back is asked for its producer once it is open for
// heldFor, and of a topic mostHolders a cycle: producers that are well end theirs within
// seconds.
const (
	heldFor     = 30 * time.Second
	mostHolders = 8
)

// holders asks whose transactions hold logs back. It is asked once for each; where it could
// not be read, the next cycle asks again.
func (m *Monitor) holders(ctx context.Context, t stream.Topic, of *topic) {
	type question struct {
		partition int
		at        int64
	}
	var ask []question
	m.mu.Lock()
	for i, p := range of.partitions {
		if !p.open.IsZero() && p.holder == "" && p.latest == p.last && p.last.At.Sub(p.open) >= heldFor && len(ask) < mostHolders {
			ask = append(ask, question{i, p.last.End})
		}
	}
	m.mu.Unlock()
	for _, q := range ask {
		h, found, err := m.client.Holder(ctx, stream.Source{Topic: t, Partition: int32(q.partition)}, stream.Offset(q.at)) //nolint:gosec // a topic has fewer than 2^31
		m.requests.WithLabelValues("fetch").Inc()
		if err != nil {
			m.failed(ctx, "fetch", err)
			return
		}
		m.mu.Lock()
		if p := of.partitions[q.partition]; found && p.last.End == q.at {
			p.holder = " of " + h.String()
		}
		m.mu.Unlock()
	}
}
