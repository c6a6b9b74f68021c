package rows

import (
	"iter"

	"runrate/internal/money"
	"runrate/internal/stream"
)

// Row is a row of one of the versioned tables.
type Row interface {
	// Table is the name of its table in ClickHouse.
	Table() string
	// At is its version: the offset of the last record that influenced it.
	At() stream.Offset
	// InRange says whether none of its amounts has overflowed: no table holds one
	// that has.
	InRange() bool
}

// Writer takes the rows of a flush, a table at a time. It has a method for each
// table, so that whoever writes rows cannot leave one out.
type Writer interface {
	UsageEvents(iter.Seq[UsageEvent]) error
	UsagePanes(iter.Seq[UsagePane]) error
	Rolling(iter.Seq[RollingRevenue]) error
	ActiveAccounts(iter.Seq[ActiveAccounts]) error
	AccountDays(iter.Seq[AccountDay]) error
	Firsts(iter.Seq[First]) error
	SubscriptionChanges(iter.Seq[SubscriptionChange]) error
	Subscriptions(iter.Seq[Subscription]) error
	Movements(iter.Seq[Movement]) error
	MRR(iter.Seq[MRR]) error
	NetNew(iter.Seq[NetNew]) error
	Late(iter.Seq[Late]) error
	DeadLetters(iter.Seq[DeadLetter]) error
	Controls(iter.Seq[Control]) error
	Progress(iter.Seq[Progress]) error
}

// Tables are all versioned tables, in the order in which a flush writes them.
// Progress is last: a view shows an as_of once the clock in it has passed, and by
// then all else must be there.
func Tables() []Table {
	return []Table{
		table(func(c *Changes) iter.Seq[UsageEvent] { return c.UsageEvents }, Writer.UsageEvents),
		table(func(c *Changes) iter.Seq[UsagePane] { return c.UsagePanes }, Writer.UsagePanes),
		table(func(c *Changes) iter.Seq[RollingRevenue] { return c.Rolling }, Writer.Rolling),
		table(func(c *Changes) iter.Seq[ActiveAccounts] { return c.ActiveAccounts }, Writer.ActiveAccounts),
		table(func(c *Changes) iter.Seq[AccountDay] { return c.AccountDays }, Writer.AccountDays),
		table(func(c *Changes) iter.Seq[First] { return c.Firsts }, Writer.Firsts),
		table(func(c *Changes) iter.Seq[SubscriptionChange] { return c.SubscriptionChanges }, Writer.SubscriptionChanges),
		table(func(c *Changes) iter.Seq[Subscription] { return c.Subscriptions }, Writer.Subscriptions),
		table(func(c *Changes) iter.Seq[Movement] { return c.Movements }, Writer.Movements),
		table(func(c *Changes) iter.Seq[MRR] { return c.MRR }, Writer.MRR),
		table(func(c *Changes) iter.Seq[NetNew] { return c.NetNew }, Writer.NetNew),
		table(func(c *Changes) iter.Seq[Late] { return c.Late }, Writer.Late),
		table(func(c *Changes) iter.Seq[DeadLetter] { return c.DeadLetters }, Writer.DeadLetters),
		table(func(c *Changes) iter.Seq[Control] { return c.Controls }, Writer.Controls),
		table(func(c *Changes) iter.Seq[Progress] { return one(c.Progress) }, Writer.Progress),
	}
}

// Table is one table's part of any Changes.
type Table struct {
	Name  string
	write func(*Changes, Writer) error
	rows  func(*Changes) iter.Seq[Row]
}

func table[R Row](of func(*Changes) iter.Seq[R], write func(Writer, iter.Seq[R]) error) Table {
	var r R
	return Table{
		Name: r.Table(),
		write: func(c *Changes, w Writer) error {
			if all := of(c); all != nil {
				return write(w, all)
			}
			return nil
		},
		rows: func(c *Changes) iter.Seq[Row] {
			return func(yield func(Row) bool) {
				if all := of(c); all != nil {
					all(func(r R) bool { return yield(r) })
				}
			}
		},
	}
}

