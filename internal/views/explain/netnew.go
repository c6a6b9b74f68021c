package explain

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"runrate/internal/money"
	"runrate/internal/views/report"
	"runrate/schemas/definitions"
)

// columns are the movements of net_new_arr, in their order.
var columns = []string{"new", "expansion", "reactivation", "contraction", "churn"}

// ReadNetNew takes the net new ARR of the 30 days before a midnight apart: into movements,
// those into accounts, and an account's part into what its ARR is made of now and was then.
// AsOf is cut to the midnight before it.
func ReadNetNew(ctx context.Context, conn driver.Conn, q Query) (*Node, error) {
	r, err := begin(ctx, conn, q, "net_new_arr")
	if err != nil {
		return nil, err
	}
	all, err := r.movements(ctx)
	if err != nil {
		return nil, err
	}
	root := &Node{What: "net_new_arr", Name: r.name(), Times: 1}
	for _, m := range all {
		n, err := r.movement(ctx, m)
		if err != nil {
			return nil, err
		}
		root.Children = append(root.Children, n)
		root.Amount = amount(root.Amount.Plus(n.Amount.Amount))
	}
	if q.Account == "" {
		err = r.each(ctx, `SELECT toString(sum(net_new)) FROM DB.net_new_arr WHERE as_of = fromUnixTimestamp(?) AND line = ? AND currency = ?`,
			[]any{r.q.AsOf.Unix(), r.q.Line, r.q.Currency}, &root.Amount)
	}
	if err != nil {
		return nil, err
	}
	return root, root.check()
}

// movement is one of the five, as arr_bridge has it.
type movement struct {
	name    string
	sum     report.Amount
	parts   uint64  // of accounts, by kind
	largest []moved // of them
}

// moved is an account's part of a movement: its ARR of a kind, before and now.
type moved struct {
	account, kind       string
	before, now, amount report.Amount
}

// movements reads those that there are, in the order of columns.
func (r *reader) movements(ctx context.Context) ([]movement, error) {
	from := fmt.Sprintf(`DB.arr_bridge(as_of = '%s', days = %d) WHERE line = ? AND currency = ? AND amount != 0`, r.q.AsOf.Format(time.DateOnly), definitions.NetNewDays)
	args := []any{r.q.Line, r.q.Currency}
	if r.q.Account != "" {
		from, args = from+" AND account = ?", append(args, r.q.Account)
	}
	of := map[string]*movement{}
	err := r.rows(ctx, `SELECT movement, toString(sum(amount)), count() FROM `+from+` GROUP BY movement`, args, func(scan func(...any) error) error {
		m := &movement{}
		err := scan(&m.name, &m.sum, &m.parts)
		of[m.name] = m
		return err
	})
	if err != nil {
		return nil, err
	}
	err = r.rows(ctx, `SELECT movement, account, kind, toString(before), toString(now), toString(amount) FROM `+from+`
		ORDER BY movement, abs(amount) DESC, account, kind LIMIT ? BY movement`, append(args, r.q.Top), func(scan func(...any) error) error {
		var name string
		var a moved
		if err := scan(&name, &a.account, &a.kind, &a.before, &a.now, &a.amount); err != nil {
			return err
		}
		of[name].largest = append(of[name].largest, a)
		return nil
	})
	var out []movement
	for _, name := range columns {
		if m := of[name]; m != nil {
			out = append(out, *m)
		}
	}
	return out, err
}

// movement holds one against net_new_arr, and takes it apart by the accounts that moved most.
func (r *reader) movement(ctx context.Context, m movement) (*Node, error) {
	n := &Node{What: "movement", Name: m.name, Times: 1, Amount: m.sum}
	if r.q.Account == "" {
		err := r.each(ctx, `SELECT toString(sum(`+m.name+`)) FROM DB.net_new_arr WHERE as_of = fromUnixTimestamp(?) AND line = ? AND currency = ?`,
			[]any{r.q.AsOf.Unix(), r.q.Line, r.q.Currency}, &n.Amount)
		if err != nil {
			return nil, err
		}
	}
	var largest []*Node
	for _, a := range m.largest {
		largest = append(largest, &Node{What: "account", Name: a.account + ", " + a.kind, Times: 1, Amount: a.amount})
	}
	n.listed(largest, m.sum.Amount, m.parts, "accounts")
	for i, a := range largest[:min(r.q.Open, len(largest))] {
		if err := r.moved(ctx, a, m.largest[i]); err != nil {
			return nil, err
		}
	}
	return n, n.check()
}

// moved takes an account's part apart: its ARR now, less that of then.
func (r *reader) moved(ctx context.Context, n *Node, m moved) error {
	now, err := r.part(ctx, m, r.q.AsOf)
	if err != nil {
		return err
	}
	then, err := r.part(ctx, m, r.q.AsOf.AddDate(0, 0, -definitions.NetNewDays))
	if err != nil {
		return err
	}
	n.Children = []*Node{now, {What: "then", Name: fmt.Sprintf("%d days before, taken off", definitions.NetNewDays), Times: -1, Amount: amount(then.Amount.Neg()), Children: []*Node{then}}}
	for _, side := range []struct {
		node *Node
		want money.Amount
	}{{now, m.now.Amount}, {then, m.before.Amount}} {
		if side.node.Amount.Amount != side.want {
			return &Difference{&Node{What: n.What, Name: n.Name, Amount: amount(side.want)}, side.node.Amount.Amount}
		}
	}
	return n.check()
}

// part is an account's ARR of a kind as of a midnight.
func (r *reader) part(ctx context.Context, m moved, asOf time.Time) (*Node, error) {
	at := *r
	at.q.Account, at.q.AsOf = m.account, asOf
	if m.kind == "subscription" {
		return at.subscriptions(ctx)
	}
	return at.usage(ctx)
}
