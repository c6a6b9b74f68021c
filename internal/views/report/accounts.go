package report

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"runrate/schemas/definitions"
)

// Retention is what became of a line's ARR between Midnight - 30 days and Midnight.
type Retention struct {
	Line            string   `json:"line"` // * is all lines, each account added up over them first
	Currency        string   `json:"currency"`
	NRR             *float64 `json:"nrr"` // net revenue retention; null where the opening is 0
	GRR             *float64 `json:"grr"` // gross, without expansion
	QuickRatio      *float64 `json:"quick_ratio"`
	LogoChurn       *float64 `json:"logo_churn"`       // accounts churned / accounts at the opening
	ARPA            *Amount  `json:"arpa"`             // closing ARR by account
	AccountsOpening uint64   `json:"accounts_opening"` // above 0
	AccountsClosing uint64   `json:"accounts_closing"`
}

// Mover is an account that added much to a line's ARR in the 30 days before Midnight.
type Mover struct {
	Account  string `json:"account"`
	Line     string `json:"line"`
	Currency string `json:"currency"`
	Movement string `json:"movement"` // of each kind of ARR that moved
	Before   Amount `json:"before"`
	Now      Amount `json:"now"`
	Amount   Amount `json:"amount"`
}

// Cohort is the accounts whose first ARR was of one month, some months later.
type Cohort struct {
	Cohort   string   `json:"cohort"` // 2026-11
	Month    uint16   `json:"month"`  // 0 is the cohort's own
	Currency string   `json:"currency"`
	Accounts uint64   `json:"accounts"`
	Active   uint64   `json:"active"` // above 0 then
	ARR      Amount   `json:"arr"`
	Share    *float64 `json:"arr_share"` // of month 0; null where that is 0
}

// Course is a line's ARR at each midnight of the 30 days up to Midnight.
type Course struct {
	Line     string   `json:"line"`
	Currency string   `json:"currency"`
	ARR      []Amount `json:"arr"`
}

// movers is how many accounts of a line are named.
const movers = 3

// ask is the parameters of the views over accounts.
func (r *reader) ask() string {
	return fmt.Sprintf("as_of = '%s', days = %d", r.out.Midnight.Format(time.DateOnly), definitions.NetNewDays)
}

// accounts reads the views over accounts. They show nothing, and say so by an error, while a
// partition of either topic has no clock.
func (r *reader) accounts(ctx context.Context) error {
	var ticking bool
	err := r.each(ctx, `SELECT countIf(f.ticked = e.partitions) = 2
FROM (SELECT topic, partitions FROM %[1]s.epochs WHERE shown) AS e
LEFT JOIN (SELECT topic, countIf(toUnixTimestamp(clock) > 0) AS ticked FROM %[1]s.freshness GROUP BY topic) AS f ON e.topic = f.topic`, nil,
		func(scan func(...any) error) error { return scan(&ticking) })
	if err != nil || !ticking {
		return err
	}
	return errors.Join(r.retention(ctx), r.movers(ctx), r.cohorts(ctx))
}

// mine are the arguments of a condition on the line.
func (r *reader) mine() []any { return []any{r.q.Line, r.q.Line} }

func (r *reader) retention(ctx context.Context) error {
	return r.each(ctx, `SELECT line, currency, nrr, grr, quick_ratio, logo_churn, toString(arpa), accounts_opening, accounts_closing
FROM %s.retention(`+r.ask()+`)
WHERE (? = '' OR line = ?)
ORDER BY line = '*', line, currency`, r.mine(), func(scan func(...any) error) error {
		var x Retention
		var arpa *string
		err := scan(&x.Line, &x.Currency, &x.NRR, &x.GRR, &x.QuickRatio, &x.LogoChurn, &arpa, &x.AccountsOpening, &x.AccountsClosing)
		if err == nil && arpa != nil {
			x.ARPA = &Amount{}
			err = x.ARPA.Scan(*arpa)
		}
		r.out.Retention = append(r.out.Retention, x)
		return err
	})
}

func (r *reader) movers(ctx context.Context) error {
	return r.each(ctx, `SELECT account, line, currency, arrayStringConcat(arraySort(groupUniqArrayIf(toString(movement), amount != 0)), ', '),
    toString(sum(before)), toString(sum(now)), toString(sum(amount))
FROM %s.arr_bridge(`+r.ask()+`)
WHERE (? = '' OR line = ?)
GROUP BY account, line, currency
HAVING sum(amount) > 0
ORDER BY line, currency, sum(amount) DESC, account
LIMIT `+fmt.Sprint(movers)+` BY line, currency`, r.mine(), func(scan func(...any) error) error {
		var m Mover
		err := scan(&m.Account, &m.Line, &m.Currency, &m.Movement, &m.Before, &m.Now, &m.Amount)
		r.out.Movers = append(r.out.Movers, m)
		return err
	})
}

// cohorts are over all lines, so a report of one line has none.
func (r *reader) cohorts(ctx context.Context) error {
	if r.q.Line != "" {
		return nil
	}
	return r.each(ctx, `SELECT formatDateTime(cohort, '%%Y-%%m'), month, currency, accounts, active, toString(arr), arr_share
FROM %s.cohorts(as_of = '`+r.out.Midnight.Format(time.DateOnly)+`')
ORDER BY currency, cohort, month`, nil, func(scan func(...any) error) error {
		var c Cohort
		err := scan(&c.Cohort, &c.Month, &c.Currency, &c.Accounts, &c.Active, &c.ARR, &c.Share)
		r.out.Cohorts = append(r.out.Cohorts, c)
		return err
	})
}

