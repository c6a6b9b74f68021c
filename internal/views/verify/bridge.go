package verify

import (
	"fmt"

	"runrate/schemas/definitions"
)

// span is how far net_new_arr looks back.
const span day = definitions.NetNewDays

// bridge is a row of net_new_arr.
type bridge struct {
	opening, new, expansion, reactivation, contraction, churn, closing, netNew amount
}

// String is the columns.
func (b bridge) String() string {
	return fmt.Sprintf("opening %s, new %s, expansion %s, reactivation %s, contraction %s, churn %s, closing %s, net_new %s",
		b.opening, b.new, b.expansion, b.reactivation, b.contraction, b.churn, b.closing, b.netNew)
}

// worthStep changes the annual worth of an account in a line and currency, as
// of a midnight and after; and how many parts it is made of (days with events,
// subscriptions that pay), so that nothing is told from nothing left.
type worthStep struct {
	at    day
	worth amount
	parts int64
}

// bridges are the rows of one line and currency as changes: what each midnight
// adds to the row of the midnight before.
type bridges map[day]*bridgeChange

type bridgeChange struct {
	bridge
	accounts int64 // with anything as of T or T-30d
}

// hold books the worth of one account: steps in ascending order. Between the
// midnights at which its worth now or its worth 30 days ago changes, it gives
// the same to every row. It returns the first midnight above 0, if there is any.
func (b bridges) hold(x *exact, steps []worthStep) (first day, ever bool) {
	var now, before worthStep
	for i, k := 0, 0; k < len(steps); {
		at := steps[k].at + span
		if i < len(steps) {
			at = min(at, steps[i].at)
		}
		for ; i < len(steps) && steps[i].at == at; i++ {
			now = worthStep{at, x.add(now.worth, steps[i].worth), now.parts + steps[i].parts}
		}
		for ; k < len(steps) && steps[k].at+span == at; k++ {
			before = worthStep{at, x.add(before.worth, steps[k].worth), before.parts + steps[k].parts}
		}
		if !ever && now.worth.Sign() > 0 {
			ever, first = true, at
		}
		if now.parts == 0 && before.parts == 0 {
			continue
		}
		row := x.classify(before.worth, now.worth, first > at-span)
		b.change(x, at, row, +1)
		if k == len(steps) { // and so on for good
			break
		}
		end := steps[k].at + span
		if i < len(steps) {
			end = min(end, steps[i].at)
		}
		b.change(x, end, row, -1)
	}
	return first, ever
}

// classify puts the difference between two worths where it belongs. fresh says
// that the account was never above 0 up to T-30d.
func (x *exact) classify(before, now amount, fresh bool) bridge {
	b := bridge{opening: before, closing: now, netNew: x.sub(now, before)}
	switch rose := now.Cmp(before.Amount) > 0; {
	case before.Sign() <= 0 && now.Sign() > 0 && fresh:
		b.new = b.netNew
	case before.Sign() <= 0 && now.Sign() > 0:
		b.reactivation = b.netNew
	case before.Sign() > 0 && now.Sign() <= 0:
		b.churn = b.netNew
	case rose:
		b.expansion = b.netNew
	default:
		b.contraction = b.netNew
	}
	return b
}

// change adds a row from a midnight on, or (sign -1) takes it off.
func (b bridges) change(x *exact, at day, row bridge, sign int64) {
	c := b[at]
	if c == nil {
		c = &bridgeChange{}
		b[at] = c
	}
	if sign < 0 {
		c.bridge = x.combine(c.bridge, row, x.sub)
	} else {
		c.bridge = x.combine(c.bridge, row, x.add)
	}
	c.accounts += sign
}

// combine adds or subtracts rows column by column.
func (*exact) combine(a, b bridge, with func(a, b amount) amount) bridge {
	return bridge{
		with(a.opening, b.opening), with(a.new, b.new), with(a.expansion, b.expansion), with(a.reactivation, b.reactivation),
		with(a.contraction, b.contraction), with(a.churn, b.churn), with(a.closing, b.closing), with(a.netNew, b.netNew),
	}
}
