package lag

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"runrate/internal/broker"
	"runrate/internal/fault"
	"runrate/internal/retry"
	"runrate/internal/stream"
)

// Halted tells which partitions are halted, and why, each in a sentence.
type Halted func(ctx context.Context) (map[stream.Source]string, error)

// Settle returns when every record that was in the topics' logs when it began is
// committed by the groups that fold them, and nothing is owed; records that come later are not waited for. When ctx
// ends before that, the error is *Unsettled; so it is once a partition that is behind
// has been halted for HaltedFor. halted may be nil: then nobody tells.
func Settle(ctx context.Context, c *broker.Client, topics []stream.Topic, halted Halted) error {
	s := &settling{client: c, topics: topics, ends: make(map[stream.Source]stream.Offset), last: make(map[stream.Topic]reading), halted: halted}
	err := retry.Poll(ctx, 100*time.Millisecond, s.look)
	if cause := timeUp(ctx); err != nil && cause != nil {
		return s.unsettled(cause)
	}
	return err
}

// HaltedFor is how long a partition must be seen halted before nobody waits for it:
// a consumer that was started anew says within it that it folds again.
const HaltedFor = 15 * time.Second

// ErrHalted is the cause of an Unsettled that does not wait for a halted partition.
var ErrHalted = errors.New("a partition is halted")

// askEvery is how often it is asked which partitions are halted.
const askEvery = time.Second

type settling struct {
	client *broker.Client
	topics []stream.Topic
	ends   map[stream.Source]stream.Offset // when it began
	last   map[stream.Topic]reading

	halted Halted
	asked  time.Time
	halts  map[stream.Source]haltedSince
}

// haltedSince is a partition that is halted, and since when that was seen.
type haltedSince struct {
	sentence string
	seen     time.Time
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
			if p.Behind(s.ends[p.Source]) > 0 || p.Owes() {
				settled = false
			}
		}
	}
	if !settled && s.stuck(ctx) {
		return false, s.unsettled(ErrHalted)
	}
	return settled, nil
}

// stuck says whether a partition that is behind has been halted for long enough.
// What cannot be asked for now leaves what was known.
func (s *settling) stuck(ctx context.Context) bool {
	if s.halted == nil || time.Since(s.asked) < askEvery {
		return false
	}
	s.asked = time.Now()
	now, err := s.halted(ctx)
	if err != nil {
		return false
	}
	before := s.halts
	s.halts = map[stream.Source]haltedSince{}
	stuck := false
	for source, sentence := range now {
		seen := time.Now()
		if b, ok := before[source]; ok {
			seen = b.seen
		}
		s.halts[source] = haltedSince{sentence, seen}
		stuck = stuck || s.behind(source) && time.Since(seen) >= HaltedFor
	}
	return stuck
}

// behind says whether a partition is not where it is to be.
func (s *settling) behind(source stream.Source) bool {
	for _, p := range s.last[source.Topic].partitions {
		if p.Source == source {
			return p.Behind(s.ends[source]) > 0
		}
	}
	return false
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
	Owing   []stream.Source // of those not behind: they owe what late events changed
	Unknown []string        // what could not be read, and why
	Halted  []string        // of those behind, which are halted and why
	Cause   error           // the context's, or ErrHalted
}

// Late is a partition that is behind.
type Late struct {
	Partition
	End   stream.Offset // to be reached
	Stale bool          // the latest attempt to read it failed
}

// Error sums up how much is behind, and says what could not be read, and why.
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
	if n := len(u.Owing); n > 0 {
		parts = append(parts, fmt.Sprintf("%d partitions owe what late events changed, %s among them", n, u.Owing[0]))
	}
	parts = append(parts, u.Halted...)
	if len(parts) == 0 {
		parts = append(parts, "nothing could be read in time")
	}
	return "not settled: " + strings.Join(parts, "; ")
}

// Unwrap is the cause.
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
			end := s.ends[p.Source]
			if p.Behind(end) == 0 && p.Owes() {
				u.Owing = append(u.Owing, p.Source)
			}
			if p.Behind(end) > 0 {
				u.Behind = append(u.Behind, Late{Partition: p, End: end, Stale: last.err != nil})
				if h, ok := s.halts[p.Source]; ok {
					u.Halted = append(u.Halted, h.sentence)
				}
			}
		}
	}
	return u
}
