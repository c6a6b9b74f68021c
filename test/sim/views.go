package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/internal/rows"
	"runrate/internal/stream"
	"runrate/schemas/definitions"
)

// Views are the views (DEFINITIONS V1 to V12) over the tables: rows
// collapsed, summed over partitions, held back until every partition's clock
// has passed them. A view is its rows as text, columns joined by tabs, in byte
// order: the form of package oracle. arr multiplies the default window by
// multiplier.
func (t *Tables) Views(partitions int32, multiplier int64, keep func(event.Time) bool) map[string][]string {
	v := t.views(partitions, keep)
	t.mu.Lock()
	defer t.mu.Unlock()
	v.events()
	v.windows()
	v.recurring()
	v.arr(multiplier)
	v.restatements(multiplier)
	v.netNew()
	v.log()
	for _, rows := range v.out {
		slices.Sort(rows)
	}
	return v.out
}

// views are the views before any is made.
func (t *Tables) views(partitions int32, keep func(event.Time) bool) *views {
	t.mu.Lock()
	defer t.mu.Unlock()
	v := &views{t: t, out: map[string][]string{}, arrs: map[string]*sums{}, keep: keep}
	if keep == nil {
		v.keep = func(event.Time) bool { return true }
	}
	v.usage, v.subscriptions = t.passed(stream.Usage.Topic(), partitions), t.passed(stream.Subscriptions.Topic(), partitions)
	return v
}

type views struct {
	t                    *Tables
	usage, subscriptions event.Time // the last as_of to show
	keep                 func(asOf event.Time) bool
	out                  map[string][]string
	arrs                 map[string]*sums // by as_of, line and currency
}

// passed is the clock that every partition of a topic has reached, -1 if one has
// none.
func (t *Tables) passed(topic stream.Topic, partitions int32) event.Time {
	passed := event.MaxTime
	for p := range partitions {
		r := t.progress[stream.Source{Topic: topic, Partition: p}]
		if !r.Ticked {
			return -1
		}
		passed = min(passed, r.Clock)
	}
	return passed
}

func (v *views) add(view string, columns ...string) {
	v.out[view] = append(v.out[view], strings.Join(columns, "\t"))
}

func (v *views) events() {
	for _, e := range v.t.events {
		var quantities []string
		for _, q := range e.Quantities {
			quantities = append(quantities, fmt.Sprintf("%s=%d", q.Meter, q.Count))
		}
		v.add("usage_events", append(append([]string{string(e.Account), micros(e.Time)}, dimensions(e.Dimensions)...),
			strings.Join(quantities, ","), decimal(e.Revenue), decimal(e.Cost), e.Source, e.ID, e.Type.String(), fmt.Sprint(e.OneOff), e.PriceBook)...)
	}
	panes := map[string]*sums{}
	for k, r := range v.t.panes {
		at(panes, strings.Join(append([]string{seconds(k.hour)}, dimensions(k.dimensions)...), "\t")).totals(r.Totals)
	}
	for key, s := range panes {
		v.add("usage_hourly", key, decimal(s.a), decimal(s.b), fmt.Sprint(s.n))
	}
}

func (v *views) windows() {
	rolling := map[string]*sums{}
	for r := range v.t.rolling.all() {
		if r.AsOf <= v.usage && v.keep(r.AsOf) {
			at(rolling, strings.Join(append([]string{seconds(r.AsOf), r.Window}, dimensions(r.Dimensions)...), "\t")).totals(r.Totals)
		}
	}
	for key, s := range rolling {
		v.add("rolling_revenue", key, decimal(s.a), decimal(s.b), fmt.Sprint(s.n))
	}
	for k, r := range v.t.days {
		if k.day+event.Day <= v.usage {
			v.add("account_daily", string(k.account), k.line, k.currency, day(k.day), decimal(r.Totals.Revenue), decimal(r.Totals.OneOff), decimal(r.Totals.Cost), fmt.Sprint(r.Totals.Events))
		}
	}
	active := map[string]*sums{}
	for k, r := range v.t.active {
		if k.asOf <= v.usage && v.keep(k.asOf) {
			at(active, strings.Join([]string{seconds(k.asOf), k.window, k.line}, "\t")).n += r.Accounts
		}
	}
	for key, s := range active {
		v.add("active_accounts", key, fmt.Sprint(s.n))
	}
}

func (v *views) recurring() {
	for _, s := range v.t.subs {
		v.add("subscriptions", s.Subscription, string(s.Account), s.Line, s.Plan, s.Status.String(), s.Segment, s.Region, s.Currency, decimal(s.MRR), micros(s.Since))
	}
	for _, m := range v.t.movements {
		if m.Movement != "" {
			v.add("mrr_movements", micros(m.Time), string(m.Account), m.Line, m.Currency, m.Subscription, m.Movement, decimal(m.Amount))
		}
	}
	mrr := map[string]*sums{}
	for k, r := range v.t.mrr {
		if k.asOf <= v.subscriptions && v.keep(k.asOf) && r.MRR.Sign() > 0 {
			s := at(mrr, strings.Join([]string{seconds(k.asOf), k.line, k.plan, k.segment, k.region, k.currency}, "\t"))
			s.a, s.n = plus(s.a, r.MRR), s.n+r.Subscriptions
		}
	}
	for key, s := range mrr {
		v.add("mrr", key, decimal(s.a), fmt.Sprint(s.n))
	}
}

