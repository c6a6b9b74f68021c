// Package oracle computes every view (DEFINITIONS V1 to V12) from a log,
// by brute force, so that tests have something to hold the real program
// against. It shares no code with the program beyond the names in package
// stream: it decodes JSON into maps, keeps money in math/big, and asks each
// view's defining sentence again for every row.
//
// Start at Compute. It judges each partition's records (judge), then derives
// the views from the list of accepted facts. Nothing is folded: a fact is
// never forgotten, and every total is a loop over all facts of its key.
//
// Its numbers are its own, too: windows, lateness, the default of usage ARR and
// the span of net new ARR stand here a second time, on purpose, and not taken
// from schemas/definitions. A wrong one there shows as a difference.
//
// # Rows
//
// A row is its columns joined by tabs; a view is its rows in byte order. Times
// of events are written 2006-01-02T15:04:05.000000Z, hours and as_of
// 2006-01-02T15:04:05Z, money as a plain decimal with 12 decimals, quantities
// as meter=count,meter=count by meter. Columns, in order:
//
//	usage_events     account time line product segment region currency quantities revenue cost source id type one_off price_book
//	usage_hourly     hour line product segment region currency revenue cost events
//	rolling_revenue  as_of window line product segment region currency revenue cost events
//	active_accounts  as_of window line accounts
//	account_daily    account line currency day revenue one_off cost events
//	account_arr      account line currency usage_arr subscription_arr arr
//	arr_bridge       account line currency kind before now movement amount
//	retention        line currency opening new expansion reactivation contraction churn closing nrr grr quick_ratio
//	                 accounts_opening accounts_new accounts_reactivated accounts_churned accounts_closing logo_churn arpa
//	cohorts          cohort month currency accounts active arr arr_share
//	subscriptions    subscription account line plan status segment region currency mrr since
//	mrr_movements    time account line currency subscription movement amount
//	mrr              as_of line plan segment region currency mrr subscriptions
//	arr              as_of line currency usage_arr subscription_arr arr
//	net_new_arr      as_of line currency opening new expansion reactivation contraction churn closing net_new
//	restatements     as_of line currency known_on before after
//	dead_letters     topic partition offset reason
//	accounting       topic partition first_offset next_offset accepted duplicate refused control skipped lost
//	freshness        topic partition clock next_offset
//
// freshness.clock is empty for a partition without a tick. A partition without
// a record has no row in accounting and freshness.
//
// # What it judges
//
// The rules are DEFINITIONS E1 to E13, R1 to R9 and M1 to M9, said once more in
// words of its own. Where it is not as strict as they are, a log that is held
// against the program must not go:
//
//   - Only JSON is decoded (DEFINITIONS E1), and a member given twice is no fault (E2):
//     any value that does not begin with { is malformed.
//   - Times are read by Go's time package, which takes no small t or z, and some
//     texts that DEFINITIONS E4 does not.
//   - Bounds on lengths and on the number of meters (DEFINITIONS E13) are not judged.
//   - A price book may have members that it does not know, names of any characters
//     and any size, which DEFINITIONS M5 refuses.
//   - XTS and XXX pass for currencies (DEFINITIONS M9).
//   - No sum is too large: DEFINITIONS M8 stops a partition.
package oracle
