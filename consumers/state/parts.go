package state

import (
	"iter"

	snapshot "runrate/schemas/snapshot/v1"
)

// partBytes is about how many bytes one part of a snapshot encodes to.
const partBytes = 256 << 10

// Parts collects the state of a fold, a message of type S, in parts of bounded
// size. Part is the one to put things into.
type Parts[S any] struct {
	Part *S

	bytes   int // of Part, about
	record  func(*S) *snapshot.Record
	yield   func(*snapshot.Record) bool
	stopped bool
}

// InParts returns the parts of a snapshot that fill puts together. record makes
// a part the state of a record; the last part is handed over when fill returns.
func InParts[S any](record func(*S) *snapshot.Record, fill func(*Parts[S])) iter.Seq[*snapshot.Record] {
	return func(yield func(*snapshot.Record) bool) {
		p := &Parts[S]{Part: new(S), record: record, yield: yield}
		fill(p)
		p.handOver()
	}
}

// Grew tells that Part grew by about so many bytes. A full one is handed over,
// and Part is the next.
func (p *Parts[S]) Grew(bytes int) {
	if p.bytes += bytes; p.bytes >= partBytes {
		p.handOver()
	}
}

// Stopped says that nobody reads on: fill may return.
func (p *Parts[S]) Stopped() bool { return p.stopped }

func (p *Parts[S]) handOver() {
	p.stopped = p.stopped || !p.yield(p.record(p.Part))
	p.Part, p.bytes = new(S), 0
}
