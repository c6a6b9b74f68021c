package intake

import (
	"runrate/internal/event"
	"runrate/internal/rows"
	"runrate/internal/stream"
	snapshot "runrate/schemas/snapshot/v1"
)

// Encode is the gate's part of a snapshot. The identities in memory are not in
// it: they are in ClickHouse, and Recall brings them back.
func (g *Gate) Encode() *snapshot.Progress {
	p := g.progress
	out := &snapshot.Progress{
		FirstOffset: int64(p.FirstOffset), NextOffset: int64(p.NextOffset),
		Accepted: p.Accepted, Duplicate: p.Duplicate, Refused: p.Refused, Control: p.Control,
		Skipped: p.Skipped, Lost: p.Lost,
	}
	if p.Ticked {
		clock := int64(p.Clock)
		out.Clock = &clock
	}
	return out
}

// Restore puts the accounting of a snapshot in place of a new gate's.
func (g *Gate) Restore(p *snapshot.Progress) {
	g.progress = rows.Progress{
		FirstOffset: stream.Offset(p.FirstOffset), NextOffset: stream.Offset(p.NextOffset),
		Accepted: p.Accepted, Duplicate: p.Duplicate, Refused: p.Refused, Control: p.Control,
		Skipped: p.Skipped, Lost: p.Lost,
		Clock: event.Time(p.GetClock()), Ticked: p.Clock != nil,
	}
	g.first = g.progress.NextOffset
}
