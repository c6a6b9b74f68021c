package verify

import (
	"context"
	"fmt"
	"maps"
	"time"

	"runrate/internal/retry"
	"runrate/internal/stream"
)

// source is a partition of an input topic.
type source = stream.Source

// counters are a row of accounting.
type counters struct {
	first, next                           int64
	accepted, duplicate, refused, control uint64
	skipped, lost                         uint64
	clock                                 int64 // microseconds, 0 before the first tick
}

// state is how far the pipeline had come when it was read.
type state struct {
	progress      map[source]counters
	usage, subs   topicState
	windowDays    uint16
	arrMultiplier uint32
	counting      []string // statuses whose MRR counts
}

// topicState is that of one topic.
type topicState struct {
	epoch      uint32
	partitions int32  // by the table topics; 0 if it has none
	accepted   uint64 // over all partitions
	besides    besides
	without    []string // why no boundary counts as passed, in words
	// passed is the last hour boundary, in hours since 1970, that the clocks of
	// all partitions passed; 0, before any as_of, while one has no clock.
	passed hour
}

// hour and day count since 1970 UTC. As an as_of they are its instant.
type (
	hour int32
	day  int32
)

const (
	microsPerHour = 3_600_000_000
	secondsPerDay = 86_400
)

func (h hour) seconds() uint32                  { return uint32(h) * 3600 }
func (d day) seconds() uint32                   { return uint32(d) * secondsPerDay }
func (s *state) of(kind stream.Kind) topicState { return stream.ByKind(s.usage, s.subs).Of(kind) }

func (s *state) both() hour        { return min(s.usage.passed, s.subs.passed) }
func (s *state) bothMidnight() day { return day(s.both() / 24) }

func instant(seconds uint32) string {
	return time.Unix(int64(seconds), 0).UTC().Format(time.RFC3339)
}

func micro(micros int64) string {
	return time.UnixMicro(micros).UTC().Format("2006-01-02T15:04:05.999999Z")
}

// state reads it.
func (r *reader) state(ctx context.Context) (*state, error) {
	s := &state{progress: map[source]counters{}}
	type row struct {
		topic string
		counters
	}
	c, err := open(ctx, r, func(k *source, v *row) []any {
		return []any{&v.topic, &k.Partition, &v.first, &v.next, &v.accepted, &v.duplicate, &v.refused, &v.control, &v.skipped, &v.lost, &v.clock}
	}, `
SELECT a.topic, a.partition, a.first_offset, a.next_offset, a.accepted, a.duplicate, a.refused, a.control, a.skipped, a.lost, toUnixTimestamp64Micro(f.clock)
FROM DB.accounting AS a INNER JOIN DB.freshness AS f USING (topic, partition)`)
	if err != nil {
		return nil, err
	}
	err = c.each(func(k *source, v *row) error {
		topic, ok := stream.InputNamed(v.topic)
		if !ok {
			return fmt.Errorf("accounting shows the topic %q, which is no input", v.topic)
		}
		k.Topic = topic
		s.progress[*k] = v.counters
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := r.conn.QueryRow(ctx, r.text(`SELECT arr_window_days, arr_multiplier, mrr_statuses FROM DB.definitions`)).Scan(&s.windowDays, &s.arrMultiplier, &s.counting); err != nil {
		return nil, err
	}
	if s.usage, err = r.topic(ctx, s, stream.Usage.Topic()); err != nil {
		return nil, err
	}
	s.subs, err = r.topic(ctx, s, stream.Subscriptions.Topic())
	return s, err
}

// topic reads the epoch that is shown of a topic, and judges its clocks.
func (r *reader) topic(ctx context.Context, s *state, topic stream.Topic) (topicState, error) {
	var t topicState
	if err := r.conn.QueryRow(ctx, r.text(`SELECT max(epoch), max(partitions) FROM DB.epochs WHERE topic = '$topic' AND shown`, "$topic", topic)).Scan(&t.epoch, &t.partitions); err != nil {
		return t, err
	}
	var err error
	if t.besides, err = r.besides(ctx, topic, t.epoch); err != nil {
		return t, err
	}
	for p, c := range s.progress {
		if p.Topic == topic {
			t.accepted += c.accepted
		}
	}
	if t.partitions == 0 {
		t.without = append(t.without, "the number of partitions of "+topic.String()+" is not known")
	}
	for p := range t.partitions {
		at := source{Topic: topic, Partition: p}
		clock := hour(s.progress[at].clock / microsPerHour)
		if p == 0 || clock < t.passed {
			t.passed = clock
		}
		if clock == 0 {
			t.without = append(t.without, at.String()+" has no clock")
		}
	}
	return t, nil
}

// movedOn is the state once it is another than s, nil if it still is s when
// patience ends.
func (r *reader) movedOn(ctx context.Context, s *state, patience time.Duration) (moved *state, err error) {
	deadline := time.Now().Add(patience)
	err = retry.Poll(ctx, 100*time.Millisecond, func(ctx context.Context) (bool, error) {
		now, err := r.state(ctx)
		if err != nil {
			return false, err
		}
		if !maps.Equal(now.progress, s.progress) {
			moved = now
		}
		return moved != nil || !time.Now().Before(deadline), nil
	})
	return moved, err
}
