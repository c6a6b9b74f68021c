package store

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"runrate/internal/rows"
	"runrate/internal/stream"
)

// Write inserts the changed rows of one flush of one source partition under a
// logic epoch, and then the progress that vouches for them. It returns when
// all of it is on disk (and, where tables are replicated, on a quorum).
//
// A table without changed rows costs nothing; one with many takes several
// inserts, each bounded in memory. A Write that failed, whole or half done, may
// be repeated as it is, as long as the fold has not stepped on.
func (s *Store) Write(ctx context.Context, epoch uint32, c rows.Changes) error {
	f := flush{store: s, epoch: epoch, source: c.Source, next: c.Progress.NextOffset}
	// Progress last: a view shows an as_of once the clock in it has passed.
	for _, write := range []func() error{
		func() error { return insert(ctx, f, usageEvents, c.UsageEvents) },
		func() error { return insert(ctx, f, usagePanes, c.UsagePanes) },
		func() error { return insert(ctx, f, rollingRevenue, c.Rolling) },
		func() error { return insert(ctx, f, activeAccounts, c.ActiveAccounts) },
		func() error { return insert(ctx, f, subscriptionChanges, c.SubscriptionChanges) },
		func() error { return insert(ctx, f, subscriptions, c.Subscriptions) },
		func() error { return insert(ctx, f, movements, c.Movements) },
		func() error { return insert(ctx, f, recurring, c.MRR) },
		func() error { return insert(ctx, f, netNew, c.NetNew) },
		func() error { return insert(ctx, f, deadLetters, c.DeadLetters) },
		func() error { return insert(ctx, f, progress, one(c.Progress)) },
	} {
		if err := write(); err != nil {
			return err
		}
	}
	return nil
}

// flush is what all rows of one Write share.
type flush struct {
	store  *Store
	epoch  uint32
	source stream.Source
	next   stream.Offset // for messages: the offset after the flush
}

// table says how a row of type R is written.
type table[R any] struct {
	name    string
	columns []string
	// row writes the values of r in the order of columns.
	row func(c *chunk, f *flush, r *R)
	// version is the offset of r, for messages.
	version func(r *R) stream.Offset
}

// insert writes all rows to one table, in as many inserts as the bounds on a
// chunk ask for.
func insert[R any](ctx context.Context, f flush, t table[R], all iter.Seq[R]) error {
	if all == nil {
		return nil
	}
	var c *chunk
	defer func() {
		if c != nil {
			f.store.inserts <- c
		}
	}()
	var r R // one for all rows: its address escapes into t.row
	for r = range all {
		if c == nil {
			select {
			case c = <-f.store.inserts:
				c.begin(t.columns)
			case <-ctx.Done():
				return failure(ctx, f.op(t.name), ctx.Err())
			}
		}
		t.row(c, &f, &r)
		if err := c.endRow(); err != nil {
			return &Error{Op: f.op(t.name) + fmt.Sprintf(", row of offset %d", t.version(&r)), Kind: Defect, Err: err}
		}
		if c.rows >= f.store.chunkRows || c.bytes >= f.store.chunkBytes {
			if err := send(ctx, f, t, c); err != nil {
				return err
			}
			c.begin(t.columns)
		}
	}
	if c == nil || c.rows == 0 {
		return nil
	}
	return send(ctx, f, t, c)
}

// send is one INSERT of one block.
func send[R any](ctx context.Context, f flush, t table[R], c *chunk) error {
	op := f.op(t.name)
	bounded, cancel := context.WithTimeout(ctx, f.store.timeout)
	defer cancel()
	b, err := f.store.conn.PrepareBatch(bounded, fmt.Sprintf("INSERT INTO `%s`.%s (%s)",
		f.store.database, t.name, "`"+strings.Join(t.columns, "`, `")+"`"))
	if err != nil {
		return failure(ctx, op, err)
	}
	if err := c.load(b); err != nil {
		_ = b.Abort() // closes the connection, and with it the insert
		return failure(ctx, op, err)
	}
	if err := b.Send(); err != nil {
		return failure(ctx, fmt.Sprintf("%s, %d rows", op, c.rows), err)
	}
	return nil
}

func (f flush) op(table string) string {
	return fmt.Sprintf("write %s: insert %s.%s before offset %d, epoch %d", f.source, f.store.database, table, f.next, f.epoch)
}

func one[R any](r R) iter.Seq[R] {
	return func(yield func(R) bool) { yield(r) }
}
