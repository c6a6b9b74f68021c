package simulate

import (
	"runrate/internal/money"
	"runrate/internal/truth"
	"runrate/schemas/definitions"
)

// truth is what the tally and the customers come to.
func (m *Model) truth() *truth.Truth {
	l, c := m.tally, m.config
	t := &truth.Truth{
		Preset: c.Preset, Seed: c.Seed, Start: c.Start.UTC(), End: c.End().UTC(), Currency: truth.Currency,
		Accounts: len(m.accounts), Sent: l.sent,
		Usage: []truth.Usage{}, Windows: []truth.Window{}, Adjustments: []truth.Adjustment{}, Movements: []truth.Movement{}, MRR: []truth.MRR{},
	}
	for i := range m.customers {
		if !m.customers[i].shared {
			t.Accounts++
		}
	}
	for i, month := range l.months {
		for p, name := range productNames {
			u := l.used[i][p]
			t.Usage = append(t.Usage, truth.Usage{
				Line: truth.UsageLine, Product: name, Month: month,
				Revenue: truth.Decimal{Amount: u.revenue}, Cost: truth.Decimal{Amount: u.cost}, Events: u.events,
			})
		}
		a := l.adjustments[i]
		t.Adjustments = append(t.Adjustments, truth.Adjustment{Line: truth.UsageLine, Month: month, Count: a.count, Amount: truth.Decimal{Amount: a.amount}})
		for k, name := range moveNames {
			v := l.movements[i][k]
			t.Movements = append(t.Movements, truth.Movement{
				Line: truth.SubscriptionLine, Month: month, Movement: name, Count: v.count, Amount: truth.Decimal{Amount: v.amount},
			})
		}
	}
	for _, w := range definitions.Rolling {
		if w.Days() == 0 {
			continue // the tally is by the day
		}
		for p, name := range productNames {
			var u total
			for _, day := range l.days[max(c.Days-int(w.Days()), 0):] {
				u.add(day[p])
			}
			t.Windows = append(t.Windows, truth.Window{
				Line: truth.UsageLine, Product: name, Window: w.Name,
				Revenue: truth.Decimal{Amount: u.revenue}, Cost: truth.Decimal{Amount: u.cost}, Events: u.events,
			})
		}
	}
	for _, w := range definitions.Active {
		a := truth.Active{Line: truth.UsageLine, Window: w.Name}
		for i := range l.accounts {
			if last := l.accounts[i].lastActive; last > 0 && last > c.Days-int(w.Days()) {
				a.Accounts++
			}
		}
		t.Active = append(t.Active, a)
	}
	t.MRR = m.byPlan()
	m.bridges(t)
	return t
}

// byPlan is the MRR of all subscriptions as they are.
func (m *Model) byPlan() []truth.MRR {
	list := make([]truth.MRR, segments)
	for s := range list {
		list[s].Line, list[s].Plan = truth.SubscriptionLine, planNames[s]
	}
	for i := range m.customers {
		c := &m.customers[i]
		p := &list[c.segment]
		for _, k := range c.subscriptions {
			p.Ever++
			if k.mrr.Sign() > 0 {
				p.MRR.Amount, p.Subscriptions = plus(p.MRR.Amount, k.mrr), p.Subscriptions+1
			}
		}
	}
	return list
}

// bridges fills in ARR and net new ARR of both lines.
func (m *Model) bridges(t *truth.Truth) {
	usage, chat := bridge{}, bridge{}
	for i := range m.tally.accounts {
		usage.add(&m.tally.accounts[i].standing, m.config.Days, multiple)
	}
	for i := range m.customers {
		chat.add(&m.customers[i].standing, m.config.Days, perYear)
	}
	zero := truth.Decimal{}
	t.ARR = []truth.ARR{
		{Line: truth.UsageLine, Usage: truth.Decimal{Amount: usage.closing}, Subscription: zero, ARR: truth.Decimal{Amount: usage.closing}},
		{Line: truth.SubscriptionLine, Usage: zero, Subscription: truth.Decimal{Amount: chat.closing}, ARR: truth.Decimal{Amount: chat.closing}},
	}
	t.NetNew = []truth.NetNew{usage.truth(truth.UsageLine), chat.truth(truth.SubscriptionLine)}
}

// bridge is the way from an opening ARR to a closing one.
type bridge struct {
	opening, closing money.Amount
	moved            [moves]money.Amount
}

// add takes in a holding, its values times factor.
func (b *bridge) add(s *standing, end int, factor int64) {
	before, now := exact(s.before.MulInt(factor)), exact(s.now.MulInt(factor))
	b.opening, b.closing = plus(b.opening, before), plus(b.closing, now)
	k := s.move(end)
	b.moved[k] = plus(b.moved[k], minus(now, before))
}

func (b *bridge) truth(line string) truth.NetNew {
	return truth.NetNew{
		Line: line, Opening: truth.Decimal{Amount: b.opening}, New: truth.Decimal{Amount: b.moved[isNew]}, Expansion: truth.Decimal{Amount: b.moved[expansion]},
		Reactivation: truth.Decimal{Amount: b.moved[reactivation]}, Contraction: truth.Decimal{Amount: b.moved[contraction]}, Churn: truth.Decimal{Amount: b.moved[churn]},
		Closing: truth.Decimal{Amount: b.closing}, NetNew: truth.Decimal{Amount: minus(b.closing, b.opening)},
	}
}
