// Package verify proves what the views show, or says which rows are wrong. It
// computes every view again from usage_events and the ledger of subscription
// changes and compares row by row, exactly, in both directions: a row that is
// missing and one too many are mistakes like a wrong number.
//
// It shares no code with the folds. What it recomputes it takes from
// DEFINITIONS V1 to V13; heavy sums are ClickHouse's own, whose decimals are exact.
//
// Start at Run and the list of checks. A check brings two ordered streams of
// rows together in a matcher, so that memory does not grow with the rows.
package verify

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"runrate/internal/broker"
	"runrate/internal/stream"
	chschema "runrate/schemas/clickhouse"
)

// Options say what to verify and how.
type Options struct {
	Conn     driver.Conn
	Database chschema.Database
	// Log answers how far the log goes; nil leaves that check out.
	Log LogRanges
	// Show is how many of the differing rows of a check are kept.
	Show int
	// Patience is how long to wait, after a check failed, for the progress of a
	// write that may have been under way.
	Patience time.Duration
	// Done, if not nil, is told each result as it comes.
	Done func(Result)
}

// LogRanges is broker.Client's part.
type LogRanges interface {
	Offsets(ctx context.Context, topic stream.Topic) (map[int32]broker.Range, error)
}

// check is one line of the table.
type check struct {
	view, proves string
	run          func(ctx context.Context, r *reader, s *state, d *Differences) error
}

// checks are made in this order: what a later one builds on is proved before.
var checks = []check{
	{"accounting", "fetched = accepted + duplicate + refused + control, and each is there", checkAccounting},
	{"freshness", "folded is not beyond the log", checkLog},
	{"(all)", "no as_of is shown before the clocks passed it", checkHeldBack},
	{"usage_hourly", "panes = events", checkPanes},
	{"rolling_revenue", "windows = panes", checkWindows},
	{"active_accounts", "distinct accounts of usage_events", checkActive},
	{"subscriptions", "MRR of each change, from its terms", checkTerms},
	{"subscriptions", "the latest change of each", checkSubscriptions},
	{"mrr_movements", "derived from the changes", checkMovements},
	{"mrr_movements", "movements sum to MRR", checkMovementSums},
	{"mrr", "the changes before each hour", checkMRR},
	{"arr", "multiplier x window + 12 x MRR", checkARR},
	{"net_new_arr", "opening + movements = closing = arr", checkBridge},
	{"net_new_arr", "each account's own movements", checkAccountBridges},
}

// Run makes all checks. An error means that one could not be made at all;
// differences are in the results.
//
// What it reads may be written to meanwhile. A check that fails while the
// pipeline moved on is made once more.
func Run(ctx context.Context, o Options) ([]Result, error) {
	r := &reader{conn: o.Conn, database: o.Database, log: o.Log}
	s, err := r.state(ctx)
	if err != nil {
		return nil, err
	}
	var results []Result
	for _, c := range checks {
		if c.view == "freshness" && o.Log == nil {
			continue
		}
		result, err := c.make(ctx, r, s, o.Show)
		if err == nil && result.Outcome == Differs {
			var now *state
			if now, err = r.movedOn(ctx, s, o.Patience); now != nil {
				s = now
				if result, err = c.make(ctx, r, s, o.Show); err == nil {
					result.Note = "progress moved during the check; made again"
				}
			}
		}
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

func (c check) make(ctx context.Context, r *reader, s *state, show int) (Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the queries of a check that gave up
	began := time.Now()
	d := &Differences{show: show}
	err := c.run(ctx, r, s, d)
	result := Result{View: c.view, Proves: c.proves, Compared: d.Compared, Differ: d.Count, Rows: d.Rows, Note: d.unknown, Took: time.Since(began)}
	switch {
	case d.Count > 0:
		result.Outcome = Differs
	case d.unknown != "":
		result.Outcome = Unknown
	}
	return result, err
}
