package fold

import "runrate/consumers/intake"

// room is the memory of the records that a partition judges, used fetch after fetch.
type room struct {
	judged  *Judged // whose records lie in it, nil if nobody's do
	records []intake.Judged
	used    int // of records
}

// of is room for n records of j.
func (r *room) of(j *Judged, n int) []intake.Judged {
	r.done()
	if n > cap(r.records) || n < cap(r.records)/8 { // a quiet partition lets go of it
		r.records = make([]intake.Judged, n)
	}
	r.judged, r.used = j, n
	return r.records[:n]
}

// mostRoom is the most records, a few MB of them, whose memory is kept for the next fetch: one
// that a flood of small records filled is let go of.
const mostRoom = 8192

// done lets go of the records.
func (r *room) done() {
	if cap(r.records) > mostRoom {
		r.records = nil
	} else {
		clear(r.records[:r.used])
	}
	r.judged, r.used = nil, 0
}
