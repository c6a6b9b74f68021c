package monitor

import (
	"slices"
	"time"

	"runrate/internal/broker"
	"runrate/internal/lag/judge"
	"runrate/internal/stream"
	"runrate/internal/views/freshness"
)

// partition is what is known of one.
type partition struct {
	source stream.Source
	judge  judge.Partition
	last   judge.Sample  // the last good one
	latest judge.Sample  // the last one, good or not
	kept   judge.Status  // of the reading that was kept last
	read   bool          // there is one
	times  *broker.Times // of its topic
	due    bracket       // when the record that is due came
	ends   []seen        // that are above the commit, the oldest first
	clock  time.Time
	word   string    // what its consumer complains of, or why it is halted and the way out
	open   time.Time // since when an open transaction holds the end back
	holder string    // whose transaction that is, "" while it is not known
}

// seen is when an end of the log was first seen.
type seen struct {
	at  time.Time
	end int64
}

func newTopic() *topic { return &topic{times: &broker.Times{}} }

// grow makes sure of so many partitions.
func (t *topic) grow(of stream.Topic, count int) {
	for len(t.partitions) < count {
		t.partitions = append(t.partitions, &partition{times: t.times, source: stream.Source{Topic: of, Partition: int32(len(t.partitions))}}) //nolint:gosec // a topic has fewer than 2^31
	}
}

// take judges the next sample of a partition.
func (p *partition) take(s judge.Sample, high stream.Offset, said map[stream.Source]freshness.Partition) {
	word, ok := said[p.source]
	if p.word = word.Detail; ok {
		p.clock = word.Clock
		s.Rows = !word.Clock.IsZero()
		s.Spoke = word.Status != "unknown"
		if s.Spoke && word.Halted() {
			s.Halted = word.Reason
		}
	} else {
		p.clock = time.Time{}
	}
	moved := len(p.ends) > 0 && p.ends[len(p.ends)-1].end != s.End
	if p.sampled(s); s.Unread != "" {
		return
	}
	switch {
	case int64(high) <= s.End:
		p.open, p.holder = time.Time{}, ""
	case p.open.IsZero() || moved:
		p.open, p.holder = s.At, ""
	}
}

// sampled lets a sample be judged.
func (p *partition) sampled(s judge.Sample) {
	p.judge.Observe(s)
	if p.latest = s; s.Unread == "" {
		p.last, p.read = s, true
		p.saw(s)
		if s.Committed && s.End > s.Commit {
			p.due.move(s.Commit, p.ends[0].at)
		} else {
			p.due = bracket{commit: s.Commit, low: p.due.low}
		}
	}
}

// mostEnds bounds what is kept of a log that is not folded; beyond, every other goes.
const mostEnds = 2000

// saw keeps when the ends above the commit were first seen.
func (p *partition) saw(s judge.Sample) {
	if n := len(p.ends); n == 0 || p.ends[n-1].end != s.End {
		p.ends = append(p.ends, seen{s.At, s.End})
	}
	if s.Committed {
		above := slices.IndexFunc(p.ends, func(e seen) bool { return e.end > s.Commit })
		if above < 0 {
			above = len(p.ends) - 1
		}
		p.ends = p.ends[above:]
	}
	if len(p.ends) > mostEnds {
		kept := p.ends[:0]
		for i, e := range p.ends {
			if i%2 == 0 || i == len(p.ends)-1 {
				kept = append(kept, e)
			}
		}
		p.ends = kept
	}
}

// check is the result of a check of a topic: that of its worst partition.
func (t *topic) check(now time.Time, said bool) string {
	if !said || len(t.partitions) == 0 {
		return "unknown"
	}
	worst := "within_60s"
	for _, p := range t.partitions {
		switch {
		case p.clock.IsZero():
			return "unknown"
		case now.Sub(p.clock) > time.Minute:
			worst = "later"
		}
	}
	return worst
}
