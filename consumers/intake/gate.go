package intake

import (
	"cmp"
	"fmt"
	"iter"
	"slices"

	"runrate/internal/calendar"
	"runrate/internal/event"
	"runrate/internal/rows"
	"runrate/internal/stream"
	"runrate/schemas/definitions"
)

// How far from the clock an event may be, DEFINITIONS R6 and R7, and how far ahead
// of it a tick that does not jump, R9.
const (
	MaxAhead  = definitions.AheadMinutes * event.Minute
	MaxBehind = definitions.LateDays * event.Day
	MaxJump   = definitions.JumpDays * event.Day
)

// Gate is the part of a partition's state that every fold has: the clock, the
// identities seen, the accounting and the dead letters of the batch.
//
// For each record in offset order a fold calls Open, then exactly one of
// Skip, Refuse, Tick, CountControl, or — for a data event — Candidate and, if that
// says so, Accept or Refuse.
type Gate struct {
	source   stream.Source
	progress rows.Progress
	seen     *seen
	dead     []rows.DeadLetter
	passes   Passes
	first    stream.Offset // first offset of the batch: what is below it is flushed
}

// Pass says that the tick at Offset made the clock reach Clock.
type Pass struct {
	Clock    event.Time
	Offset   stream.Offset
	Recorded event.Time // the record's own timestamp
}

// Passes are the ticks of a batch that raised the clock; they ascend in both
// fields.
type Passes []Pass

// Of is the offset of the tick with which the clock passed t, that is reached t
// or later; it must be one of this batch.
func (p Passes) Of(t event.Time) stream.Offset {
	i, _ := slices.BinarySearchFunc(p, t, func(pass Pass, t event.Time) int { return cmp.Compare(pass.Clock, t) })
	return p[i].Offset
}

// NewGate is the gate of a source before its first record, which is at offset 0
// unless Begin says otherwise.
func NewGate(source stream.Source, memory Memory) *Gate {
	return &Gate{source: source, seen: newSeen(memory)}
}

// Begin says that the log begins at another offset than 0, before any Open.
func (g *Gate) Begin(offset stream.Offset) {
	g.first = offset
	g.progress.FirstOffset = offset
	g.progress.NextOffset = offset
}

// Open takes the record at offset: the next one, without a gap.
func (g *Gate) Open(offset stream.Offset) error {
	if offset != g.progress.NextOffset {
		return &Gap{g.source, g.progress.NextOffset, offset}
	}
	g.progress.NextOffset++
	return nil
}

// Gap says that a record came which is not the next one.
type Gap struct {
	Source    stream.Source
	Want, Got stream.Offset
}

// Error is "fold source: which came where which is due".
func (e *Gap) Error() string {
	return fmt.Sprintf("fold %s: record at offset %d where %d is due: the log has a gap", e.Source, e.Got, e.Want)
}

// Skip counts a transaction marker, a record of an aborted transaction, or one that
// the epoch leaves out.
func (g *Gate) Skip() { g.progress.Skipped++ }

// Refuse counts the record and keeps it as a dead letter.
func (g *Gate) Refuse(r stream.Record, refusal *event.Refusal) {
	g.progress.Refused++
	g.dead = append(g.dead, rows.DeadLetter{
		Offset:  r.Offset,
		Time:    event.Time(r.Time),
		Reason:  refusal.Reason,
		Detail:  refusal.Detail,
		Key:     slices.Clone(r.Key),
		Headers: cloneHeaders(r.Headers),
		Payload: slices.Clone(r.Value),
	})
}

// cloneHeaders are headers that outlive their record, nil if there are none.
func cloneHeaders(of []event.Header) []event.Header {
	out := slices.Clone(of)
	for i := range out {
		out[i].Value = slices.Clone(out[i].Value)
	}
	return out
}

// Tick counts a tick as a control record and raises the clock to its time; one
// at or below the clock changes nothing else. One that would raise it too far
// without saying that it jumps is refused (DEFINITIONS R9).
func (g *Gate) Tick(j *Judged) {
	clock, t := g.progress.Clock, j.Event.Time
	if g.progress.Ticked && t > clock+MaxJump && !j.Event.Jump {
		g.Refuse(j.Record, &event.Refusal{
			Reason: event.TooNew,
			Detail: fmt.Sprintf("time %s of this tick is more than %d days ahead of the clock, %s: check the clock of its source; "+
				"a tick that is to jump so far on purpose has \"jump\": true in its data", t, definitions.JumpDays, clock),
		})
		return
	}
	g.progress.Control++
	g.SetClock(t, j.Record.Offset, event.Time(j.Record.Time))
}

// SetClock raises the clock to t, if it is not there, by what is known as of an
// offset.
func (g *Gate) SetClock(t event.Time, at stream.Offset, recorded event.Time) {
	if g.progress.Ticked && t <= g.progress.Clock {
		return
	}
	g.progress.Ticked = true
	g.progress.Clock = t
	g.passes = append(g.passes, Pass{Clock: t, Offset: at, Recorded: recorded})
}

