package usage

import (
	"runrate/internal/event"
	"runrate/internal/fx"
	"runrate/internal/pricebook"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

// publish puts a price book in force for the records that follow, unless the
// one that is was published later: a produce request that a publisher had given
// up on can arrive long after its successor's. Of two books with the same time
// the later in the log is in force.
func (f *Fold) publish(book *pricebook.Book, at event.Time, record stream.Record) {
	if at < f.bookTime {
		return
	}
	f.book, f.bookTime = book, at
	f.published = append(f.published, rows.Control{Kind: rows.BookSet, Offset: record.Offset, Time: at, Recorded: event.Time(record.Time), Payload: string(book.JSON())})
}

// publishRates puts a set of exchange rates in force, unless the one that is was
// published later (as publish). It stands in control_versions for the views that
// convert; no amount of the fold depends on it.
func (f *Fold) publishRates(set *fx.Set, at event.Time, record stream.Record) {
	if at < f.fxTime {
		return
	}
	f.rates, f.fxTime = set, at
	f.published = append(f.published, rows.Control{Kind: rows.RatesSet, Offset: record.Offset, Time: at, Recorded: event.Time(record.Time), Payload: string(set.JSON())})
}
