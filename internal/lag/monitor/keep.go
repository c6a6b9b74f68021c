package monitor

import (
	"context"

	"runrate/internal/lag/judge"
)

// Reading is what was read of a partition at a time, and what was said of it.
type Reading struct {
	Row     Row
	Kafka   string // the topic's name there
	Sample  judge.Sample
	Changed bool // the status is another than in the reading before
}

// keep keeps what was read in this cycle.
func (m *Monitor) keep(ctx context.Context) {
	if m.o.Keep == nil {
		return
	}
	bounded, cancel := context.WithTimeout(ctx, wordBound)
	defer cancel()
	if err := m.o.Keep(bounded, m.readings()); err != nil {
		m.failed(ctx, "clickhouse", err)
	}
}

func (m *Monitor) readings() (all []Reading) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range m.sorted() {
		for _, p := range m.topics[t].partitions {
			r := p.row(p.latest.At)
			all = append(all, Reading{Row: r, Kafka: m.inKafka(t), Sample: p.latest, Changed: r.Status != p.kept})
			p.kept = r.Status
		}
	}
	return all
}

// recall begins with what was kept by the monitor before, if that can be told: a partition
// that stands still has stood for as long as it has, and not since this process began.
func (m *Monitor) recall(ctx context.Context) {
	if m.recalled || m.o.Recall == nil {
		return
	}
	bounded, cancel := context.WithTimeout(ctx, wordBound)
	defer cancel()
	all, err := m.o.Recall(bounded)
	if err != nil {
		m.failed(ctx, "clickhouse", err)
		return
	}
	m.recalled = true
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range all {
		m.again(r)
	}
}

// again takes a reading that was kept. It comes too late for a partition that this
// monitor has read itself.
func (m *Monitor) again(r Reading) {
	for t, of := range m.topics {
		if t.String() != r.Row.Topic || m.inKafka(t) != r.Kafka {
			continue
		}
		of.grow(t, int(r.Row.Partition)+1)
		p := of.partitions[r.Row.Partition]
		if !p.latest.At.Before(r.Sample.At) {
			return
		}
		of.generation = r.Sample.Generation
		p.sampled(r.Sample)
		p.kept = r.Row.Status
		p.judge.Since(r.Row.Status, r.Row.Since)
	}
}
