package notify

import (
	"time"

	"runrate/internal/lag/judge"
	"runrate/internal/lag/monitor"
)

// Bounds of what is told. They are those of the alerts in deploy/prometheus and of the
// sample for Alertmanager.
const (
	Wait   = 10 * time.Second // that it lasts, so that what begins together is told together
	Doubt  = time.Minute      // that nothing is known, until that is told
	Well   = 2 * time.Minute  // that it is well, until it is over
	Repeat = time.Hour        // what lasts is told again
)

// topic is what is known and was told of a topic.
type topic struct {
	partitions map[int32]*partition
	sent       time.Time // the last message
}

// partition is what is known and was told of a partition.
type partition struct {
	row   monitor.Row  // as it is
	since time.Time    // as it is: when its status was first seen
	bad   time.Time    // since when it needs somebody; zero while it does not
	well  time.Time    // since when it does not; zero while it does
	told  judge.Status // what was told; "" where nothing was, or that it is over
	at    time.Time    // when it was
	began time.Time    // since when it needed somebody, of what was told
}

func (t *topic) observe(now time.Time, r monitor.Row) {
	p := t.partitions[r.Partition]
	if p == nil {
		p = &partition{}
		t.partitions[r.Partition] = p
	}
	if p.row.Status != r.Status {
		p.since = now
	}
	p.row = r
	switch {
	case !r.Status.Pages():
		p.bad = time.Time{}
		if p.well.IsZero() {
			p.well = now
		}
	case p.bad.IsZero():
		p.bad, p.well = now, time.Time{}
	}
}

// due says whether there is something to tell of a partition.
func (p *partition) due(now time.Time) bool {
	wait := Wait
	if p.row.Status == judge.Unknown {
		wait = Doubt
	}
	switch {
	case p.over(now):
		return true
	case p.bad.IsZero():
		return false
	case p.told == "":
		return now.Sub(p.bad) >= wait
	case p.told != p.row.Status:
		return now.Sub(p.since) >= wait
	}
	return now.Sub(p.at) >= Repeat
}

// over says whether it is over, and that is not told yet.
func (p *partition) over(now time.Time) bool {
	return p.told != "" && p.bad.IsZero() && now.Sub(p.well) >= Well
}

// tell keeps that a message was taken.
func (t *topic) tell(now time.Time, m *message) {
	t.sent = now
	for number, status := range m.of {
		p := t.partitions[number]
		if p.at = now; p.told == "" {
			p.began = m.begin[number]
		}
		p.told = status
	}
}
