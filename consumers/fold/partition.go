// Package fold is one partition of the log as a state machine: from records to
// the rows that they change. The worker runs it between Kafka and ClickHouse, and
// the simulation between their stand-ins.
//
// The order of the calls is that of the types, each of which one only gets from
// the step before:
//
//	Begin ─────────────────────────────┐
//	Restore ─► Restoring ─► Recalling ─┴► Partition ─► Judged ─► Fold
//	                                      Partition ─► Flush ─► Changes, Snapshot, Done
//
// A Partition has a judge and a gate (package intake), which decide what becomes
// of a record, and the State of its topic, which books what they let through
// (packages usage and subscriptions). What a Flush shows is a function of the log
// prefix alone, wherever the log is cut into batches: the package is pure.
package fold

import (
	"fmt"
	"iter"
	"slices"

	"runrate/consumers/intake"
	"runrate/internal/event"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

// Partition folds one partition. One goroutine owns it. After an error it must
// not be used any more.
type Partition struct {
	source stream.Source
	judge  *intake.Judge
	gate   *intake.Gate
	state  State
	last   Mark   // the last record folded
	room   room   // of the records judged
	flush  *Flush // not done yet

	without []stream.Offset
	gaps    []Gap // that it has not come to
}

// Begin returns a partition before its first record, which is at offset first.
func Begin(c Config, first stream.Offset) *Partition {
	p := c.partition()
	p.gate.Begin(first)
	p.state = c.New().Ready(first, p.gate.Passed())
	return p
}

// partition is one without a state.
func (c Config) partition() *Partition {
	return &Partition{
		source: c.Source,
		judge:  intake.NewJudge(c.Source, c.Partitions),
		gate:   intake.NewGate(c.Source, c.Memory),

		without: c.Without, gaps: c.Gaps,
	}
}

// Next returns the offset of the next record to fold.
func (p *Partition) Next() stream.Offset { return p.gate.Progress().NextOffset }

// Progress returns how far the partition is, and what became of its records.
func (p *Partition) Progress() rows.Progress { return p.gate.Progress() }

// Last returns the last record folded, the zero Mark if there is none or none is
// known.
func (p *Partition) Last() Mark { return p.last }

// Judged are fetched records with the verdict of DEFINITIONS R1 to R4, to be folded.
type Judged struct {
	partition  *Partition
	records    []intake.Judged
	stragglers []*intake.Judged
	first      stream.Offset // of the batch that they are judged for
	last       Mark
	err        error // of the record after those in records
}

// Judge applies DEFINITIONS R1 to R4 to records, in the order of the log. What was
// judged before is over, folded or not: its memory is used again.
func (p *Partition) Judge(records []stream.Record) *Judged {
	p.mustBeOpen()
	p.judge.Reuse()
	j := &Judged{partition: p, first: p.gate.Flushed()}
	j.records = p.room.of(j, len(records))
	for i := range records {
		p.judge.Judge(&records[i], &j.records[i])
		if _, out := slices.BinarySearch(p.without, records[i].Offset); !out {
			continue
		}
		if j.records[i], j.err = p.leaveOut(&j.records[i]); j.err != nil {
			j.records = j.records[:i]
			break
		}
	}
	if len(records) > 0 {
		j.last = MarkOf(records[len(records)-1])
	}
	j.stragglers = p.gate.Stragglers(j.records)
	return j
}

// Stragglers returns the events that may have been accepted so long before that
// only ClickHouse knows. They are to be looked up among the partition's own rows
// of offsets below before.
func (j *Judged) Stragglers() (events []*intake.Judged, before stream.Offset) {
	return j.stragglers, j.first
}

// Times are when the events happened that are about an account and that no rule has
// refused yet.
func (j *Judged) Times() iter.Seq[event.Time] {
	return func(yield func(event.Time) bool) {
		for i := range j.records {
			r := &j.records[i]
			if r.Refusal == nil && !r.Record.Skipped && !r.Event.Type.Control() && !yield(r.Event.Time) {
				return
			}
		}
	}
}

// Fold folds the records, once, being told which of the stragglers' identities were
// found. An error means that the log cannot be folded on (a gap, a sum beyond all
// bounds): the partition must stop.
func (j *Judged) Fold(accepted map[[16]byte]struct{}) error {
	p := j.partition
	p.mustBeOpen()
	if j.first != p.gate.Flushed() {
		panic("fold: records that were judged before a flush")
	}
	if p.room.judged != j {
		panic("fold: records that are folded already, or were judged before others")
	}
	for identity := range accepted {
		p.gate.Learn(identity)
	}
	for i := range j.records {
		if err := p.fold(&j.records[i]); err != nil {
			return err
		}
	}
	if len(j.records) > 0 {
		p.last = j.last
	}
	j.records, j.stragglers = nil, nil
	p.room.done()
	return j.err
}

// fold folds the next record.
func (p *Partition) fold(j *intake.Judged) error {
	if _, err := p.Lose(); err != nil {
		return err
	}
	if err := p.gate.Open(j.Record.Offset); err != nil {
		return err
	}
	switch {
	case j.Record.Skipped:
		p.gate.Skip()
	case j.Refusal != nil:
		p.gate.Refuse(j.Record, j.Refusal)
	case j.Event.Type == event.ClockTicked:
		p.gate.Tick(j)
	case j.Event.Type.Control():
		p.gate.CountControl()
		p.state.Control(j)
	case p.gate.Candidate(j):
		refusal, err := p.state.Take(j)
		switch {
		case err != nil:
			return fmt.Errorf("fold %s@%d: %w", p.source, j.Record.Offset, err)
		case refusal != nil:
			p.gate.Refuse(j.Record, refusal)
		default:
			p.gate.Accept(j)
		}
	}
	return nil
}

// mustBeOpen makes a mistake of the caller loud.
func (p *Partition) mustBeOpen() {
	if p.flush != nil {
		panic("fold: a flush is not done yet")
	}
}
