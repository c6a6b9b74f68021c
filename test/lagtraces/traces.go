// Package lagtraces holds the judge of lag to what happens in operation: each trace is a
// course of samples, one every five seconds, with what must be said of it and when. The
// table shows beside it what others' rules say of the same samples.
package lagtraces

import (
	"time"

	"runrate/internal/lag/judge"
)

// Every is the time between two samples.
const Every = 5 * time.Second

// strikes is when what a trace is about begins.
const strikes = 300

// Trace is a course of a number of partitions.
type Trace struct {
	Name       string
	Partitions int
	Seconds    int
	// Want is the status that must be reported within two minutes of Strikes, of one
	// partition at least; "" is that nobody may be woken.
	Want judge.Status
	// Never are statuses beside those that wake somebody which must not be seen.
	Never []judge.Status
	// at is partition p at second t; the samples' time and ends are set by its world.
	at func(t, p int) judge.Sample
}

// steady is a partition with ten records a second, all folded a second after they came.
func steady(t int) judge.Sample {
	return judge.Sample{End: int64(1000 + 10*t), Committed: true, Commit: int64(1000 + 10*max(t-1, 0)), Rows: true,
		Owner: judge.Owned, Generation: 1, Spoke: true}
}

// from changes a steady partition from the strike on; since counts seconds from there.
func from(change func(s *judge.Sample, since int)) func(t, p int) judge.Sample {
	return func(t, _ int) judge.Sample {
		s := steady(t)
		if t >= strikes {
			change(&s, t-strikes)
		}
		return s
	}
}

// frozen is the commit as it stood at the strike.
func frozen(s *judge.Sample) { s.Commit = steady(strikes).Commit }

// only changes one partition of many.
func only(which int, change func(s *judge.Sample, since int)) func(t, p int) judge.Sample {
	changed := from(change)
	return func(t, p int) judge.Sample {
		if p == which {
			return changed(t, p)
		}
		return steady(t)
	}
}

// dead is a group whose only member is killed: its session ends ten seconds later.
func dead(s *judge.Sample, since int) {
	frozen(s)
	if since >= 10 {
		s.Owner, s.Generation, s.Spoke = judge.Unowned, 2, false
	}
}

// rolled is a deploy of four consumers, 30 s apart: a fifth of a minute without commits, each.
func rolled(s *judge.Sample, since int) {
	step := since / 30
	if step >= 4 {
		s.Generation = 5
		return
	}
	s.Generation = int64(1 + step)
	if since%30 < 12 {
		s.Rebalancing, s.Owner = true, judge.OwnerUnknown
		s.Commit = steady(strikes + 30*step).Commit
	}
}

// All are the traces, in the order of the table.
func All() []Trace {
	late := []judge.Status{judge.Behind, judge.Rewound}
	return []Trace{
		{"idle", 1, 600, "", late, func(int, int) judge.Sample {
			s := steady(1)
			s.Commit = s.End
			return s
		}},
		{"steady", 1, 600, "", late, func(t, _ int) judge.Sample { return steady(t) }},
		{"slow growth", 1, 900, judge.Behind, nil, from(func(s *judge.Sample, since int) { s.Commit -= int64(5 * since) })},
		{"burst, drained in 40 s", 1, 600, "", late, from(func(s *judge.Sample, since int) {
			s.End += 20_000
			s.Commit += min(20_000, int64(500*since))
		})},
		{"rebalance of 25 s", 1, 600, "", late, from(func(s *judge.Sample, since int) {
			s.Generation = 2
			if since < 25 {
				s.Rebalancing, s.Owner = true, judge.OwnerUnknown
				frozen(s)
			}
		})},
		{"replay of a year", 1, 900, judge.Behind, nil, from(func(s *judge.Sample, since int) {
			s.End += 30_000_000
			s.Commit += min(30_000_000, int64(20_000*since))
		})},
		{"rolling deploy of 4", 1, 600, "", late, from(rolled)},
		{"one of 64 halted", 64, 600, judge.Halted, nil, only(17, func(s *judge.Sample, _ int) { frozen(s); s.Halted = "log_gap" })},
		{"256 partitions, one dead", 256, 600, judge.Stalled, nil, only(200, func(s *judge.Sample, _ int) { frozen(s) })},
		{"SIGSTOP, heartbeats alive", 1, 600, judge.Stalled, nil, from(func(s *judge.Sample, _ int) { frozen(s); s.Spoke = false })},
		{"dead consumer", 1, 600, judge.Stopped, nil, from(dead)},
		{"empty group, never committed", 1, 600, judge.Stopped, nil, func(t, _ int) judge.Sample {
			s := judge.Sample{Owner: judge.Unowned}
			if t >= strikes {
				s.End = int64(10 * (t - strikes + 1))
			}
			return s
		}},
		{"broker gone", 1, 600, judge.Unknown, nil, from(func(s *judge.Sample, _ int) { *s = judge.Sample{Unread: "connection refused"} })},
		{"ClickHouse gone", 1, 600, judge.Stalled, nil, from(func(s *judge.Sample, _ int) { frozen(s); s.Spoke = false })},
		{"ClickHouse restored, older", 1, 600, judge.Rewound, nil, from(func(s *judge.Sample, since int) {
			s.Commit -= max(0, 2000-int64(10*since))
		})},
		{"topic deleted, made anew", 1, 600, judge.Lost, nil, from(func(s *judge.Sample, since int) { frozen(s); s.End = int64(10 * since) })},
		{"commits expired", 1, 600, judge.Lost, nil, from(func(s *judge.Sample, _ int) { s.Committed, s.Commit = false, 0 })},
		{"retention overtook the commit", 1, 600, judge.Lost, nil, from(func(s *judge.Sample, _ int) { frozen(s); s.Start = s.Commit + 50 })},
		{"partitions added", 2, 600, judge.Stopped, nil, func(t, p int) judge.Sample {
			switch {
			case p == 0:
				return steady(t)
			case t < strikes:
				return judge.Sample{Owner: judge.Unowned} // not there yet: nothing in it
			}
			return judge.Sample{End: int64(1 + t - strikes), Owner: judge.Unowned}
		}},
		{"ticks only", 1, 600, "", late, func(t, _ int) judge.Sample {
			s := steady(t)
			s.End, s.Commit = int64(t+1), int64(max(t, 1))
			return s
		}},
		{"monitor stale", 1, 600, judge.Unknown, nil, nil},
		{"clock 30 s ahead", 1, 600, "", late, func(t, _ int) judge.Sample { return steady(t) }},
		{"clock 30 s behind", 1, 600, "", late, func(t, _ int) judge.Sample { return steady(t) }},
		{"back-dated record times", 1, 600, "", late, func(t, _ int) judge.Sample { return steady(t) }},
	}
}

// sample is partition p at second t. Whose clock is wrong sees the same, at another time.
func (tr Trace) sample(t, p int) (s judge.Sample, polled bool) {
	switch {
	case tr.at != nil:
		s = tr.at(t, p)
	case t < strikes:
		s = steady(t)
	default:
		return s, false
	}
	s.At = tr.clock(t)
	return s, true
}

// clock is what the monitor's clock says at second t.
func (tr Trace) clock(t int) time.Time {
	now := time.Unix(1_800_000_000, 0).UTC().Add(time.Duration(t) * time.Second)
	switch tr.Name {
	case "clock 30 s ahead":
		return now.Add(30 * time.Second)
	case "clock 30 s behind":
		return now.Add(-30 * time.Second)
	}
	return now
}
