package report

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	chschema "runrate/schemas/clickhouse"
)

// ErrNoClock says that no hour is closed yet: some clock has not ticked.
var ErrNoClock = errors.New("no hour is closed yet: the clock has not ticked (run `runrate tick` beside live events; a replay of history brings its own)")

// Query says what is reported.
type Query struct {
	Database chschema.Database // of the views
	AsOf     time.Time         // zero: the last hour boundary passed; else cut to the hour
	Line     string            // only this one; "" all
}

// reader runs the queries of one report.
type reader struct {
	conn driver.Conn
	q    Query
	out  *Report
}

// Read reads a report.
func Read(ctx context.Context, conn driver.Conn, q Query) (*Report, error) {
	r := &reader{conn: conn, q: q, out: &Report{ // lists that are empty, not null, in JSON
		Products: []Product{}, Windows: []Window{}, Active: []Active{}, Recurring: []Recurring{}, Months: []Month{},
		ARR: []ARR{}, Courses: []Course{}, NetNew: []NetNew{}, Retention: []Retention{}, Movers: []Mover{}, Cohorts: []Cohort{}, Missing: []string{}, Sentences: []string{},
	}}
	for _, step := range []struct {
		view string
		read func(context.Context) error
	}{
		{"freshness", r.asOf}, {"definitions", r.definition}, {"usage_events", r.products}, {"rolling_revenue", r.windows},
		{"active_accounts", r.active}, {"mrr", r.recurring}, {"mrr_movements", r.movements}, {"arr", r.arr}, {"arr", r.course}, {"net_new_arr", r.netNew},
		{"retention, arr_bridge and cohorts", r.accounts},
		{"dead_letters and freshness", r.missing},
	} {
		if err := step.read(ctx); err != nil {
			return nil, fmt.Errorf("read %s: %w", step.view, err)
		}
	}
	r.out.Sentences = append(r.out.Sentences, r.out.sentences()...)
	return r.out, nil
}

