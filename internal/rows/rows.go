// Package rows holds what a fold hands to the writer: one struct per
// versioned ClickHouse table, absolute values, each with the offset of the last
// record that influenced it as its Version.
//
// Instants are in microseconds since 1970 UTC (event.Time); money is exact
// (money.Amount); as_of instants are hour boundaries or midnights.
package rows

import (
	"iter"

	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/internal/stream"
)

// Dimensions are the keys by which usage revenue is kept.
type Dimensions struct {
	Line     string
	Product  string
	Segment  string
	Region   string
	Currency string // ISO 4217
}

// UsageEvent is one accepted usage.recorded or adjustment.recorded event. Its strings
// and quantities are good until the flush is done.
type UsageEvent struct {
	Account    event.Account
	Time       event.Time
	Dimensions Dimensions
	Quantities []event.Quantity // empty for an adjustment
	Revenue    money.Amount     // after discount
	Cost       money.Amount
	Source     string
	ID         string
	Type       event.Type
	OneOff     bool     // an adjustment that is not made annual
	PriceBook  string   // the version of the price book by which it was booked
	Identity   [16]byte // event.Event.Identity
	Version    stream.Offset
}

// Totals are what an hour pane or a window adds up.
type Totals struct {
	Revenue money.Amount
	Cost    money.Amount
	Events  int64        // accepted usage.recorded events
	OneOff  money.Amount // of Revenue, what is not made annual
}

// Add adds what another sum is of.
func (t *Totals) Add(d Totals) {
	t.Revenue = t.Revenue.Plus(d.Revenue)
	t.Cost = t.Cost.Plus(d.Cost)
	t.Events += d.Events
	t.OneOff = t.OneOff.Plus(d.OneOff)
}

// UsagePane is the total of the accepted events with Hour <= time < Hour+1h.
type UsagePane struct {
	Hour       event.Time
	Dimensions Dimensions
	Totals     Totals
	Version    stream.Offset
}

// RollingRevenue is the total of the accepted events with
// AsOf-Window <= time < AsOf.
type RollingRevenue struct {
	AsOf       event.Time // an hour boundary
	Window     string     // a name of definitions.Rolling
	Dimensions Dimensions
	Totals     Totals
	Version    stream.Offset
}

// ActiveAccounts is the number of distinct accounts with an accepted
// usage.recorded event with AsOf-Window <= time < AsOf.
type ActiveAccounts struct {
	AsOf     event.Time // a midnight
	Window   string     // a name of definitions.Active
	Line     string     // "*" is all lines together
	Accounts int64
	Version  stream.Offset
}

// AccountDay is what an account did on a day that has ended, in a line and currency.
type AccountDay struct {
	Account  event.Account
	Line     string
	Currency string
	Day      event.Time // its first midnight
	Totals   Totals
	Version  stream.Offset
}

// First is the first midnight as of which an account's ARR of a kind, which is that of
// the topic, is above zero in a line and currency.
type First struct {
	Account  event.Account
	Line     string
	Currency string
	Midnight event.Time // 0 if there is none, or none any more
	Version  stream.Offset
}

// SubscriptionChange is one accepted subscription.changed event: the ledger that
// the subscription views are derived from.
type SubscriptionChange struct {
	Account event.Account
	Time    event.Time
	State   event.Subscription
	MRR     money.Amount // per month
	Source  string
	ID      string
	Version stream.Offset
}

// Subscription is the state of a subscription after its latest change.
type Subscription struct {
	Account      event.Account
	Subscription string
	Line         string
	Plan         string
	Status       event.Status
	Segment      string
	Region       string
	Currency     string
	MRR          money.Amount // per month
	Since        event.Time   // time of the latest change
	Version      stream.Offset
}

