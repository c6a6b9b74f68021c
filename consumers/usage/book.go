package usage

import (
	"runrate/internal/event"
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
