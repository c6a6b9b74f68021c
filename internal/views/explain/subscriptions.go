package explain

import (
	"context"
	"fmt"
	"time"

	"runrate/internal/stream"
)

// subscriptions is the subscription part of ARR: 12 x MRR.
func (r *reader) subscriptions(ctx context.Context) (*Node, error) {
	mrr, err := r.mrr(ctx)
	if err != nil {
		return nil, err
	}
	n := &Node{What: "subscription_arr", Name: r.q.Line, Times: 12, Children: []*Node{mrr}, Amount: amount(mrr.Amount.Times(12))}
	if r.q.Account == "" {
		err = r.each(ctx, `SELECT toString(sum(subscription_arr)) FROM DB.arr WHERE as_of = fromUnixTimestamp(?) AND line = ? AND currency = ?`,
			[]any{r.q.AsOf.Unix(), r.q.Line, r.q.Currency}, &n.Amount)
	}
	if err != nil {
		return nil, err
	}
	return n, n.check()
}

// mrr is MRR at the boundary, by the accounts whose movements come to it.
func (r *reader) mrr(ctx context.Context) (*Node, error) {
	n := &Node{What: "mrr", Name: "MRR at " + r.q.AsOf.Format("2006-01-02 15:04"), Times: 1}
	where := `time < fromUnixTimestamp(?) AND line = ? AND currency = ?`
	args := []any{r.q.AsOf.Unix(), r.q.Line, r.q.Currency}
	sum, sumArgs := `SELECT toString(sum(mrr)) FROM DB.mrr WHERE as_of = fromUnixTimestamp(?) AND line = ? AND currency = ?`, args
	if r.q.Account != "" {
		where, args = where+` AND account = ?`, append(args, r.q.Account)
		sum, sumArgs = `SELECT toString(sum(amount)) FROM DB.mrr_movements WHERE `+where, args
	}
	if err := r.each(ctx, sum, sumArgs, &n.Amount); err != nil {
		return nil, err
	}
	accounts := `(SELECT account, sum(amount) AS mrr FROM DB.mrr_movements WHERE ` + where + ` GROUP BY account HAVING mrr != 0)`
	all, count, err := r.total(ctx, `SELECT toString(sum(mrr)), count() FROM `+accounts, args...)
	if err != nil {
		return nil, err
	}
	var largest []*Node
	err = r.rows(ctx, `SELECT account, toString(mrr) FROM `+accounts+` ORDER BY mrr DESC, account LIMIT ?`, append(args, r.q.Top), func(scan func(...any) error) error {
		a := &Node{What: "account", Times: 1}
		largest = append(largest, a)
		return scan(&a.Name, &a.Amount)
	})
	if err != nil {
		return nil, err
	}
	n.listed(largest, all, count, "accounts")
	for _, a := range largest[:min(r.q.Open, len(largest))] {
		if err := r.ofAccount(ctx, a); err != nil {
			return nil, err
		}
	}
	return n, n.check()
}

// ofAccount takes an account's MRR apart into its subscriptions, each as its latest
// change before the boundary left it.
func (r *reader) ofAccount(ctx context.Context, n *Node) error {
	var largest []*Node
	err := r.rows(ctx, `SELECT subscription, now.1, now.3, now.4, now.5, now.6, now.7, now.8, now.9, now.10, now.11, now.12 FROM
		(SELECT subscription, argMax((toString(mrr), mrr, line, currency, partition, version, source, id, toUnixTimestamp64Micro(time), quantity,
			concat(toString(unit_amount), ' for ', toString(interval_count), ' ', billing_interval), toString(discount_percent)), (time, version)) AS now
		FROM DB.subscription_change_versions FINAL WHERE epoch = ? AND account = ? AND time < fromUnixTimestamp(?) GROUP BY subscription)
		WHERE now.2 != 0 AND now.3 = ? AND now.4 = ? ORDER BY now.2 DESC, subscription`,
		[]any{r.epoch(stream.Subscriptions), n.Name, r.q.AsOf.Unix(), r.q.Line, r.q.Currency}, func(scan func(...any) error) error {
			c := &Node{What: "subscription", Times: 1, Record: &Record{Topic: stream.Subscriptions.Topic().String()}}
			var line, currency, subscription, terms, discount string
			var at int64
			var quantity uint64
			if err := scan(&subscription, &c.Amount, &line, &currency, &c.Record.Partition, &c.Record.Offset, &c.Record.Source, &c.Record.ID, &at, &quantity, &terms, &discount); err != nil {
				return err
			}
			c.Record.Time = time.UnixMicro(at).UTC()
			c.Name = fmt.Sprintf("%s: %d x %s", subscription, quantity, terms)
			if discount != "0" {
				c.Name += fmt.Sprintf(" less %s %%", discount)
			}
			largest = append(largest, c)
			return nil
		})
	if err != nil {
		return err
	}
	n.Children = largest
	return n.check()
}