func (v *views) arr(multiplier int64) {
	passed := min(v.usage, v.subscriptions)
	for r := range v.t.rolling.all() {
		if r.AsOf <= passed && v.keep(r.AsOf) && r.Window == definitions.DefaultARR.Window() {
			s := at(v.arrs, strings.Join([]string{seconds(r.AsOf), r.Dimensions.Line, r.Dimensions.Currency}, "\t"))
			s.a = plus(s.a, times(plus(r.Totals.Revenue, r.Totals.OneOff.Neg()), multiplier))
		}
	}
	for k, r := range v.t.mrr {
		if k.asOf <= passed && v.keep(k.asOf) && r.MRR.Sign() > 0 {
			s := at(v.arrs, strings.Join([]string{seconds(k.asOf), k.line, k.currency}, "\t"))
			s.b = plus(s.b, times(r.MRR, 12))
		}
	}
	for key, s := range v.arrs {
		v.add("arr", key, decimal(s.a), decimal(s.b), decimal(plus(s.a, s.b)))
	}
}

func (v *views) netNew() {
	passed := min(v.usage, v.subscriptions)
	all := map[string]*rows.NetNew{}
	for k, r := range v.t.netnew {
		if k.asOf > passed || !v.keep(k.asOf) || r.Accounts == 0 {
			continue
		}
		key := strings.Join([]string{seconds(k.asOf), k.line, k.currency}, "\t")
		if all[key] == nil {
			all[key] = &rows.NetNew{}
		}
		n, m := all[key], r
		n.Opening, n.Closing = plus(n.Opening, m.Opening), plus(n.Closing, m.Closing)
		n.New, n.Expansion, n.Reactivation = plus(n.New, m.New), plus(n.Expansion, m.Expansion), plus(n.Reactivation, m.Reactivation)
		n.Contraction, n.Churn = plus(n.Contraction, m.Contraction), plus(n.Churn, m.Churn)
	}
	for key, n := range all {
		v.add("net_new_arr", key, decimal(n.Opening), decimal(n.New), decimal(n.Expansion), decimal(n.Reactivation),
			decimal(n.Contraction), decimal(n.Churn), decimal(n.Closing), decimal(plus(n.Closing, n.Opening.Neg())))
	}
}

func (v *views) log() {
	for k, r := range v.t.dead {
		v.add("dead_letters", k.source.Topic.String(), fmt.Sprint(k.source.Partition), fmt.Sprint(k.offset), string(r.Reason))
	}
	for s, p := range v.t.progress {
		if p.NextOffset == p.FirstOffset {
			continue
		}
		clock := ""
		if p.Ticked {
			clock = micros(p.Clock)
		}
		v.add("accounting", s.Topic.String(), fmt.Sprint(s.Partition), fmt.Sprint(p.FirstOffset), fmt.Sprint(p.NextOffset),
			fmt.Sprint(p.Accepted), fmt.Sprint(p.Duplicate), fmt.Sprint(p.Refused), fmt.Sprint(p.Control),
			fmt.Sprint(p.Skipped), fmt.Sprint(p.Lost))
		v.add("freshness", s.Topic.String(), fmt.Sprint(s.Partition), clock, fmt.Sprint(p.NextOffset))
	}
}

// sums are two amounts and a count of a group.
type sums struct {
	a, b money.Amount
	n    int64
}

func (s *sums) totals(t rows.Totals) {
	s.a, s.b, s.n = plus(s.a, t.Revenue), plus(s.b, t.Cost), s.n+t.Events
}

func at(m map[string]*sums, key string) *sums {
	if m[key] == nil {
		m[key] = &sums{}
	}
	return m[key]
}

func plus(a, b money.Amount) money.Amount {
	sum, ok := a.Add(b)
	if !ok {
		panic("sim: sum out of range")
	}
	return sum
}

func times(a money.Amount, n int64) money.Amount {
	product, ok := a.MulInt(n)
	if !ok {
		panic("sim: product out of range")
	}
	return product
}

func dimensions(d rows.Dimensions) []string {
	return []string{d.Line, d.Product, d.Segment, d.Region, d.Currency}
}

func micros(t event.Time) string  { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }
func day(t event.Time) string     { return t.UTC().Format(time.DateOnly) }
func seconds(t event.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// decimal is the amount with all its 12 decimals.
func decimal(a money.Amount) string {
	s := a.String()
	whole, fraction, _ := strings.Cut(s, ".")
	return whole + "." + fraction + "000000000000"[len(fraction):]
}
