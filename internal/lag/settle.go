package lag

import (
	"context"
	"fmt"
	"strings"
	"time"

	"runrate/internal/broker"
	"runrate/internal/fault"
	"runrate/internal/retry"
	"runrate/internal/stream"
)

// Settle returns when every record that was in the topics' logs when it began is
// committed by the groups that fold them; records that come later are not waited for. When ctx
// ends before that, the error is *Unsettled.
func Settle(ctx context.Context, c *broker.Client, topics []stream.Topic) error {
	s := &settling{client: c, topics: topics, ends: make(map[stream.Source]stream.Offset), last: make(map[stream.Topic]reading)}
	err := retry.Poll(ctx, 100*time.Millisecond, s.look)
	if cause := timeUp(ctx); err != nil && cause != nil {
		return s.unsettled(cause)
	}
	return err
}

type settling struct {
	client *broker.Client
	topics []stream.Topic
	ends   map[stream.Source]stream.Offset // when it began
	last   map[stream.Topic]reading
}

// reading is what was last known of a topic.
type reading struct {
	partitions []Partition
	err        error // of the latest look; nil if partitions are from it
}

// look reads every topic once.
func (s *settling) look(ctx context.Context) (settled bool, err error) {
	settled = true
	for _, topic := range s.topics {
		partitions, err := Read(ctx, s.client, topic)
		if cause := timeUp(ctx); cause != nil {
			return false, s.unsettled(cause) // what was known before stays
		}
		if err != nil {
			if k := fault.KindOf(err); k != fault.Retry && k != fault.Canceled {
				return false, err
			}
			s.last[topic] = reading{partitions: s.last[topic].partitions, err: err}
			settled = false
			continue
		}
		s.last[topic] = reading{partitions: partitions}
		for _, p := range partitions {
			if _, ok := s.ends[p.Source]; !ok {
				s.ends[p.Source] = p.Log.End
			}
			if p.Behind(s.ends[p.Source]) > 0 {
				settled = false
			}
		}
	}
	return settled, nil
}

// timeUp is why ctx has ended, nil while it goes on. Connections have its
// deadline, too, and may meet it before the timer of the context does.
func timeUp(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

// Unsettled says what was still behind when the time was up.
type Unsettled struct {
	Behind  []Late
	Unknown []string // what could not be read, and why
	Cause   error    // the context's
}

// Late is a partition that is behind.
type Late struct {
	Partition
	End   stream.Offset // to be reached
	Stale bool          // the latest attempt to read it failed
}

func (u *Unsettled) Error() string {
	var parts []string
	if n := len(u.Behind); n > 0 {
		var records int64
		for _, l := range u.Behind {
			records += l.Partition.Behind(l.End)
		}
		parts = append(parts, fmt.Sprintf("%d records in %d partitions are not folded yet", records, n))
	}
	if len(u.Unknown) > 0 {
		parts = append(parts, "unknown: "+strings.Join(u.Unknown, "; "))
	}
	if len(parts) == 0 {
		parts = append(parts, "nothing could be read in time")
	}
	return "not settled: " + strings.Join(parts, "; ")
}

// Unwrap is the context's error.
func (u *Unsettled) Unwrap() error { return u.Cause }

func (s *settling) unsettled(cause error) *Unsettled {
	u := &Unsettled{Cause: cause}
	for _, topic := range s.topics {
		last, ok := s.last[topic]
		switch {
		case last.err != nil:
			u.Unknown = append(u.Unknown, fmt.Sprintf("%s (%v)", topic, last.err))
		case !ok:
			u.Unknown = append(u.Unknown, topic.String()+" (no answer)")
		}
		for _, p := range last.partitions {
			if end := s.ends[p.Source]; p.Behind(end) > 0 {
				u.Behind = append(u.Behind, Late{Partition: p, End: end, Stale: last.err != nil})
			}
		}
	}
	return u
}
