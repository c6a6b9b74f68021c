package verify

import (
	"context"
	"fmt"
)

// counted is what a walk through the log of a partition counted, and what the
// progress said when it was walked.
type counted struct {
	accepted, duplicate, refused, control, skipped uint64
	first, clock                                   int64
	shown                                          counters
	partial                                        bool // the log does not have all of it any more
	sampled                                        bool // not all of it was asked for
}

// checkCounts holds the progress against what the log itself has.
func checkCounts(_ context.Context, r *reader, s *state, d *Differences) error {
	for _, p := range sorted(s.progress) {
		c, walked := r.counted[p]
		switch {
		case !walked:
			d.doubt("%s: its records were not read", p)
		case c.sampled:
			d.left = true
		case c.partial:
			d.doubt("%s: not all of its records could be counted", p)
		default:
			d.Compared++
			expected := c.shown
			expected.first, expected.clock = c.first, c.clock
			expected.accepted, expected.duplicate, expected.refused, expected.control = c.accepted, c.duplicate, c.refused, c.control
			expected.skipped = c.skipped
			if expected != c.shown {
				d.add(p.String(), expected.String(), c.shown.String())
			}
		}
	}
	if d.left {
		d.remark("a sample cannot count")
	}
	return nil
}

// String names them.
func (c counters) String() string {
	return fmt.Sprintf("first offset %d, accepted %d, duplicate %d, refused %d, control %d, skipped %d, clock %s",
		c.first, c.accepted, c.duplicate, c.refused, c.control, c.skipped, micro(c.clock))
}
