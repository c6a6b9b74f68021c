package gen

import (
	"strings"

	"runrate/internal/stream"
)

// sendFault sends a record that is refused, for a reason drawn from all.
// Lateness is usually right, so the fault alone decides.
func (g *generator) sendFault() {
	faults := []func(){g.malformed, g.unknownType, g.misplaced, g.invalidUsage, g.invalidAdjustment,
		g.invalidSubscription, g.invalidEnvelope, g.untimely, g.unpriced, g.badControl}
	if g.mix.Usage == 0 {
		faults = []func(){g.malformed, g.unknownType, g.misplaced, g.invalidSubscription, g.invalidEnvelope, g.untimely, g.badControl}
	}
	pick(g, faults...)()
}

// anyEvent is a sound event, at the clock's time.
func (g *generator) anyEvent() *event {
	account := pick(g, g.accounts...)
	if g.mix.Usage == 0 || g.mix.Subscription > 0 && g.chance(3) {
		return g.eventAt(stream.Subscriptions.Topic(), "subscription.changed", account, g.now, g.subscriptionData())
	}
	if g.chance(4) {
		return g.eventAt(stream.Usage.Topic(), "adjustment.recorded", account, g.now, g.adjustmentData())
	}
	return g.eventAt(stream.Usage.Topic(), "usage.recorded", account, g.now, g.usageData())
}

// malformed sends bytes that are no event, or lack an attribute.
func (g *generator) malformed() {
	e := g.anyEvent()
	src, text := g.home(e), e.text()
	switch g.r.IntN(9) {
	case 0:
		text = pick(g, "", "{", "null", "not json", "[]", "{}", "{]", `"x"`)
	case 1:
		text = text[:len(text)/2]
	case 2:
		text += pick(g, "}", "x", "{}")
	case 3:
		e.drop(pick(g, "specversion", "type", "source", "id", "time", "subject"))
		text = e.text()
	case 4:
		e.set(pick(g, "specversion", "type", "source", "id", "time", "subject"), pick(g, "5", "true", "{}", "[]"))
		text = e.text()
	case 5:
		e.set("time", quote(pick(g, "yesterday", "", "2026-01-01", "2026-02-30T00:00:00Z", "2026-01-01T00:00:00", "1767225600")))
		text = e.text()
	case 6:
		e.set("specversion", quote(pick(g, "0.3", "1", "2.0")))
		text = e.text()
	case 7: // a data member of the wrong type
		e.data[g.r.IntN(len(e.data))].value = pick(g, "[]", "true", "[1]")
		text = e.text()
	case 8: // a data member missing
		e.data = without(e.data, pick(g, e.data[0].name, "currency", "amount", "status", "product"))
		text = e.text()
	}
	g.put(src, e.key, text)
}

// unknownType sends a type nobody knows, or one of the other topic.
func (g *generator) unknownType() {
	e := g.anyEvent()
	if g.chance(3) {
		if e.topic.Kind() == stream.Usage {
			e.topic = stream.Subscriptions.Topic()
		} else {
			e.topic = stream.Usage.Topic()
		}
	} else {
		e.set("type", quote(pick(g, "usage.deleted", "Usage.Recorded", "", "clock", "usage.recorded ")))
	}
	g.send(e)
}

// misplaced sends an event with another key, or to another partition.
func (g *generator) misplaced() {
	e := g.anyEvent()
	src := g.home(e)
	switch g.r.IntN(3) {
	case 0:
		e.key = pick(g, "", "acct_other", e.account+" ")
		g.put(g.home(e), e.key, e.text())
	case 1:
		e.key = e.account + "x"
		g.put(src, e.key, e.text())
	default:
		src.Partition = (src.Partition + 1) % g.partitions // sound if there is only one
		g.put(src, e.key, e.text())
	}
}

func (g *generator) invalidUsage() {
	data := g.usageData()
	bad := pick(g, `{"input_tokens":-1}`, `{"input_tokens":1.5}`, `{"input_tokens":1e-3}`, `{"input_tokens":-1.0}`, `{"input_tokens":1e999999999}`,
		`{"input_tokens":9007199254740993}`, `{"input_tokens":99999999999999999999999}`, `{}`)
	replace(data, "quantities", bad)
	g.send(g.eventAt(stream.Usage.Topic(), "usage.recorded", pick(g, g.accounts...), g.now, data))
}