// each runs a query on a view, %s in it standing for the database, and calls
// row for each of its rows.
func (r *reader) each(ctx context.Context, query string, args []any, row func(scan func(...any) error) error) error {
	rows, err := r.conn.Query(ctx, fmt.Sprintf(query, r.q.Database.SQL()), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// asOf decides which boundary is reported.
func (r *reader) asOf(ctx context.Context) (err error) {
	if r.out.AsOf, err = AsOf(ctx, r.conn, r.q.Database, r.q.AsOf); err != nil {
		return err
	}
	midnight := r.out.AsOf.Truncate(24 * time.Hour)
	r.out.Midnight = &midnight
	return nil
}

// AsOf is the hour boundary that is asked for, cut to the hour; of the zero time, the
// last one that the clocks of both topics have passed. One that is not passed is an error.
func AsOf(ctx context.Context, conn driver.Conn, database chschema.Database, asked time.Time) (time.Time, error) {
	var clock, partitions uint64
	err := conn.QueryRow(ctx, `SELECT toUInt64(toUnixTimestamp(min(clock))), count() FROM `+database.Of("freshness")).Scan(&clock, &partitions)
	if err != nil {
		return time.Time{}, err
	}
	passed := time.Unix(int64(clock), 0).UTC().Truncate(time.Hour)
	if partitions == 0 || passed.Unix() == 0 {
		return time.Time{}, ErrNoClock
	}
	if asked.IsZero() {
		return passed, nil
	}
	at := asked.UTC().Truncate(time.Hour)
	switch {
	case at.After(passed):
		return time.Time{}, fmt.Errorf("%s is not closed yet: the clock has passed %s", at.Format(time.RFC3339), passed.Format(time.RFC3339))
	case at.Unix() <= 0:
		return time.Time{}, fmt.Errorf("%s: no events are that old", at.Format(time.RFC3339))
	}
	return at, nil
}

func (r *reader) definition(ctx context.Context) error {
	return r.each(ctx, `SELECT arr_window_days, arr_multiplier FROM %s.definitions`, nil, func(scan func(...any) error) error {
		var days uint16
		var multiplier uint32
		err := scan(&days, &multiplier)
		r.out.ARRWindowDays, r.out.ARRMultiplier = int(days), int(multiplier)
		return err
	})
}

// here are the arguments of most queries: T in seconds, and the line twice.
func (r *reader) here() []any { return []any{r.out.AsOf.Unix(), r.q.Line, r.q.Line} }

func (r *reader) midnight() []any { return []any{r.out.Midnight.Unix(), r.q.Line, r.q.Line} }

func (r *reader) products(ctx context.Context) error {
	from := r.out.AsOf.Add(-30 * 24 * time.Hour)
	return r.each(ctx, `SELECT line, product, currency, countIf(type = 'usage.recorded'),
    CAST(sumMap(CAST(quantities, 'Map(String, UInt128)')), 'Map(String, String)'),
    toString(sum(revenue)), toString(sum(cost))
FROM %s.usage_events
WHERE time >= toDateTime(?, 'UTC') AND time < toDateTime(?, 'UTC') AND (? = '' OR line = ?)
GROUP BY line, product, currency
ORDER BY line, product, currency`, append([]any{max(from.Unix(), 0)}, r.here()...), func(scan func(...any) error) error {
		var p Product
		err := scan(&p.Line, &p.Product, &p.Currency, &p.Calls, &p.Meters, &p.Revenue, &p.Cost)
		r.out.Products = append(r.out.Products, p)
		return err
	})
}

func (r *reader) windows(ctx context.Context) error {
	return r.each(ctx, "SELECT line, currency, `window`, sum(events), toString(sum(revenue)), toString(sum(cost))"+`
FROM %s.rolling_revenue
WHERE as_of = toDateTime(?, 'UTC') AND (? = '' OR line = ?) AND `+"`window` IN ('24h', '7d', '28d', '30d')"+`
GROUP BY line, currency, `+"`window`"+`
ORDER BY line, currency, transform(`+"`window`, ['24h', '7d', '28d', '30d'], [1, 2, 3, 4], 0)", r.here(), func(scan func(...any) error) error {
		var w Window
		err := scan(&w.Line, &w.Currency, &w.Window, &w.Calls, &w.Revenue, &w.Cost)
		r.out.Windows = append(r.out.Windows, w)
		return err
	})
}

func (r *reader) active(ctx context.Context) error {
	return r.each(ctx, "SELECT line, CAST(groupArray((toString(`window`), accounts)), 'Map(String, UInt64)')"+`
FROM %s.active_accounts
WHERE as_of = toDateTime(?, 'UTC') AND (? = '' OR line = ? OR line = '*')
GROUP BY line
ORDER BY line = '*', line`, r.midnight(), func(scan func(...any) error) error {
		var a Active
		err := scan(&a.Line, &a.Accounts)
		r.out.Active = append(r.out.Active, a)
		return err
	})
}

func (r *reader) recurring(ctx context.Context) error {
	return r.each(ctx, `SELECT line, currency, sum(subscriptions), toString(sum(mrr))
FROM %s.mrr
WHERE as_of = toDateTime(?, 'UTC') AND (? = '' OR line = ?)
GROUP BY line, currency
ORDER BY line, currency`, r.here(), func(scan func(...any) error) error {
		var c Recurring
		err := scan(&c.Line, &c.Currency, &c.Subscriptions, &c.MRR)
		r.out.Recurring = append(r.out.Recurring, c)
		return err
	})
}

// movements reads the movements by month and adds them up: for each line over
// all months, and from month to month to the MRR at the month's end.
func (r *reader) movements(ctx context.Context) error {
	err := r.each(ctx, `SELECT line, currency, formatDateTime(time, '%%Y-%%m', 'UTC') AS month,
    toString(sumIf(amount, movement = 'new')), toString(sumIf(amount, movement = 'expansion')),
    toString(sumIf(amount, movement = 'reactivation')), toString(sumIf(amount, movement = 'contraction')),
    toString(sumIf(amount, movement = 'churn')), countIf(movement = 'churn')
FROM %s.mrr_movements
WHERE time < toDateTime(?, 'UTC') AND (? = '' OR line = ?)
GROUP BY line, currency, month
ORDER BY line, currency, month`, r.here(), func(scan func(...any) error) error {
		var m Month
		err := scan(&m.Line, &m.Currency, &m.Month, &m.New, &m.Expansion, &m.Reactivation, &m.Contraction, &m.Churn, &m.Churned)
		r.out.Months = append(r.out.Months, m)
		return err
	})
	if err != nil {
		return err
	}
	for i := range r.out.Months {
		m := &r.out.Months[i]
		line := r.recurringOf(m.Line, m.Currency)
		if line.Movements, err = line.Movements.plus(m.Movements); err != nil {
			return err
		}
		if m.MRR, err = line.Movements.sum(); err != nil {
			return err
		}
	}
	slices.SortFunc(r.out.Recurring, func(a, b Recurring) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Currency, b.Currency))
	})
	return nil
}

