package request

import (
	"fmt"

	"runrate/internal/event"
	"runrate/internal/pricebook"
	"runrate/schemas/definitions"
)

// Outlook is what the consumer is known to judge by, a moment ago: it may be refused
// later what is fine by it, and the other way around.
type Outlook struct {
	Clock event.Time // 0: not known, or not ticked yet
	Book  *pricebook.Book
	Known bool // whether Book is what is in force, be it none
}

// Warn says why the consumer may refuse an event (DEFINITIONS R6 to R8): nothing if it is
// not known, or all is well.
func (o Outlook) Warn(e event.Event) (why []event.Refusal) {
	warn := func(reason event.Reason, format string, args ...any) {
		why = append(why, event.Refusal{Reason: reason, Detail: fmt.Sprintf(format, args...)})
	}
	if o.Clock != 0 {
		switch {
		case e.Time > o.Clock+definitions.AheadMinutes*event.Minute:
			warn(event.TooNew, "time %s is more than %d minutes ahead of the pipeline's clock, %s: check the clock of its source", e.Time, definitions.AheadMinutes, o.Clock)
		case e.Time < o.Clock-definitions.LateDays*event.Day:
			warn(event.TooOld, "time %s is more than %d days behind the pipeline's clock, %s: book usage of then by an adjustment.recorded of now", e.Time, definitions.LateDays, o.Clock)
		}
	}
	name := ""
	switch e.Type {
	case event.UsageRecorded:
		name = e.Usage.Product
	case event.AdjustmentRecorded:
		name = e.Adjustment.Product
	}
	if name == "" || !o.Known {
		return why
	}
	if o.Book == nil {
		warn(event.UnknownProduct, "product is %q and no price book is published yet: runrate prices publish one", name)
		return why
	}
	product, ok := o.Book.Product(name)
	if !ok {
		warn(event.UnknownProduct, "product is %q, which price book %q does not have: publish a book with it", name, o.Book.Version)
		return why
	}
	if e.Type == event.UsageRecorded {
		if _, _, refusal := o.Book.Rate(e.Account, product, e.Time, e.Usage.Quantities); refusal != nil {
			why = append(why, *refusal)
		}
	}
	return why
}
