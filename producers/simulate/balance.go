package simulate

import "runrate/internal/money"

// truth draws up the balance of the ledger.
func (m *Model) truth() *Truth {
	l, c := m.ledger, m.config
	t := &Truth{
		Preset: c.Preset, Seed: c.Seed, Start: c.Start.UTC(), End: c.End().UTC(), Currency: Currency,
		Accounts: len(m.accounts), Sent: l.sent,
		Usage: []UsageTruth{}, Windows: []WindowTruth{}, Adjustments: []AdjustmentTruth{}, Movements: []MovementTruth{}, MRR: []MRRTruth{},
	}
	for i := range m.customers {
		if !m.customers[i].shared {
			t.Accounts++
		}
	}
	for i, month := range l.months {
		for p, name := range productNames {
			u := l.used[i][p]
			t.Usage = append(t.Usage, UsageTruth{UsageLine, name, month, Decimal{u.revenue}, Decimal{u.cost}, u.events})
		}
		a := l.adjustments[i]
		t.Adjustments = append(t.Adjustments, AdjustmentTruth{UsageLine, month, a.count, Decimal{a.amount}})
		for k, name := range moveNames {
			v := l.movements[i][k]
			t.Movements = append(t.Movements, MovementTruth{SubscriptionLine, month, name, v.count, Decimal{v.amount}})
		}
	}
	for _, w := range []struct {
		name string
		days int
	}{{"24h", 1}, {"7d", 7}, {"28d", 28}, {"30d", 30}, {"90d", 90}, {"365d", 365}} {
		for p, name := range productNames {
			var u total
			for _, day := range l.days[max(c.Days-w.days, 0):] {
				u.add(day[p])
			}
			t.Windows = append(t.Windows, WindowTruth{UsageLine, name, w.name, Decimal{u.revenue}, Decimal{u.cost}, u.events})
		}
	}
	for _, w := range []struct {
		name string
		days int
	}{{"1d", 1}, {"7d", 7}, {"28d", 28}, {"90d", 90}} {
		a := ActiveTruth{Line: UsageLine, Window: w.name}
		for i := range l.accounts {
			if last := l.accounts[i].lastActive; last > 0 && last > c.Days-w.days {
				a.Accounts++
			}
		}
		t.Active = append(t.Active, a)
	}
	t.MRR = m.byPlan()
	m.bridges(t)
	return t
}

// byPlan is the MRR of all contracts as they are.
func (m *Model) byPlan() []MRRTruth {
	list := make([]MRRTruth, segments)
	for s := range list {
		list[s].Line, list[s].Plan = SubscriptionLine, planNames[s]
	}
	for i := range m.customers {
		c := &m.customers[i]
		p := &list[c.segment]
		for _, k := range c.contracts {
			p.Contracts++
			if k.mrr.Sign() > 0 {
				p.MRR.Amount, p.Subscriptions = plus(p.MRR.Amount, k.mrr), p.Subscriptions+1
			}
		}
	}
	return list
}

// bridges fills in ARR and net new ARR of both lines.
func (m *Model) bridges(t *Truth) {
	usage, chat := bridge{}, bridge{}
	for i := range m.ledger.accounts {
		usage.add(&m.ledger.accounts[i].standing, m.config.Days, multiple)
	}
	for i := range m.customers {
		chat.add(&m.customers[i].book, m.config.Days, perYear)
	}
	zero := Decimal{}
	t.ARR = []ARRTruth{
		{UsageLine, Decimal{usage.closing}, zero, Decimal{usage.closing}},
		{SubscriptionLine, zero, Decimal{chat.closing}, Decimal{chat.closing}},
	}
	t.NetNew = []NetNewTruth{usage.truth(UsageLine), chat.truth(SubscriptionLine)}
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

func (b *bridge) truth(line string) NetNewTruth {
	return NetNewTruth{
		Line: line, Opening: Decimal{b.opening}, New: Decimal{b.moved[isNew]}, Expansion: Decimal{b.moved[expansion]},
		Reactivation: Decimal{b.moved[reactivation]}, Contraction: Decimal{b.moved[contraction]}, Churn: Decimal{b.moved[churn]},
		Closing: Decimal{b.closing}, NetNew: Decimal{minus(b.closing, b.opening)},
	}
}
