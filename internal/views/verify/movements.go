package verify

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// movementKey is a row of mrr_movements but for what it says. Changes of one
// subscription at one time may share it.
type movementKey struct {
	account                      string
	time                         int64
	line, currency, subscription string
}

// Compare orders by column.
func (k movementKey) Compare(l movementKey) int {
	if c := cmp.Or(strings.Compare(k.account, l.account), cmp.Compare(k.time, l.time)); c != 0 {
		return c
	}
	return cmp.Or(strings.Compare(k.line, l.line), strings.Compare(k.currency, l.currency), strings.Compare(k.subscription, l.subscription))
}

// String names the row.
func (k movementKey) String() string {
	return fmt.Sprintf("time %s, account %s, line %s, currency %s, subscription %s",
		micro(k.time), quote(k.account), quote(k.line), k.currency, quote(k.subscription))
}

// movement is what it says.
type movement struct {
	kind   string
	amount amount
}

// String is the columns.
func (m movement) String() string { return m.kind + " " + m.amount.String() }

// balance is the MRR of an account in one line and currency.
type balance struct {
	line, currency string
}

// compare orders by line, then by currency.
func (b balance) compare(c balance) int {
	return cmp.Or(strings.Compare(b.line, c.line), strings.Compare(b.currency, c.currency))
}

// level is how high a balance stands.
type level struct {
	mrr  amount
	ever bool // above 0 before
}

// book follows the MRR of one account through its changes.
type book struct {
	exact
	counting []string // statuses
	levels   map[balance]level
	current  map[string]part // by subscription
}

// part is what a subscription holds.
type part struct {
	balance
	mrr amount
}

func newBook(counting []string) *book {
	return &book{counting: counting, levels: map[balance]level{}, current: map[string]part{}}
}

// step is what a change does to one balance.
type step struct {
	balance
	amount amount
	kind   string // "" if the balance stays as it was
}

// take books a change and returns its steps, at most two.
func (b *book) take(c *change) ([]step, error) {
	mrr, err := c.mrr(b.counting)
	if err != nil {
		return nil, err
	}
	was := b.current[c.subscription]
	is := part{balance{c.line, c.coin}, mrr}
	b.current[c.subscription] = is
	var steps []step
	if was.balance == is.balance {
		steps = []step{{balance: is.balance, amount: b.sub(is.mrr, was.mrr)}}
	} else {
		steps = []step{{balance: was.balance, amount: b.sub(amount{}, was.mrr)}, {balance: is.balance, amount: is.mrr}}
	}
	for i := range steps {
		steps[i].kind = b.move(steps[i].balance, steps[i].amount)
	}
	return steps, nil
}

// move changes a balance and names the movement.
func (b *book) move(which balance, by amount) string {
	if by.IsZero() {
		return ""
	}
	l := b.levels[which]
	was := l.mrr
	l.mrr = b.add(l.mrr, by)
	ever := l.ever
	l.ever = ever || l.mrr.Sign() > 0
	b.levels[which] = l
	switch {
	case l.mrr.Sign() <= 0:
		return "churn"
	case was.Sign() <= 0 && ever:
		return "reactivation"
	case was.Sign() <= 0:
		return "new"
	case by.Sign() > 0:
		return "expansion"
	default:
		return "contraction"
	}
}

// expected is a movement with its key.
type expectedMovement struct {
	movementKey
	movement
}

// checkMovements derives the movements of each account from its changes.
func checkMovements(ctx context.Context, r *reader, s *state, d *Differences) error {
	changes, err := openChanges(ctx, r, s)
	if err != nil {
		return err
	}
	found, err := open(ctx, r, func(k *movementKey, v *movement) []any {
		return []any{&k.account, &k.time, &k.line, &k.currency, &k.subscription, &v.kind, &v.amount}
	}, `
SELECT account, toUnixTimestamp64Micro(time) AS t, line, currency, subscription, movement, `+decimals("amount")+`
FROM DB.mrr_movements ORDER BY account, t, line, currency, subscription, movement, mrr_movements.amount`)
	if err != nil {
		return err
	}
	m := newMatcher(found, d)
	account, b := "", newBook(s.counting)
	overflow := false
	var all []expectedMovement // of the account
	expect := func() error {
		slices.SortFunc(all, func(a, b expectedMovement) int {
			return cmp.Or(a.movementKey.Compare(b.movementKey), strings.Compare(a.kind, b.kind), a.amount.Cmp(b.amount.Amount))
		})
		for i := range all {
			if err := m.expect(&all[i].movementKey, &all[i].movement); err != nil {
				return err
			}
		}
		all, overflow = all[:0], overflow || b.overflow
		return nil
	}
	err = changes.each(func(c *change, _ *struct{}) error {
		if c.account != account {
			if err := expect(); err != nil {
				return err
			}
			account, b = c.account, newBook(s.counting)
		}
		steps, err := b.take(c)
		for _, s := range steps {
			if s.kind != "" {
				all = append(all, expectedMovement{movementKey{c.account, c.time, s.line, s.currency, c.subscription}, movement{s.kind, s.amount}})
			}
		}
		return err
	})
	if err == nil {
		err = expect()
	}
	if err == nil {
		err = m.finish()
	}
	if err == nil {
		err = (&exact{overflow}).err()
	}
	return err
}
