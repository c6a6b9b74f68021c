// Package verify proves what the views show, or says which rows are wrong. It
// reads the log again and holds each record against the ledgers, usage_events and
// the subscription changes, and the dead letters; and it computes every view again
// from the ledgers. It compares row by row, exactly, in both directions: a row that
// is missing and one too many are mistakes like a wrong number. What could not be
// compared is Unknown, which is not proved.
//
// It shares no code with the folds. What it recomputes it takes from
// DEFINITIONS V1 to V29; heavy sums are ClickHouse's own, whose decimals are exact.
//
// Start at Run and the list of checks. A check brings two ordered streams of
// rows together in a matcher, so that memory does not grow with the rows.
package verify

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	chschema "runrate/schemas/clickhouse"
)

// Options say what to verify and how.
type Options struct {
	Conn     driver.Conn
	Database chschema.Database
	// Log is the log; nil leaves out the checks that need it.
	Log Log
	// Sample is about how many records of each partition are held against the
	// ledgers; 0 is all of them.
	Sample int64
	// Show is how many of the differing rows of a check are kept.
	Show int
	// Patience is how long to wait, after a check failed, for the progress of a
	// write that may have been under way.
	Patience time.Duration
	// Owed is how long to wait for what late events changed and is not written yet.
	Owed time.Duration
	// Done, if not nil, is told each result as it comes.
	Done func(Result)
}

// check is one line of the table.
type check struct {
	view, proves string
	run          func(ctx context.Context, r *reader, s *state, d *Differences) error
	needs        needs
}

// needs says what a check cannot be made without.
type needs uint8

const (
	theLog      needs = 1 << iota
	usageClocks       // of every partition, or no as_of is shown that could be compared
	subscriptionClocks
	bothClocks = usageClocks | subscriptionClocks
)

// checks are made in this order: what a later one builds on is proved before.
var checks = []check{
	{"accounting", "fetched = accepted + duplicate + refused + control + skipped + lost, and each is there", checkAccounting, 0},
	{"freshness", "every partition of the log, not beyond it", checkLog, theLog},
	{"freshness", "no partition is halted", checkHalted, 0},
	{"(all)", "no row's version is beyond the log", checkVersions, theLog},
	{"usage_events", "each record: accepted at its price, refused, duplicate or control", checkUsageRecords, theLog},
	{"subscriptions", "each record: accepted, refused, duplicate or control", checkSubscriptionRecords, theLog},
	{"accounting", "each count, the first offset and the clock, from the log", checkCounts, theLog},
	{"usage_events", "no identity twice, over all partitions", checkUsageIdentities, 0},
	{"subscriptions", "no identity twice, over all partitions", checkSubscriptionIdentities, 0},
	{"(all)", "no as_of is shown before the clocks passed it", checkHeldBack, 0},
	{"usage_hourly", "panes = events", checkPanes, 0},
	{"rolling_revenue", "windows = panes", checkWindows, usageClocks},
	{"usage_hourly", "one-off adjustments of panes = events", checkOneOffPanes, 0},
	{"rolling_revenue", "one-off adjustments of windows = panes", checkOneOffWindows, usageClocks},
	{"active_accounts", "distinct accounts of usage_events", checkActive, usageClocks},
	{"account_daily", "days = events", checkDays, usageClocks},
	{"subscriptions", "MRR of each change, from its terms", checkTerms, 0},
	{"subscriptions", "the latest change of each", checkSubscriptions, 0},
	{"mrr_movements", "derived from the changes", checkMovements, 0},
	{"mrr_movements", "movements sum to MRR", checkMovementSums, subscriptionClocks},
	{"mrr", "the changes before each hour", checkMRR, subscriptionClocks},
	{"arr", "multiplier x window + 12 x MRR", checkARR, bothClocks},
	{"net_new_arr", "opening + movements = closing = arr", checkBridge, bothClocks},
	{"net_new_arr", "each account's own movements", checkAccountBridges, bothClocks},
	{"account_arr", "adds up to arr", checkAccountARR, bothClocks},
	{"arr_bridge", "since when each account has ARR", checkFirsts, bothClocks},
	{"arr_bridge", "adds up to net_new_arr", checkAccountsBridge, bothClocks},
	{"retention", "is net_new_arr, by line", checkRetention, bothClocks},
	{"restatements", "late events by the ticks before them", checkLate, 0},
	{"restatements", "the last of each midnight is arr", checkRestatements, bothClocks},
}

