package monitor

import (
	"context"

	"runrate/internal/stream"
)

// expect reads what the topics are to be, by the records of their epochs: how many
// partitions, which a monitor that began after one was gone would not know, and what they
// are called in Kafka, which repartition changes. What cannot be read stays as it was.
func (m *Monitor) expect(ctx context.Context) {
	if m.o.Epochs == nil {
		return
	}
	bounded, cancel := context.WithTimeout(ctx, wordBound)
	defer cancel()
	epochs, err := m.o.Epochs(bounded)
	if err != nil {
		m.failed(ctx, "clickhouse", err)
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range epochs {
		of, watched := m.topics[e.Topic]
		if !watched {
			continue
		}
		if is := m.client.InKafka(e.Topic); e.Kafka != "" && is.String() != e.Kafka {
			m.client = m.client.Named(m.client.Config().Topics.With(e.Topic.Kind(), e.Kafka))
			of = newTopic() // what was seen of the one before says nothing of this one
			m.topics[e.Topic] = of
		}
		of.expected = e.Partitions
	}
}

// expects is how many partitions a topic is to have: as its epoch was folded from or, where
// that is not known, as many as were seen. 0 is unknown.
func (t *topic) expects() int {
	if t.expected > 0 {
		return t.expected
	}
	return len(t.partitions)
}

// inKafka is what a topic is called there.
func (m *Monitor) inKafka(t stream.Topic) string { return m.client.InKafka(t).String() }
