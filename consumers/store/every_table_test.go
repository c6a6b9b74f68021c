package store

import (
	"testing"

	"runrate/internal/event"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

// usageRows are rows of every table of the usage fold, at the edges of what its
// columns hold.
func usageRows() rows.Changes {
	total := rows.Totals{Revenue: amount("-12.5"), Cost: amount("99999999999999999999999999.999999999999"), Events: 3}
	p := ticked(9, "2026-11-24T00:00:00Z")
	p.FirstOffset, p.Accepted, p.Duplicate, p.Refused, p.Control, p.Skipped, p.Lost = 1, 2, 1, 1, 1, 2, 1
	return rows.Changes{
		Source: usage0,
		UsageEvents: seq(
			rows.UsageEvent{Account: "acct_42", Time: at("2026-11-23T07:31:05.123456Z"), Dimensions: chat,
				Quantities: []event.Quantity{{Meter: "input_tokens", Count: event.MaxQuantity}, {Meter: "output_tokens", Count: 0}},
				Revenue:    amount("0.000000000001"), Cost: amount("2"), Source: "gw", ID: "ü", Type: event.UsageRecorded, PriceBook: "v1", Version: 5},
			rows.UsageEvent{Account: "acct_42", Time: event.MaxTime - 1, Dimensions: rows.Dimensions{Currency: "EUR"},
				Revenue: amount("-1000000000000000"), Source: "gw", ID: "2", Type: event.AdjustmentRecorded, OneOff: true, PriceBook: "v1", Version: 6},
		),
		UsagePanes:     seq(rows.UsagePane{Hour: at("2026-11-23T07:00:00Z"), Dimensions: chat, Totals: total, Version: 6}),
		Rolling:        seq(rows.RollingRevenue{AsOf: at("2026-11-24T00:00:00Z"), Window: "28d", Dimensions: chat, Totals: total, Version: 8}),
		ActiveAccounts: seq(rows.ActiveAccounts{AsOf: at("2026-11-24T00:00:00Z"), Window: "1d", Line: "*", Accounts: 1, Version: 8}),
		AccountDays:    seq(rows.AccountDay{Account: "acct_42", Line: "api", Currency: "USD", Day: at("2026-11-23T00:00:00Z"), Totals: total, Version: 8}),
		Firsts:         seq(rows.First{Account: "acct_42", Line: "api", Currency: "USD", Midnight: at("2026-11-24T00:00:00Z"), Version: 8}),
		NetNew: seq(rows.NetNew{AsOf: at("2026-11-24T00:00:00Z"), Line: "api", Currency: "USD", Opening: amount("1"), New: amount("2"),
			Expansion: amount("4"), Reactivation: amount("8"), Contraction: amount("-3"), Churn: amount("-1"), Closing: amount("11"), Accounts: 1, Version: 8}),
		Late: seq(rows.Late{Line: "api", Currency: "USD", Day: at("2026-11-23T00:00:00Z"), Folded: at("2026-11-24T00:00:00Z"), Amount: amount("0.5"), Version: 8}),
		DeadLetters: seq(
			rows.DeadLetter{Offset: 4, Time: -1000, Reason: event.Malformed, Detail: "no JSON", Key: []byte("k\x00"), Headers: []event.Header{{Name: "ce_id", Value: []byte("\xff")}, {Name: "", Value: nil}}, Payload: []byte("\xff\x00{")},
		),
		Progress: p,
	}
}

// subscriptionRows are rows of every table of the subscription fold.
func subscriptionRows() rows.Changes {
	return rows.Changes{
		Source: subs0,
		Subscriptions: seq(rows.Subscription{Account: "acct_42", Subscription: "sub_9", Line: "chat", Plan: "team", Status: event.PastDue,
			Segment: "business", Region: "us", Currency: "USD", MRR: amount("675"), Since: at("2026-11-01T00:00:00Z"), Version: 2}),
		Movements: seq(
			rows.Movement{Account: "acct_42", Line: "chat", Currency: "USD", Time: at("2026-11-01T00:00:00Z"), Change: 2,
				Subscription: "sub_9", Movement: "new", Amount: amount("675"), Version: 2},
			rows.Movement{Account: "acct_42", Line: "api", Currency: "USD", Time: at("2026-11-01T00:00:00Z"), Change: 2, Version: 2},
		),
		MRR: seq(
			rows.MRR{AsOf: at("2026-11-24T00:00:00Z"), Line: "chat", Plan: "team", Segment: "business", Region: "us", Currency: "USD",
				MRR: amount("675"), Subscriptions: 1, Version: 3},
			rows.MRR{AsOf: at("2026-11-24T00:00:00Z"), Line: "chat", Plan: "solo", Segment: "business", Region: "us", Currency: "USD", Version: 3},
		),
		NetNew: seq(rows.NetNew{AsOf: at("2026-11-24T00:00:00Z"), Line: "chat", Currency: "USD", New: amount("8100"), Closing: amount("8100"), Accounts: 1, Version: 3}),
		Late:   seq(rows.Late{Line: "chat", Currency: "USD", Day: at("2026-11-23T00:00:00Z"), Folded: at("2026-11-24T00:00:00Z"), Amount: amount("-1"), Version: 3}),
		// Its number of partitions is known, and its clock has passed.
		Progress: ticked(4, "2026-11-24T00:00:00.5Z"),
	}
}

// everyView is what the views show of both.
var everyView = map[string][]string{
	"usage_events": {
		"('acct_42','2026-11-23 07:31:05.123456','api','chat-large','enterprise','eu','USD',{'input_tokens':9007199254740992,'output_tokens':0},0.000000000001,2,'gw','ü','usage.recorded',false,0,5,'v1')",
		"('acct_42','2099-12-31 23:59:59.999999','','','','','EUR',{},-1000000000000000,0,'gw','2','adjustment.recorded',true,0,6,'v1')",
	},
	"usage_hourly":    {"('2026-11-23 07:00:00','api','chat-large','enterprise','eu','USD',-12.5,99999999999999999999999999.999999999999,3)"},
	"rolling_revenue": {"('2026-11-24 00:00:00','28d','api','chat-large','enterprise','eu','USD',-12.5,99999999999999999999999999.999999999999,3)"},
	"active_accounts": {"('2026-11-24 00:00:00','1d','*',1)"},
	"account_daily":   {"('acct_42','api','USD','2026-11-23',-12.5,0,99999999999999999999999999.999999999999,3)"},
	"subscriptions":   {"('sub_9','acct_42','chat','team','past_due','business','us','USD',675,'2026-11-01 00:00:00.000000')"},
	"mrr_movements":   {"('2026-11-01 00:00:00.000000','acct_42','chat','USD','sub_9','new',675)"},
	"mrr":             {"('2026-11-24 00:00:00','chat','team','business','us','USD',675,1)"},
	"arr": {
		"('2026-11-24 00:00:00','api','USD',-162.5,0,-162.5)",
		"('2026-11-24 00:00:00','chat','USD',0,8100,8100)",
	},
	"net_new_arr": {
		"('2026-11-24 00:00:00','api','USD',1,2,4,8,-3,-1,11,10)",
		"('2026-11-24 00:00:00','chat','USD',0,8100,0,0,0,0,8100,8100)",
	},
	"restatements": {
		"('2026-11-24 00:00:00','api','USD','2026-11-24 00:00:00',-169,-162.5)",
		"('2026-11-24 00:00:00','chat','USD','2026-11-24 00:00:00',8112,8100)",
	},
	"dead_letters": {"('runrate.usage',0,4,'1970-01-01 00:00:00.000000','malformed','no JSON','k\\0',[('ce_id','\xff'),('','')],'\xff\\0{','open')"},
	"accounting": {
		"('runrate.subscriptions',0,0,4,0,0,0,4,0,0)",
		"('runrate.usage',0,1,9,2,1,1,1,2,1)",
	},
	"definitions": {"(0,28,13,['active','past_due'])"},
}

// Every table, written and read back through its view.
func TestWriteEveryTable(t *testing.T) {
	s := open(t)
	for _, source := range []stream.Source{usage0, subs0} {
		if err := s.OpenEpoch(t.Context(), Record{Topic: source.Topic, Partitions: 1}); err != nil {
			t.Fatal(err)
		}
	}
	write(t, s, 0, usageRows())
	write(t, s, 0, subscriptionRows())
	for view, rows := range everyView {
		t.Run(view, func(t *testing.T) {
			want(t, s, "SELECT toString(tuple(*)) AS line FROM "+s.database.Of(view)+" ORDER BY line", rows...)
		})
	}
	want(t, s, "SELECT concat(topic, ' ', toString(partition), ' ', toString(clock), ' ', toString(next_offset), ' ', toString(written_at > now() - 60)) AS line FROM "+
		s.database.Of("freshness")+" ORDER BY line",
		"runrate.subscriptions 0 2026-11-24 00:00:00.500000 4 1", "runrate.usage 0 2026-11-24 00:00:00.000000 9 1")
	want(t, s, "SELECT hex(key) FROM "+s.database.Of("dead_letter_versions"), "6B00")
}