// Run makes all checks. An error means that one could not be made at all;
// differences are in the results.
//
// What it reads may be written to meanwhile. A check that fails while the
// pipeline moved on is made once more.
func Run(ctx context.Context, o Options) ([]Result, error) { return run(ctx, o, checks) }

func run(ctx context.Context, o Options, checks []check) ([]Result, error) {
	r := &reader{conn: o.Conn, database: o.Database, log: o.Log, sample: o.Sample, counted: map[source]counted{}}
	var err error
	if r.spread, err = chschema.IsSpread(ctx, o.Conn, o.Database); err != nil {
		return nil, err
	}
	if err := r.awaitPaid(ctx, o.Owed); err != nil {
		return nil, err
	}
	s, err := r.state(ctx)
	if err != nil {
		return nil, err
	}
	var results []Result
	for _, c := range checks {
		var result Result
		result, s, err = c.settled(ctx, r, s, o)
		if err != nil {
			return results, fmt.Errorf("verify %s (%s): %w", c.view, c.proves, err)
		}
		results = append(results, result)
		if o.Done != nil {
			o.Done(result)
		}
	}
	return results, nil
}

// settled makes a check, and once more if it failed while the pipeline moved on;
// then the state is the newer one.
func (c check) settled(ctx context.Context, r *reader, s *state, o Options) (Result, *state, error) {
	if c.needs&theLog != 0 && o.Log == nil {
		return Result{View: c.view, Proves: c.proves, Outcome: LeftOut}, s, nil
	}
	result, err := c.make(ctx, r, s, o.Show)
	if err != nil || result.Outcome != Differs {
		return result, s, err
	}
	now, err := r.movedOn(ctx, s, o.Patience)
	if err != nil || now == nil {
		return result, s, err
	}
	if err := r.awaitPaid(ctx, o.Owed); err != nil {
		return result, s, err
	}
	if now, err = r.state(ctx); err != nil {
		return result, s, err
	}
	result, err = c.make(ctx, r, now, o.Show)
	result.Note = strings.TrimPrefix(result.Note+"; progress moved during the check; made again", "; ")
	return result, now, err
}

func (c check) make(ctx context.Context, r *reader, s *state, show int) (Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the queries of a check that gave up
	began := time.Now()
	d := &Differences{show: show}
	err := c.run(ctx, r, s, d)
	if d.Compared == 0 {
		c.withoutClock(s, d)
	}
	return Result{View: c.view, Proves: c.proves, Compared: d.Compared, Differ: d.Count, Rows: d.Rows,
		Outcome: d.outcome(), Scope: d.scope, Lost: d.lost, Note: d.note(), Took: time.Since(began)}, err
}

// withoutClock doubts a check that compared nothing because views hold back every
// as_of while a partition has no clock, though there is something to show.
func (c check) withoutClock(s *state, d *Differences) {
	var accepted uint64
	var without []string
	for _, t := range []struct {
		needs needs
		topic topicState
	}{{usageClocks, s.usage}, {subscriptionClocks, s.subs}} {
		if c.needs&t.needs != 0 {
			accepted += t.topic.accepted
			without = append(without, t.topic.without...)
		}
	}
	if accepted > 0 && len(without) > 0 {
		d.doubt("no as_of could be compared: %s; views show none until every partition has a tick (runrate tick)", strings.Join(without, ", "))
	}
}
