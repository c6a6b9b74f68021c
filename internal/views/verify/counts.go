package verify

import (
	"context"
	"fmt"
)

// counted is what a walk through the log of a partition counted, and what the
// progress said when it was walked.
type counted struct {
	accepted, duplicate, refused, control, skipped, lost uint64
	first, clock                                         int64
	shown                                                counters
	partial                                              bool // the log does not have all of it any more
	before                                               bool // nor what was folded before a gap that was accepted
	sampled                                              bool // not all of it was asked for
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
		case c.before:
			d.Compared++
			if expected, clock := c.shown, c.clock; expected.lost != c.lost || expected.clock != clock {
				expected.lost, expected.clock = c.lost, clock
				d.add(p.String(), expected.String(), c.shown.String())
			}
			d.remark("%s: what was folded before the gap cannot be counted again", p)
		default:
			d.Compared++
			expected := c.shown
			expected.first, expected.clock = c.first, c.clock
			expected.accepted, expected.duplicate, expected.refused, expected.control = c.accepted, c.duplicate, c.refused, c.control
			expected.skipped, expected.lost = c.skipped, c.lost
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
	return fmt.Sprintf("first offset %d, accepted %d, duplicate %d, refused %d, control %d, skipped %d, lost %d, clock %s",
		c.first, c.accepted, c.duplicate, c.refused, c.control, c.skipped, c.lost, micro(c.clock))
}
