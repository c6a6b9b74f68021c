package check

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"runrate/internal/truth"
	"runrate/schemas/definitions"
)

// The places of the questions in what asked returns.
const (
	events = iota
	hourly
	adjustments
	windows
	active
	subscriptions
	movements
	mrr
	arr
	netNew
	deadLetters
)

// asked is all that Check asks, without answers. In the SQL, v is the view, END the
// end of the history and DB the database.
func asked() []Question {
	own := "v.line IN ('" + truth.UsageLine + "', '" + truth.SubscriptionLine + "')"
	const (
		asOf  = " AND v.as_of = END"
		month = "formatDateTime(v.time, '%Y-%m')"
	)
	totals := []string{"revenue", "cost", "events"}
	list := []Question{
		events: {View: "usage_events", key: "concat(v.line, '/', v.product, '/', " + month + ")", names: totals,
			columns: []string{"sum(v.revenue)", "sum(v.cost)", "countIf(v.type = 'usage.recorded')"},
			where:   own + " AND v.time < END"},
		hourly: {View: "usage_hourly", key: "concat(v.line, '/', v.product, '/', formatDateTime(v.hour, '%Y-%m'))", names: totals,
			columns: []string{"sum(v.revenue)", "sum(v.cost)", "sum(v.events)"},
			where:   own + " AND v.hour < END"},
		adjustments: {View: "usage_events", key: "concat(v.line, '/adjustments/', " + month + ")", names: []string{"count", "amount"},
			columns: []string{"count()", "sum(v.revenue)"},
			where:   own + " AND v.time < END AND v.type = 'adjustment.recorded'"},
		windows: {View: "rolling_revenue", key: "concat(v.line, '/', v.product, '/', v.`window`)", names: totals,
			columns: []string{"sum(v.revenue)", "sum(v.cost)", "sum(v.events)"},
			where:   own + asOf + " AND v.`window` IN (" + wholeDays() + ")"},
		active: {View: "active_accounts", key: "concat(v.line, '/', v.`window`)", names: []string{"accounts"},
			columns: []string{"sum(v.accounts)"}, where: own + asOf},
		subscriptions: {View: "subscriptions", key: "concat(v.line, '/', v.plan)", names: []string{"count"},
			columns: []string{"count()"}, where: own},
		movements: {View: "mrr_movements", key: "concat(v.line, '/', " + month + ", '/', v.movement)", names: []string{"count", "amount"},
			columns: []string{"count()", "sum(v.amount)"}, where: own + " AND v.time < END"},
		mrr: {View: "mrr", key: "concat(v.line, '/', v.plan)", names: []string{"mrr", "subscriptions"},
			columns: []string{"sum(v.mrr)", "sum(v.subscriptions)"}, where: own + asOf},
		arr: {View: "arr", key: "v.line", names: []string{"usage_arr", "subscription_arr", "arr"},
			columns: []string{"sum(v.usage_arr)", "sum(v.subscription_arr)", "sum(v.arr)"}, where: own + asOf},
		netNew: {View: "net_new_arr", key: "v.line", where: own + asOf},
		deadLetters: {View: "dead_letters", key: "v.reason", names: []string{"records"},
			// A history that is sent again is refused again, and for its age
			// where that was no reason at first: each event once, by its id, which
			// follows the source in both forms, and as it was at first.
			from: "(SELECT argMin(d.reason, d.`offset`) AS reason FROM DB.dead_letters AS d" +
				" WHERE position(d.payload, '" + truth.FaultSource + "') > 0" +
				" GROUP BY extract(d.payload, '" + truth.FaultSource + "[^s]+(s[0-9]+)'))",
			columns: []string{"count()"}, where: "1"},
	}
	for i := range list {
		list[i].key = "toString(" + list[i].key + ")"
	}
	return list
}

// Questions are all that Check asks, with the answers that the truth gives.
func Questions(t *truth.Truth) []Question {
	list := asked()
	for _, u := range t.Usage {
		a := Answer{join(u.Line, u.Product, u.Month), []string{u.Revenue.String(), u.Cost.String(), count(u.Events)}}
		list[events].intended, list[hourly].intended = append(list[events].intended, a), append(list[hourly].intended, a)
	}
	for _, a := range t.Adjustments {
		list[adjustments].expect(join(a.Line, "adjustments", a.Month), count(a.Count), a.Amount.String())
	}
	for _, w := range t.Windows {
		list[windows].expect(join(w.Line, w.Product, w.Window), w.Revenue.String(), w.Cost.String(), count(w.Events))
	}
	for _, a := range t.Active {
		list[active].expect(join(a.Line, a.Window), count(a.Accounts))
	}
	for _, m := range t.MRR {
		list[subscriptions].expect(join(m.Line, m.Plan), count(m.Ever))
		list[mrr].expect(join(m.Line, m.Plan), m.MRR.String(), count(m.Subscriptions))
	}
	for _, m := range t.Movements {
		list[movements].expect(join(m.Line, m.Month, m.Movement), count(m.Count), m.Amount.String())
	}
	for _, a := range t.ARR {
		list[arr].expect(a.Line, a.Usage.String(), a.Subscription.String(), a.ARR.String())
	}
	for _, n := range t.NetNew {
		bridge := &list[netNew]
		bridge.columns, bridge.names = nil, nil
		var numbers []string
		for _, c := range n.Columns() {
			bridge.columns, bridge.names = append(bridge.columns, "sum(v."+c.Name+")"), append(bridge.names, c.Name)
			numbers = append(numbers, c.Amount.String())
		}
		bridge.expect(n.Line, numbers...)
	}
	for _, reason := range slices.Sorted(maps.Keys(t.Sent.Refused)) {
		list[deadLetters].expect(string(reason), count(t.Sent.Refused[reason]))
	}
	return list
}

// wholeDays are the windows that a truth knows, as SQL: it adds up by the day.
func wholeDays() string {
	var names []string
	for _, w := range definitions.Rolling {
		if w.Days() > 0 {
			names = append(names, "'"+w.Name+"'")
		}
	}
	return strings.Join(names, ", ")
}

func (q *Question) expect(key string, numbers ...string) {
	q.intended = append(q.intended, Answer{key, numbers})
}

func join(parts ...string) string { return strings.Join(parts, "/") }

func count(n uint64) string { return strconv.FormatUint(n, 10) }