func (g *generator) invalidAdjustment() {
	data := g.adjustmentData()
	if g.chance(3) {
		replace(data, "currency", quote(pick(g, "ZZZ", "usd", "US", "", "USDX", "EURUSD")))
	} else {
		replace(data, "amount", quote(pick(g, "", "abc", "1e3", "NaN", "Infinity", "0x10", "1,5", "--1", "1.2.3", " 1",
			"0.0000000000001", "1000000000000000.000000000001", "-9999999999999999", "170141183460469231731687303715884105728")))
	}
	g.send(g.eventAt(stream.Usage.Topic(), "adjustment.recorded", pick(g, g.accounts...), g.now, data))
}

func (g *generator) invalidSubscription() {
	data := without(without(g.subscriptionData(), "interval_count"), "discount_percent")
	data = append(data, member{"interval_count", "1"}, member{"discount_percent", `"0"`})
	bad := pick(g, []string{"status", `"expired"`}, []string{"status", `""`}, []string{"interval", `"months"`},
		[]string{"interval_count", "0"}, []string{"interval_count", "1001"}, []string{"interval_count", "-1"},
		[]string{"interval_count", "1.5"}, []string{"discount_percent", `"100.01"`}, []string{"discount_percent", `"-1"`},
		[]string{"discount_percent", `"ten"`}, []string{"unit_amount", `"-0.01"`}, []string{"unit_amount", `"1000000000000001"`},
		[]string{"unit_amount", `"1.0000000000001"`}, []string{"quantity", "-1"}, []string{"quantity", "2.5"}, []string{"quantity", "1e16"}, []string{"interval_count", "1e4"},
		[]string{"quantity", "9007199254740993"}, []string{"currency", `"ZZZ"`}, []string{"line", `"*"`})
	replace(data, bad[0], bad[1])
	g.send(g.eventAt(stream.Subscriptions.Topic(), "subscription.changed", pick(g, g.accounts...), g.now, data))
}

// invalidEnvelope sends an empty attribute, or a time outside 1970 to 2100.
func (g *generator) invalidEnvelope() {
	e := g.anyEvent()
	switch g.r.IntN(3) {
	case 0:
		e.set(pick(g, "source", "id"), `""`)
	case 1:
		e.account, e.key = "", ""
		e.set("subject", `""`)
	case 2:
		e.set("time", quote(pick(g, "1969-12-31T23:59:59.999999Z", "2100-01-01T00:00:00Z", "2100-01-01T00:00:00+00:00", "1970-01-01T00:00:00+01:00", "2400-01-01T00:00:00Z")))
	}
	g.send(e)
}

// untimely sends an event too far ahead of the clock or behind it.
func (g *generator) untimely() {
	e := g.anyEvent()
	e.time += pick(g, 6*minute, hour, 100*day, -36*day, -50*day)
	e.set("time", quote(g.zoned(e.time)))
	g.send(e)
}

// unpriced sends an unlisted product, a meter without a price, or so much that
// its revenue is too large.
func (g *generator) unpriced() {
	data := g.usageData()
	switch g.r.IntN(4) {
	case 0:
		replace(data, "product", quote(unlisted))
	case 1:
		replace(data, "quantities", `{"gpu_hours":1}`)
	case 2:
		replace(data, "quantities", strings.Replace(data[1].value, "}", `,"gpu_hours":0}`, 1))
	case 3:
		replace(data, "product", `"store"`)
		replace(data, "quantities", `{"gb_hours":9007199254740992}`)
	}
	g.send(g.eventAt(stream.Usage.Topic(), "usage.recorded", pick(g, g.accounts...), g.now, data))
}

// badControl sends a control record that is refused, or one with a key, which is not.
func (g *generator) badControl() {
	e := g.anyEvent()
	src := g.home(e)
	e.data = nil
	e.drop("subject")
	switch g.r.IntN(5) {
	case 4:
		e.set("type", `"clock.ticked"`)
		e.data = []member{{"jump", pick(g, `"true"`, `1`, `{}`, `[true]`)}}
	case 0:
		e.set("type", `"clock.ticked"`)
		e.set("time", quote(pick(g, "1969-12-31T23:59:59Z", "2100-01-01T00:00:00Z")))
	case 1:
		e.set("type", `"clock.ticked"`)
		e.drop("time")
	case 2:
		e.set("type", `"pricebook.published"`)
		e.data = []member{{"currency", `"USD"`}}
	case 3:
		g.put(src, "ticker", `{"specversion":"1.0","type":"clock.ticked","source":"ticker","id":"keyed","time":"1999-12-31T23:59:59Z"}`)
		return
	}
	g.put(src, e.key, e.text())
}
