package simulate

import (
	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/internal/truth"
)

// use makes the usage and refunds of an account on a day. An event stands for
// what the account used a product for in some part of the day.
func (m *Model) use(a *account, index, d int, last bool) {
	if !a.there(d) {
		return
	}
	if d > a.arrive {
		a.grow()
	}
	day := m.config.Start + event.Time(d)*event.Day
	share := weekdayShare[weekday(day)]
	if m.draw.below(10_000) >= uint64(a.activeShare)*min(share, 100) {
		return
	}
	spend := mulDiv(a.base, a.level, levelOne)
	spend = spend * share / 100 * uint64(m.draw.between(70, 130)) / 100
	spend = spend * 100 / uint64(a.activeShare)

	calls := a.calls
	if calls > 1 {
		calls = max(calls*int(share)/100+m.draw.between(-1, 1), 1)
	}
	for range calls {
		product := int(a.primary)
		if m.draw.below(100) < 25 {
			product = m.draw.weighted(liking[a.segment], 100)
		}
		part := spend / uint64(calls) * uint64(m.draw.between(50, 150)) / 100
		c := arrival{account: a.name, index: int32(index), segment: a.segment, region: a.region,
			kind: event.UsageRecorded, product: uint8(product), time: m.moment(a.region, day)}
		c.counts = m.tokens(product, part)
		revenue, cost := m.priced(a.name, product, c.time, c.counts)
		m.tally.usage(d, index, product, revenue, cost)
		m.send(c)
		if last {
			m.templates = append(m.templates, c)
		}
	}
	if m.draw.ppm(m.config.Rates.Refunds) {
		m.refund(a, index, d, spend)
	}
}

// bundle is what the tokens of an event with one token of input cost, by
// product, in 10^-12 USD: half a token of cached input beside it, and one of
// output for every so many of input.
func bundle(product int, perOutput uint64) uint64 {
	list := [...][meters]uint64{ // as in book.yaml, before any price fell
		{500_000, 5_000_000, 25_000_000},
		{125_000, 1_250_000, 10_000_000},
		{25_000, 250_000, 2_000_000},
		{0, 60_000, 0},
	}[product]
	return list[0]/2 + list[1] + list[2]/perOutput
}

// tokens are what an amount, in 10^-6 USD, buys of a product.
func (m *Model) tokens(product int, spend uint64) counts {
	perOutput := uint64(m.draw.between(3, 9))
	input := min(max(mulDiv(spend, 1_000_000, bundle(product, perOutput)), 20), event.MaxQuantity)
	if product == embed {
		return counts{0, input, 0}
	}
	return counts{input / 2, input, input / perOutput}
}

// refund pays back a part of a day's spending, in whole cents; one in eight is
// a correction in the company's favour.
func (m *Model) refund(a *account, index, d int, spend uint64) {
	cents := int64(spend/10_000*uint64(m.draw.between(2, 60))/100) + 1
	reason := "refund"
	switch m.draw.below(8) {
	case 0:
		cents, reason = -cents, "correction"
	case 1, 2:
		reason = "service credit"
	}
	amount := exact(money.FromInt(-cents).DivExact(100))
	c := arrival{account: a.name, index: int32(index), segment: a.segment, region: a.region,
		kind: event.AdjustmentRecorded, product: a.primary,
		time: m.moment(a.region, m.config.Start+event.Time(d)*event.Day)}
	c.adjustment = &event.Adjustment{
		Product: productNames[a.primary], Segment: segmentNames[a.segment], Region: regionNames[a.region],
		Amount: amount, Currency: truth.Currency, Reason: reason,
	}
	m.tally.adjustment(d, index, int(a.primary), amount)
	m.send(c)
}
