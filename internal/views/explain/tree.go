// Package explain takes ARR apart: a line's ARR as of an hour boundary into usage and
// subscriptions, those into days or accounts, and so on down to events, each with the
// quantities, prices and discount that made its amount, the place of its record in Kafka
// and the price book in force there. Every level is read from another place than the one
// above it, and adds up to it to the last decimal, or Read fails and names the two.
//
// Net new ARR comes apart into movements and accounts first (netnew.go). Start at Read or
// ReadNetNew, then Node.Write.
package explain

import (
	"fmt"
	"time"

	"runrate/internal/money"
	"runrate/internal/views/report"
)

// Node is an amount, and what it is made of: Times x the sum of its children, where it
// has any.
type Node struct {
	What     string        `json:"what"` // arr, net_new_arr, movement, then, usage_arr, subscription_arr, window, one_off, mrr, day, account, event, adjustment, subscription, meter, rest
	Name     string        `json:"name"`
	Amount   report.Amount `json:"amount"`
	Times    int64         `json:"times"`
	Record   *Record       `json:"record,omitempty"` // of an event, an adjustment or a subscription's latest change
	Children []*Node       `json:"children,omitempty"`
}

// Record is where in Kafka an event is.
type Record struct {
	Topic     string    `json:"topic"`
	Partition int32     `json:"partition"`
	Offset    uint64    `json:"offset"`
	Source    string    `json:"source"`
	ID        string    `json:"id"`
	Time      time.Time `json:"time"`
	PriceBook string    `json:"price_book,omitempty"` // version of the one in force there
}

// String is topic/partition@offset.
func (r *Record) String() string { return fmt.Sprintf("%s/%d@%d", r.Topic, r.Partition, r.Offset) }

// Difference says that an amount is not what its parts come to.
type Difference struct {
	Node *Node
	Sum  money.Amount // Times x the sum of the children
}

func (e *Difference) Error() string {
	return fmt.Sprintf("%s %s is %s, and its parts come to %s: run `runrate settle`, then `runrate verify`, which shows what differs", e.Node.What, e.Node.Name, e.Node.Amount, e.Sum)
}

// check holds a node against its children, once they are all there.
func (n *Node) check() error {
	var sum money.Amount
	for _, c := range n.Children {
		sum = sum.Plus(c.Amount.Amount)
	}
	if sum = sum.Times(n.Times); sum != n.Amount.Amount {
		return &Difference{n, sum}
	}
	return nil
}

// amount is one that was computed here.
func amount(a money.Amount) report.Amount { return report.Amount{Amount: a} }

// listed makes children of the largest parts, and one more of what the others come to:
// all is the sum of every part and count their number, as they were read apart.
func (n *Node) listed(largest []*Node, all money.Amount, count uint64, things string) {
	n.Children = largest
	rest := all
	for _, c := range largest {
		rest = rest.Minus(c.Amount.Amount)
	}
	if more := count - uint64(len(largest)); count > uint64(len(largest)) {
		n.Children = append(n.Children, &Node{What: "rest", Name: fmt.Sprintf("%d more %s", more, things), Amount: amount(rest), Times: 1})
	}
}