// recurringOf is the entry of a line and currency, new if it has no MRR now.
func (r *reader) recurringOf(line, currency string) *Recurring {
	for i := range r.out.Recurring {
		if c := &r.out.Recurring[i]; c.Line == line && c.Currency == currency {
			return c
		}
	}
	r.out.Recurring = append(r.out.Recurring, Recurring{Line: line, Currency: currency})
	return &r.out.Recurring[len(r.out.Recurring)-1]
}

func (m Movements) plus(n Movements) (Movements, error) {
	var errs [5]error
	m.New, errs[0] = m.New.plus(n.New)
	m.Expansion, errs[1] = m.Expansion.plus(n.Expansion)
	m.Reactivation, errs[2] = m.Reactivation.plus(n.Reactivation)
	m.Contraction, errs[3] = m.Contraction.plus(n.Contraction)
	m.Churn, errs[4] = m.Churn.plus(n.Churn)
	m.Churned += n.Churned
	return m, errors.Join(errs[:]...)
}

// sum is the change of MRR that the movements make.
func (m Movements) sum() (sum Amount, err error) {
	for _, part := range []Amount{m.New, m.Expansion, m.Reactivation, m.Contraction, m.Churn} {
		if sum, err = sum.plus(part); err != nil {
			return sum, err
		}
	}
	return sum, nil
}

func (r *reader) arr(ctx context.Context) error {
	return r.each(ctx, `SELECT line, currency, toString(usage_arr), toString(subscription_arr), toString(arr)
FROM %s.arr
WHERE as_of = toDateTime(?, 'UTC') AND (? = '' OR line = ?)
ORDER BY line, currency`, r.here(), func(scan func(...any) error) error {
		var a ARR
		err := scan(&a.Line, &a.Currency, &a.Usage, &a.Subscription, &a.ARR)
		r.out.ARR = append(r.out.ARR, a)
		return err
	})
}

func (r *reader) netNew(ctx context.Context) error {
	return r.each(ctx, `SELECT line, currency, toString(opening), toString(new), toString(expansion), toString(reactivation),
    toString(contraction), toString(churn), toString(closing), toString(net_new)
FROM %s.net_new_arr
WHERE as_of = toDateTime(?, 'UTC') AND (? = '' OR line = ?)
ORDER BY line, currency`, r.midnight(), func(scan func(...any) error) error {
		var n NetNew
		err := scan(&n.Line, &n.Currency, &n.Opening, &n.New, &n.Expansion, &n.Reactivation, &n.Contraction, &n.Churn, &n.Closing, &n.NetNew)
		r.out.NetNew = append(r.out.NetNew, n)
		return err
	})
}