// Lose goes on at an offset: what is before it is lost.
func (g *Gate) Lose(to stream.Offset) {
	g.progress.Lost += int64(to - g.progress.NextOffset)
	g.progress.NextOffset = to
}

// CountControl counts a control record that is not a tick.
func (g *Gate) CountControl() { g.progress.Control++ }

// Candidate applies DEFINITIONS R5 to R7 to a data event that R1 to R4 let pass:
// true if it is for the fold to accept or refuse, false if it is done with. A
// straggler's identity must have been looked up before (Stragglers, Learn).
func (g *Gate) Candidate(j *Judged) bool {
	j.Clock = g.progress.Clock
	if g.seen.has(j.Identity, j.Event.Time) {
		g.progress.Duplicate++
		return false
	}
	if !g.progress.Ticked {
		return true
	}
	clock, t := g.progress.Clock, j.Event.Time
	switch {
	case t > clock+MaxAhead:
		g.Refuse(j.Record, &event.Refusal{
			Reason: event.TooNew,
			Detail: fmt.Sprintf("time %s is more than %d minutes ahead of the clock, %s: check the clock of its source and that runrate tick runs, then runrate redrive", t, definitions.AheadMinutes, clock),
		})
	case t < clock-MaxBehind:
		g.Refuse(j.Record, &event.Refusal{
			Reason: event.TooOld,
			Detail: fmt.Sprintf("time %s is more than %d days behind the clock, %s: book usage of then by an adjustment.recorded of now, send a subscription as it is now", t, definitions.LateDays, clock),
		})
	default:
		return true
	}
	return false
}

// Accept counts a candidate and remembers its identity.
func (g *Gate) Accept(j *Judged) {
	g.progress.Accepted++
	g.seen.add(j.Identity, j.Event.Time)
}

// Stragglers are the data events of a batch whose identities are not in
// memory; they must be looked up among the partition's own rows below
// Flushed(), and Learn told of those found, before the batch is folded.
func (g *Gate) Stragglers(batch []Judged) []*Judged {
	if g.first == g.progress.FirstOffset {
		return nil // nothing is flushed yet
	}
	var out []*Judged
	for i := range batch {
		j := &batch[i]
		if j.Refusal == nil && !j.Record.Skipped && !j.Event.Type.Control() && !g.seen.covers(j.Event.Time) {
			out = append(out, j)
		}
	}
	return out
}

// Learn records a straggler's identity as accepted before.
func (g *Gate) Learn(identity [16]byte) { g.seen.learn(identity) }

// Recall refills the recent hours in memory after a restore, with the identity
// of an event accepted below Flushed() at RecallSince() or later.
func (g *Gate) Recall(identity [16]byte, t event.Time) { g.seen.recall(identity, t) }

// RecallSince is the earliest event time whose identities a restored gate must
// be told by Recall; false if there are none to recall.
func (g *Gate) RecallSince() (event.Time, bool) {
	if g.progress.Accepted == 0 {
		return 0, false
	}
	g.seen.evict(g.progress)
	return g.seen.floor, true
}

// Progress is the accounting so far.
func (g *Gate) Progress() rows.Progress { return g.progress }

// Passed is the last hour boundary that the clock has passed, 0 before the first
// tick.
func (g *Gate) Passed() calendar.Hour {
	if !g.progress.Ticked {
		return 0
	}
	return calendar.HourOf(g.progress.Clock)
}

// Flushed is the next offset as of the last flush: rows of offsets below it
// are in ClickHouse.
func (g *Gate) Flushed() stream.Offset { return g.first }

// Controls are the ticks that raised the clock since the last flush, before
// others.
func (g *Gate) Controls(others iter.Seq[rows.Control]) iter.Seq[rows.Control] {
	return func(yield func(rows.Control) bool) {
		for _, p := range g.passes {
			if !yield(rows.Control{Kind: rows.ClockSet, Offset: p.Offset, Time: p.Clock, Recorded: p.Recorded}) {
				return
			}
		}
		if others != nil {
			others(yield)
		}
	}
}

// DeadLetters are the records refused since the last flush.
func (g *Gate) DeadLetters() []rows.DeadLetter { return g.dead }

// Batch is what a fold needs to know of a batch that has ended.
type Batch struct {
	First  stream.Offset // of its records; what is below it is flushed
	Next   stream.Offset // after its last record
	Passed calendar.Hour // the last hour boundary that the clock has passed, 0 before the first tick
	Passes Passes        // the ticks in it that raised the clock
	Owes   bool          // what late events change of closed windows need not be written now
}

// Batch returns the records since the last flush, as a batch.
func (g *Gate) Batch() Batch {
	return Batch{First: g.first, Next: g.progress.NextOffset, Passed: g.Passed(), Passes: g.passes}
}

// Done ends the batch: its rows are written and its offset committed.
func (g *Gate) Done() {
	g.dead = nil
	g.passes = g.passes[:0]
	g.first = g.progress.NextOffset
	g.seen.done(g.progress)
}
