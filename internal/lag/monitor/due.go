package monitor

import (
	"context"
	"time"

	"go.uber.org/zap"

	"runrate/internal/broker"
	"runrate/internal/lag/judge"
	"runrate/internal/stream"
)

// bracket is between which times the record that is due was put into the log: not before
// low, and before high. A broker tells only the first record at or after a time, so the
// bracket is halved until it is narrow, and kept while the commit stands.
type bracket struct {
	commit    int64
	low, high time.Time // low is zero while nothing is known of it
}

// move takes where the group stands, and when the record that is due was seen to be there.
// The log is in the order of time, so what is due now is not older than what was before.
func (b *bracket) move(commit int64, seen time.Time) {
	if commit < b.commit {
		b.low = time.Time{}
	}
	if commit != b.commit || b.high.IsZero() || seen.Before(b.high) {
		b.high = seen
	}
	b.commit = commit
}

// ask is the time to ask for next; false if what is known is enough: to a second, or a
// twentieth of how long ago it is, or that nothing is late.
func (b *bracket) ask(now time.Time) (at time.Time, again bool) {
	ago := now.Sub(b.high)
	if b.low.IsZero() { // twice as far back each time
		return b.high.Add(-max(ago, time.Second)), now.Sub(b.high) < 100*365*24*time.Hour
	}
	width := b.high.Sub(b.low)
	if now.Sub(b.low) <= judge.Late || width <= max(time.Second, ago/20) {
		return at, false
	}
	return b.low.Add(width / 2), true
}

// answer takes the first record at or after a time that was asked for.
func (b *bracket) answer(at time.Time, f broker.Found) {
	if f.Offset < 0 || int64(f.Offset) > b.commit {
		b.high = at
		return
	}
	if f.At.After(b.low) {
		b.low = f.At
	}
	if int64(f.Offset) == b.commit { // it is that record
		b.high = b.low
	}
	if b.high.Before(b.low) { // this clock is behind the broker's
		b.high = b.low
	}
}

// askRounds bounds how often a cycle asks each broker; the next one goes on.
const askRounds = 6

// timesEvery is how often the settings of a topic are read.
const timesEvery = time.Minute

// times reads the settings of a topic, where it is time to. They stay as they were while
// they cannot be read, and at first are those of a topic of which nothing is known.
func (m *Monitor) times(ctx context.Context, t stream.Topic, of *topic) {
	if time.Since(of.timesRead) < timesEvery {
		return
	}
	of.timesRead = time.Now()
	times, err := m.client.Times(ctx, t)
	m.requests.WithLabelValues("describe_configs").Add(2)
	if err != nil {
		m.failed(ctx, "describe_configs", err)
		return
	}
	m.mu.Lock()
	*of.times = times
	m.mu.Unlock()
}

// dues asks when the records that are due came, of the partitions that have any. It has no
// use where records have their producers' times and are kept for ever. Only the look at its
// topic uses a bracket, so nothing is held while it asks.
func (m *Monitor) dues(ctx context.Context, t stream.Topic, of *topic, l broker.Leaders) {
	if !of.times.Append && of.times.Retention == 0 {
		return
	}
	for range askRounds {
		asked := map[int32]time.Time{}
		m.mu.Lock()
		now := time.Now()
		for i, p := range of.partitions {
			if s := p.last; p.latest == s && s.Committed && s.Commit >= s.Start && s.End > s.Commit {
				if at, again := p.due.ask(now); again {
					asked[int32(i)] = at
				}
			}
		}
		m.mu.Unlock()
		if len(asked) == 0 {
			return
		}
		found, requests, err := m.client.ByTime(ctx, l, asked)
		m.requests.WithLabelValues("list_offsets").Add(float64(requests))
		if err != nil {
			m.failed(ctx, "list_offsets", err)
			m.o.Logger.Debug("the monitor cannot tell since when records wait", zap.Stringer("topic", t), zap.Error(err))
		}
		m.mu.Lock()
		for p, f := range found {
			of.partitions[p].due.answer(asked[p], f)
		}
		m.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// lateSince is since when at the latest the record that is due has been in the log. A
// producer's time proves nothing: there it is since the monitor saw it.
func (p *partition) lateSince() time.Time {
	since := p.ends[0].at
	if p.times.Append && !p.due.high.IsZero() && p.due.high.Before(since) {
		since = p.due.high
	}
	return since
}

// runway is until when retention keeps the record that is due, at least; false where it is
// kept for ever, or that is not known.
func (p *partition) runway(now time.Time) (seconds float64, known bool) {
	if p.times.Retention == 0 || p.due.low.IsZero() {
		return 0, false
	}
	return max(p.due.low.Add(p.times.Retention).Sub(now).Seconds(), 0), true
}
