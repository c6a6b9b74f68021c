package broker

import (
	"slices"

	fetchapi "github.com/segmentio/kafka-go/protocol/fetch"
)

// aborted tells which batches of a fetch are of transactions that were aborted. A
// broker names those that overlap the fetch, by producer and the offset at which
// each began; one ends with the next marker of its producer. Batches and markers
// must be asked about in the order of the log.
type aborted map[int64]*abortedBy

// abortedBy are the transactions that one producer aborted.
type abortedBy struct {
	ahead []int64 // where those begin that were not met yet, ascending
	open  bool    // one was met, and its marker not
}

func newAborted(transactions []fetchapi.ResponseTransaction) aborted {
	a := aborted{}
	for _, t := range transactions {
		if a[t.ProducerID] == nil {
			a[t.ProducerID] = &abortedBy{}
		}
		a[t.ProducerID].ahead = append(a[t.ProducerID].ahead, t.FirstOffset)
	}
	for _, p := range a {
		slices.Sort(p.ahead)
	}
	return a
}

// meet takes note of the transactions that begin at an offset or before it.
func (p *abortedBy) meet(offset int64) {
	for len(p.ahead) > 0 && p.ahead[0] <= offset {
		p.ahead, p.open = p.ahead[1:], true
	}
}

// has says whether the transactional batch that a producer began at an offset is
// of an aborted transaction.
func (a aborted) has(producer, offset int64) bool {
	p := a[producer]
	if p == nil {
		return false
	}
	p.meet(offset)
	return p.open
}

// end takes the marker of a producer at an offset, with which its transaction is
// over, be it committed or aborted. A fetch may begin with it.
func (a aborted) end(producer, offset int64) {
	if p := a[producer]; p != nil {
		p.meet(offset)
		p.open = false
	}
}