// course reads ARR at midnights; one without a row is 0.
func (r *reader) course(ctx context.Context) error {
	first := r.out.Midnight.AddDate(0, 0, -definitions.NetNewDays)
	return r.each(ctx, `SELECT line, currency, toString(arr), toUInt64(dateDiff('day', toDateTime(?, 'UTC'), as_of))
FROM %s.arr
WHERE as_of >= toDateTime(?, 'UTC') AND as_of <= toDateTime(?, 'UTC') AND as_of = toStartOfDay(as_of) AND (? = '' OR line = ?)
ORDER BY line, currency, as_of`, append([]any{max(first.Unix(), 0), max(first.Unix(), 0)}, r.midnight()...), func(scan func(...any) error) error {
		var line, currency string
		var arr Amount
		var at uint64
		if err := scan(&line, &currency, &arr, &at); err != nil {
			return err
		}
		if n := len(r.out.Courses); n == 0 || r.out.Courses[n-1].Line != line || r.out.Courses[n-1].Currency != currency {
			r.out.Courses = append(r.out.Courses, Course{line, currency, make([]Amount, definitions.NetNewDays+1)})
		}
		if at > definitions.NetNewDays {
			return fmt.Errorf("a midnight %d days after %s", at, first)
		}
		r.out.Courses[len(r.out.Courses)-1].ARR[at] = arr
		return nil
	})
}

// line is a course as a line of bars between its least and its highest amount, which is a
// full bar.
func (c Course) line() string {
	least, most := c.ARR[0].Big(), c.ARR[0].Big()
	for _, a := range c.ARR {
		if b := a.Big(); b.Cmp(least) < 0 {
			least = b
		} else if b.Cmp(most) > 0 {
			most = b
		}
	}
	bars := []rune("▁▂▃▄▅▆▇█")
	span := new(big.Int).Sub(most, least)
	var out strings.Builder
	for _, a := range c.ARR {
		level := new(big.Int).Sub(a.Big(), least)
		if span.Sign() > 0 {
			level.Mul(level, big.NewInt(int64(len(bars)-1))).Quo(level, span)
		}
		out.WriteRune(bars[level.Int64()])
	}
	return out.String()
}

// courseOf is the chart of a line, "" if it has none.
func (r *Report) courseOf(line, currency string) string {
	for _, c := range r.Courses {
		if c.Line == line && c.Currency == currency {
			return c.line()
		}
	}
	return ""
}

// retained is the retention, the accounts that added most, and the cohorts.
func (p *printer) retained(r *Report) {
	t := p.table(fmt.Sprintf("Retention over the %d days up to %s", definitions.NetNewDays, midnight(r)), 1,
		"line", "", "NRR", "GRR", "logo churn", "quick ratio", "accounts then", "accounts now", "ARPA")
	for _, x := range r.Retention {
		line, arpa := x.Line, ""
		if line == "*" {
			line = "all lines"
		}
		if x.ARPA != nil {
			arpa = p.money(*x.ARPA)
		}
		t.row(line, x.Currency, percent(x.NRR), percent(x.GRR), percent(x.LogoChurn), times(x.QuickRatio), number(x.AccountsOpening), number(x.AccountsClosing), arpa)
	}
	t.end()

	t = p.table(fmt.Sprintf("Accounts that added most, %d of each line", movers), 3, "line", "account", "movement", "", "before", "now", "added")
	for _, m := range r.Movers {
		t.row(m.Line, m.Account, m.Movement, m.Currency, p.money(m.Before), p.money(m.Now), p.money(m.Amount))
	}
	t.end()
	p.cohorts(r)
}

// cohortsShown is how many cohorts the table has, and months of each; the JSON has all.
const cohortsShown = 6

// cohorts is a triangle: what part of its first ARR each cohort has in the months after.
func (p *printer) cohorts(r *Report) {
	if len(r.Cohorts) == 0 {
		return
	}
	first := r.AsOf.AddDate(0, 1-cohortsShown, 1-r.AsOf.Day()).Format("2006-01")
	columns := []string{"cohort", "", "accounts", "ARR at first"}
	for n := range cohortsShown {
		columns = append(columns, fmt.Sprintf("month %d", n))
	}
	t := p.table(fmt.Sprintf("Cohorts of the last %d months: ARR then, of that of month 0, and accounts above 0", cohortsShown), 1, columns...)
	var row []string
	for i, c := range r.Cohorts {
		if c.Cohort < first {
			continue
		}
		if c.Month == 0 {
			row = []string{c.Cohort, c.Currency, number(c.Accounts), p.money(c.ARR)}
		}
		row = append(row, strings.TrimSpace(percent(c.Share)+" "+number(c.Active)))
		if i+1 == len(r.Cohorts) || r.Cohorts[i+1].Month == 0 {
			t.row(row...)
		}
	}
	t.end()
}

// percent is a ratio in percent, "" if it is none.
func percent(ratio *float64) string {
	if ratio == nil {
		return ""
	}
	return fmt.Sprintf("%.1f%%", *ratio*100)
}

// times is a ratio to one decimal, "" if it is none.
func times(ratio *float64) string {
	if ratio == nil {
		return ""
	}
	return fmt.Sprintf("%.1f", *ratio)
}