func one[R any](r R) iter.Seq[R] {
	return func(yield func(R) bool) { yield(r) }
}

// Write hands the table's rows to its method of w, if there are any to walk.
func (t Table) Write(c *Changes, w Writer) error { return t.write(c, w) }

// Rows are the table's rows, for those who do not care which they are.
func (t Table) Rows(c *Changes) iter.Seq[Row] { return t.rows(c) }

// Table is the name in ClickHouse; those of the other rows follow.
func (UsageEvent) Table() string         { return "usage_event_versions" }
func (UsagePane) Table() string          { return "usage_hour_versions" }
func (RollingRevenue) Table() string     { return "rolling_revenue_versions" }
func (ActiveAccounts) Table() string     { return "active_account_versions" }
func (AccountDay) Table() string         { return "account_day_versions" }
func (First) Table() string              { return "account_first_versions" }
func (SubscriptionChange) Table() string { return "subscription_change_versions" }
func (Subscription) Table() string       { return "subscription_versions" }
func (Movement) Table() string           { return "mrr_movement_versions" }
func (MRR) Table() string                { return "mrr_versions" }
func (NetNew) Table() string             { return "net_new_arr_versions" }
func (Late) Table() string               { return "late_amount_versions" }
func (DeadLetter) Table() string         { return "dead_letter_versions" }
func (Control) Table() string            { return "control_versions" }
func (Progress) Table() string           { return "progress_versions" }

// At is the version; of a refused record its own offset, of the progress the next.
func (r UsageEvent) At() stream.Offset         { return r.Version }
func (r UsagePane) At() stream.Offset          { return r.Version }
func (r RollingRevenue) At() stream.Offset     { return r.Version }
func (r ActiveAccounts) At() stream.Offset     { return r.Version }
func (r AccountDay) At() stream.Offset         { return r.Version }
func (r First) At() stream.Offset              { return r.Version }
func (r SubscriptionChange) At() stream.Offset { return r.Version }
func (r Subscription) At() stream.Offset       { return r.Version }
func (r Movement) At() stream.Offset           { return r.Version }
func (r MRR) At() stream.Offset                { return r.Version }
func (r NetNew) At() stream.Offset             { return r.Version }
func (r Late) At() stream.Offset               { return r.Version }
func (r DeadLetter) At() stream.Offset         { return r.Offset }
func (r Control) At() stream.Offset            { return r.Offset }
func (r Progress) At() stream.Offset           { return r.NextOffset }

// InRange looks at all amounts that the table has a column for.
func (r UsageEvent) InRange() bool         { return inRange(r.Revenue, r.Cost) }
func (r UsagePane) InRange() bool          { return r.Totals.inRange() }
func (r RollingRevenue) InRange() bool     { return r.Totals.inRange() }
func (r ActiveAccounts) InRange() bool     { return true }
func (r AccountDay) InRange() bool         { return r.Totals.inRange() }
func (r First) InRange() bool              { return true }
func (r SubscriptionChange) InRange() bool { return inRange(r.MRR, r.State.UnitAmount) }
func (r Subscription) InRange() bool       { return inRange(r.MRR) }
func (r Movement) InRange() bool           { return inRange(r.Amount) }
func (r MRR) InRange() bool                { return inRange(r.MRR) }
func (r NetNew) InRange() bool {
	return inRange(r.Opening, r.New, r.Expansion, r.Reactivation, r.Contraction, r.Churn, r.Closing)
}
func (r Late) InRange() bool       { return inRange(r.Amount) }
func (r DeadLetter) InRange() bool { return true }
func (r Control) InRange() bool    { return true }
func (r Progress) InRange() bool   { return true }

func (t Totals) inRange() bool { return inRange(t.Revenue, t.Cost, t.OneOff) }

func inRange(amounts ...money.Amount) bool {
	for _, a := range amounts {
		if !a.InRange() {
			return false
		}
	}
	return true
}
