// Package oracle computes every view of section 5 of the contract from a log,
// by brute force, so that tests have something to hold the real program
// against. It shares no code with the program beyond the names in package
// stream: it decodes JSON into maps, keeps money in math/big, and asks each
// view's defining sentence again for every row.
//
// Start at Compute. It judges each partition's records (judge), then derives
// the views from the list of accepted facts. Nothing is folded: a fact is
// never forgotten, and every total is a loop over all facts of its key.
//
// # Rows
//
// A row is its columns joined by tabs; a view is its rows in byte order. Times
// of events are written 2006-01-02T15:04:05.000000Z, hours and as_of
// 2006-01-02T15:04:05Z, money as a plain decimal with 12 decimals, quantities
// as meter=count,meter=count by meter. Columns, in order:
//
//	usage_events     account time line product segment region currency quantities revenue cost source id type
//	usage_hourly     hour line product segment region currency revenue cost events
//	rolling_revenue  as_of window line product segment region currency revenue cost events
//	active_accounts  as_of window line accounts
//	subscriptions    subscription account line plan status segment region currency mrr since
//	mrr_movements    time account line currency subscription movement amount
//	mrr              as_of line plan segment region currency mrr subscriptions
//	arr              as_of line currency usage_arr subscription_arr arr
//	net_new_arr      as_of line currency opening new expansion reactivation contraction churn closing net_new
//	dead_letters     topic partition offset reason
//	accounting       topic partition first_offset next_offset accepted duplicate refused control
//	freshness        topic partition clock next_offset
//
// freshness.clock is empty for a partition without a tick. A partition without
// a record has no row in accounting and freshness.
//
// # Where the contract leaves room
//
//   - Only JSON is decoded: a value that does not begin with { is malformed.
//     A member that is null counts as absent. Attribute names are case-sensitive.
//   - A missing or wrongly typed attribute or required data member is malformed,
//     as are a specversion other than "1.0" and a time that is not RFC 3339;
//     values of the right JSON type that make no sense are invalid. An empty
//     quantities object is invalid, a missing one malformed. An empty product,
//     meter, line, plan or subscription is invalid; an adjustment's reason is
//     required and may be empty.
//   - Bounds on the length of names, which the program sets, are not judged.
//   - usage.recorded and adjustment.recorded on runrate.subscriptions, and
//     subscription.changed on runrate.usage, are of unknown type.
//   - Control records are exempt from placement, duplicates and lateness. An
//     accepted one is control, whether or not it changes anything.
//   - An identity has no type in it, and is a partition's own.
//   - Rated revenue or cost above 10^15 is invalid, judged last since rating
//     needs a price. So is quantity x unit_amount of a subscription, with rule 4.
//   - A price book has a version, an ISO 4217 currency, at least one product, each
//     with a line and at least one meter, each with at least one price; nothing
//     twice; prices and costs (absent: 0) not negative, exact per unit at 12
//     decimals and at most 10^15; percentages in 0..100. Members that it does
//     not know are passed over. If it fails, it is invalid.
//   - A product listed in the book is known; without a price in force at the
//     event's time its meter is unpriced. A meter counted 0 needs a price too.
//     An adjustment needs the product listed, and no price.
//   - A partition without a tick, even one without a record, holds back every
//     as_of of its topic. Once passed, every boundary shows, also those before
//     the first tick.
//   - subscriptions.since is the time of the latest change by (time, offset).
//   - net_new_arr has a row where arr, gates aside, has one at T or T-30d.
//     An account with v other than 0 at either implies that row.
package oracle