// Movement is the change of an account's MRR in a line and currency that one
// subscription change makes. A re-derivation that leaves nothing to say sets
// Movement to "" and Amount to zero, which hides the row from the view.
type Movement struct {
	Account      event.Account
	Line         string
	Currency     string
	Time         event.Time    // of the change
	Change       stream.Offset // offset of the change: orders equal times
	Subscription string
	Movement     string // new, expansion, reactivation, contraction, churn
	Amount       money.Amount
	Version      stream.Offset
}

// MRR is the monthly recurring revenue as of an hour boundary, from changes
// with time < AsOf. MRR zero hides the row from the view.
type MRR struct {
	AsOf          event.Time
	Line          string
	Plan          string
	Segment       string
	Region        string
	Currency      string
	MRR           money.Amount
	Subscriptions int64 // with MRR above zero
	Version       stream.Offset
}

// NetNew is the movement of annual recurring revenue of one kind (the source
// topic says which) between AsOf-30d and AsOf. Accounts zero hides the row from
// the view.
type NetNew struct {
	AsOf         event.Time // a midnight
	Line         string
	Currency     string
	Opening      money.Amount
	New          money.Amount
	Expansion    money.Amount
	Reactivation money.Amount
	Contraction  money.Amount
	Churn        money.Amount
	Closing      money.Amount
	Accounts     int64 // with anything at AsOf or AsOf-30d
	Version      stream.Offset
}

// Late is what events added to ARR of the days after theirs, of one kind (the source topic
// says which), that were folded when the clock had passed the end of their day: usage
// revenue less one-off adjustments, or MRR.
type Late struct {
	Line     string
	Currency string
	Day      event.Time // of the events, its first midnight
	Folded   event.Time // the day of the clock then, its first midnight
	Amount   money.Amount
	Version  stream.Offset
}

// DeadLetter is one refused record.
type DeadLetter struct {
	Offset  stream.Offset // also the version
	Time    event.Time    // the record's own timestamp
	Reason  event.Reason
	Detail  string
	Key     []byte
	Headers []event.Header
	Payload []byte
}

// Control is a control record that changed what is in force: its time, and for
// a price book or a set of rates the document. It is in force for the records after Offset.
type Control struct {
	Kind     string // ClockSet, BookSet or RatesSet
	Offset   stream.Offset
	Time     event.Time // of the event
	Recorded event.Time // the record's own timestamp
	Payload  string     // the price book or the rates as JSON
}

// The kinds of Control.
const (
	ClockSet = "clock"
	BookSet  = "price_book"
	RatesSet = "rates"
)

// Progress is how far a partition is folded and what became of its records:
// NextOffset - FirstOffset = Accepted + Duplicate + Refused + Control + Skipped + Lost.
type Progress struct {
	FirstOffset stream.Offset
	NextOffset  stream.Offset // also the version
	Accepted    int64
	Duplicate   int64
	Refused     int64
	Control     int64
	Skipped     int64      // transaction markers and aborted records
	Lost        int64      // of accepted gaps
	Clock       event.Time // the highest tick; meaningful if Ticked
	Ticked      bool
}

// Changes are the rows of one source partition that changed since the last
// flush. A nil sequence is empty. Sequences are lazy, so that one record that
// changes a million rows does not hold them all; each may be walked more than
// once (a retried insert) as long as the fold has not stepped on.
type Changes struct {
	Source         stream.Source
	UsageEvents    iter.Seq[UsageEvent]
	UsagePanes     iter.Seq[UsagePane]
	Rolling        iter.Seq[RollingRevenue]
	ActiveAccounts iter.Seq[ActiveAccounts]
	AccountDays    iter.Seq[AccountDay]
	Firsts         iter.Seq[First]
	// SubscriptionChanges are the accepted events of the subscription fold.
	SubscriptionChanges iter.Seq[SubscriptionChange]
	Subscriptions       iter.Seq[Subscription]
	Movements           iter.Seq[Movement]
	MRR                 iter.Seq[MRR]
	NetNew              iter.Seq[NetNew]
	Late                iter.Seq[Late]
	DeadLetters         iter.Seq[DeadLetter]
	Controls            iter.Seq[Control]
	Progress            Progress
}
