package verify

import (
	"bytes"

	"runrate/internal/event"
	"runrate/internal/fx"
	"runrate/internal/pricebook"
	"runrate/internal/stream"
)

// How far from the clock an event may be: DEFINITIONS R6 and R7.
const (
	aheadOfClock = 5 * event.Minute
	behindClock  = 35 * event.Day
)

// rules judge the records of one partition again, and know what of the partition's
// state they need: the price book in force and the clock.
type rules struct {
	source     source
	partitions int32
	decoder    event.Decoder

	book     *pricebook.Book // nil before the first
	bookTime event.Time
	rates    *fx.Set // nil before the first
	fxTime   event.Time
	clock    event.Time
	ticked   bool
	// noBook and noClock say that records which may have set them were not read.
	noBook, noClock bool
}

// verdict is what DEFINITIONS R1 to R4 say of a record, which need no state.
type verdict struct {
	event  event.Event
	book   *pricebook.Book // of a pricebook.published
	rates  *fx.Set         // of a rates.published
	reason event.Reason    // of the refusal, or ""
	// skipped is a transaction marker or an aborted record, of which no row may be.
	skipped bool
}

func (v *verdict) control() bool { return v.reason == "" && !v.skipped && v.event.Type.Control() }

// judge applies R1 to R4 in their order.
func (u *rules) judge(r *stream.Record) verdict {
	if r.Skipped {
		return verdict{skipped: true}
	}
	e, refusal := u.decoder.DecodeRecord(r.Headers, r.Value)
	if refusal != nil {
		return verdict{reason: refusal.Reason}
	}
	control := e.Type.Control()
	switch {
	case !u.source.Topic.Kind().Holds(e.Type):
		return verdict{reason: event.UnknownType}
	case !control && (!bytes.Equal(r.Key, []byte(e.Account)) || stream.Partition(r.Key, u.partitions) != u.source.Partition):
		return verdict{reason: event.WrongPartition}
	case e.Invalid != nil:
		return verdict{reason: e.Invalid.Reason}
	}
	v := verdict{event: e}
	if e.Type == event.PricebookPublished {
		book, err := pricebook.Parse(e.PriceBook)
		if err != nil {
			return verdict{reason: event.Invalid}
		}
		v.book = book
	}
	if e.Type == event.RatesPublished {
		rates, err := fx.Parse(e.Rates)
		if err != nil {
			return verdict{reason: event.Invalid}
		}
		v.rates = rates
	}
	return v
}

// apply takes a control record for the records that follow it, and says whether it
// changed anything. A price book or a set of rates whose time is before that of the
// one in force does not.
func (u *rules) apply(v *verdict) (changed bool) {
	switch t := v.event.Time; {
	case v.book != nil:
		if u.book == nil || t >= u.bookTime {
			u.book, u.bookTime, u.noBook = v.book, t, false
			return u.source.Topic.Kind() == stream.Usage // the others rate nothing
		}
	case v.rates != nil:
		if u.rates == nil || t >= u.fxTime {
			u.rates, u.fxTime = v.rates, t
			return u.source.Topic.Kind() == stream.Usage
		}
	case v.event.Type == event.ClockTicked && (!u.ticked || t > u.clock):
		u.clock, u.ticked = t, true
		return true
	}
	return false
}

// late is DEFINITIONS R6 and R7 of a data event, "" as long as the clock is not
// known.
func (u *rules) late(t event.Time) event.Reason {
	switch {
	case u.noClock || !u.ticked:
		return ""
	case t > u.clock+aheadOfClock:
		return event.TooNew
	case t < u.clock-behindClock:
		return event.TooOld
	}
	return ""
}

// unjudged says that a data event may have been refused for this reason, by what
// was not read.
func (u *rules) unjudged(reason event.Reason) bool {
	switch reason {
	case event.TooNew, event.TooOld:
		return u.noClock
	case event.UnknownProduct, event.UnpricedMeter, event.Invalid:
		return u.noBook
	}
	return false
}

// String names a verdict that needed no state.
func (v *verdict) String() string {
	switch {
	case v.skipped:
		return "skipped: a transaction marker, or of an aborted transaction"
	case v.reason != "":
		return "refused: " + string(v.reason)
	}
	return "a control record, " + v.event.Type.String()
}
