package gen

import (
	"fmt"

	"runrate/internal/stream"
)

// sendSubscription changes a subscription: mostly at a time like any other
// event's, sometimes at exactly the time of an earlier change.
func (g *generator) sendSubscription() {
	e := g.newEvent(stream.Subscriptions.Topic(), "subscription.changed", g.subscriptionData())
	if g.chance(6) {
		for i := len(g.events) - 1; i >= 0; i-- {
			if old := g.events[i]; old.topic == e.topic && old.time <= g.now && g.chance(2) {
				e.time, e.account, e.key = old.time, old.account, old.key
				e.set("time", quote(g.zoned(e.time)))
				e.set("subject", quote(e.account))
				break
			}
		}
	}
	g.send(e)
}

// subscriptionData is a whole state. Few subscriptions and few prices, so that
// sums often return to where they were.
func (g *generator) subscriptionData() []member {
	status := pick(g, "active", "active", "active", "active", "past_due", "trialing", "paused", "unpaid", "canceled")
	list := []member{
		{"subscription", quote(pick(g, "sub_1", "sub_1", "sub_2", "sub_9"))},
		{"line", quote(pick(g, "chat", "chat", "chat", "api"))},
		{"plan", quote(pick(g, "team", "team", "pro"))},
		{"status", quote(status)},
		{"quantity", fmt.Sprint(pick(g, 0, 1, 1, 2, 25, 25, 7, 999999))},
		{"unit_amount", quote(pick(g, "30.00", "30.00", "60", "0.01", "99.999999999999", "0.000000000001", "0"))},
		{"currency", quote(pick(g, "USD", "USD", "USD", "EUR"))},
		{"interval", quote(pick(g, "month", "month", "month", "year", "week", "day"))},
	}
	if g.chance(12) {
		replace(list, "quantity", g.inOtherWords(pick(g, 0, 1, 25, 7)))
	}
	if g.chance(25) { // on either side of 10^15 together
		replace(list, "quantity", "9007199254740992")
		replace(list, "unit_amount", quote(pick(g, "0.11", "0.12")))
	}
	if g.chance(3) {
		list = append(list, member{"interval_count", pick(g, "1", "2", "3", "7", "12", "1000", "3.0", "1e3")})
	}
	if g.chance(2) {
		list = append(list, member{"discount_percent", quote(pick(g, "0", "10", "33.33", "50", "100", "0.000000000001"))})
	}
	return append(list, g.place()...)
}
