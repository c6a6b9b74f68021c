package oracle

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"runrate/internal/stream"
)

// Log is what the partitions of both topics hold: records in offset order,
// offsets contiguous from the first.
type Log map[stream.Source][]stream.Record

// Options are the settings that change a view.
type Options struct {
	// Factor is what the usage revenue of the 28-day window is multiplied by
	// to make a year; 0 stands for 13.
	Factor int64
	// AsOf, if not nil, limits the as_of views to the instants (microseconds)
	// it accepts, where a test has no use for every hour of a year.
	AsOf func(micros int64) bool
	// Literal evaluates windows at every boundary, rather than once between
	// two boundaries where no event enters or leaves. Slow; the same result.
	Literal bool
	// Statuses are those whose MRR counts; nil stands for active and past_due.
	Statuses []string
	// In is the currency that arr_in and net_new_arr_in are asked for; "" stands for
	// Asked.
	In string
}

// Asked is a currency to ask for.
const Asked = "EUR"

// Converted are the views in a currency asked for, what they lack, and ratios. They
// follow from others and the exchange rates, by SQL alone.
var Converted = []string{"arr_in", "net_new_arr_in", "fx_missing", "retention_30d"}

// Views maps a view's name to its rows in byte order. Every view is present.
type Views map[string][]string

// Names are the views that Compute fills, in the order of DEFINITIONS V1 to V12, and
// those of Converted.
var Names = []string{
	"usage_events", "usage_hourly", "rolling_revenue", "active_accounts", "account_daily",
	"subscriptions", "mrr_movements", "mrr", "arr", "net_new_arr", "restatements",
	"dead_letters", "accounting", "freshness",
	"arr_in", "net_new_arr_in", "fx_missing", "retention_30d",
}

// Spans of time in microseconds.
const (
	second int64 = 1_000_000
	minute       = 60 * second
	hour         = 60 * minute
	day          = 24 * hour
)

// Compute is every view after all of log, whose topics have that many
// partitions each.
func Compute(log Log, partitions int32, opts Options) Views {
	w, views := read(log, partitions, opts)
	views["usage_events"] = w.usageEvents()
	views["usage_hourly"] = w.usageHourly()
	views["rolling_revenue"] = w.rollingRevenue()
	views["active_accounts"] = w.activeAccounts()
	views["account_daily"] = w.accountDaily()
	views["subscriptions"] = w.subscriptions()
	views["mrr_movements"] = w.movements()
	views["mrr"] = w.mrr()
	views["arr"] = w.arr()
	views["net_new_arr"] = w.netNewARR()
	views["restatements"] = w.restatements()
	views["arr_in"] = w.arrIn(views["arr"])
	views["net_new_arr_in"] = w.netNewIn(views["net_new_arr"])
	views["retention_30d"] = retention30d(views["net_new_arr"])
	views["fx_missing"] = w.fxMissing(views["arr"])
	for _, name := range Names {
		slices.Sort(views[name])
	}
	return views
}

// read judges the log, and fills the views that say how.
func read(log Log, partitions int32, opts Options) (*world, Views) {
	if opts.Factor == 0 {
		opts.Factor = 13
	}
	if opts.Statuses == nil {
		opts.Statuses = []string{"active", "past_due"}
	}
	if opts.In == "" {
		opts.In = Asked
	}
	w := &world{opts: opts, stamps: map[int64]string{}}
	views := Views{}
	for _, topic := range stream.Inputs() {
		passed := int64(math.MaxInt64)
		for p := range partitions {
			src := stream.Source{Topic: topic, Partition: p}
			j := judge(src, log[src], partitions, opts.Statuses)
			passed = min(passed, j.clock())
			w.facts = append(w.facts, j.facts()...)
			if topic.Kind() == stream.Usage && p == 0 {
				w.rates = j.rates()
			}
			views["dead_letters"] = append(views["dead_letters"], j.deadLetters()...)
			views["accounting"] = append(views["accounting"], j.accounting()...)
			views["freshness"] = append(views["freshness"], j.freshness()...)
		}
		if topic.Kind() == stream.Usage {
			w.usagePassed = passed
		} else {
			w.subscriptionsPassed = passed
		}
	}
	return w, views
}

// world is what is known after judging: the accepted facts of all partitions
// and how far each topic's clocks have come.
type world struct {
	opts                Options
	facts               []*fact
	usagePassed         int64 // the lowest clock of the topic; noClock if one has none
	subscriptionsPassed int64
	stamps              map[int64]string
	rates               *rateSet // in force in partition 0 of usage
}

// bothPassed is the highest instant that the clocks of both topics passed.
func (w *world) bothPassed() int64 { return min(w.usagePassed, w.subscriptionsPassed) }

// stamp is an as_of instant as text.
func (w *world) stamp(micros int64) string {
	s, ok := w.stamps[micros]
	if !ok {
		s = time.UnixMicro(micros).UTC().Format("2006-01-02T15:04:05Z")
		w.stamps[micros] = s
	}
	return s
}

// eventTime is an event's time as text.
func eventTime(micros int64) string {
	return time.UnixMicro(micros).UTC().Format("2006-01-02T15:04:05.000000Z")
}

// row joins the columns of a row, or of a part of it.
func row(columns ...string) string { return strings.Join(columns, "\t") }

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
