package store

import (
	"context"
	"fmt"
	"iter"
	"math"
	"strings"

	"golang.org/x/sync/errgroup"

	"runrate/internal/fault"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

// Write inserts the changed rows of one flush of one source partition under a
// logic epoch, and then the progress that vouches for them. It returns when
// all of it is on disk (and, where tables are replicated, on a quorum; then it has waited,
// for some seconds at most, for the other replicas, too, which show it when they have it).
//
// A table without changed rows costs nothing; one with many takes several
// inserts, each bounded in memory. While the server takes one insert the rows of the
// next are made; only progress waits for all that is before it. A Write that failed,
// whole or half done, may be repeated as it is, as long as the fold has not stepped on.
func (s *Store) Write(ctx context.Context, epoch uint32, c rows.Changes) error {
	p := partition{epoch, c.Source}
	to, err := s.shardOf(ctx, epoch, c.Source)
	if err != nil {
		return failure(ctx, fmt.Sprintf("write %s, epoch %d", c.Source, epoch), err)
	}
	of := flush{store: s, to: to, epoch: epoch, source: c.Source, next: c.Progress.NextOffset,
		tally: &tally{wrote: vouched{}}, before: s.flushes.of(p)}
	tables := rows.Tables()
	last := len(tables) - 1 // progress
	for _, step := range [][]rows.Table{tables[:last], tables[last:]} {
		if err := of.write(ctx, step, &c); err != nil {
			return err
		}
	}
	s.flushes.set(p, of.tally.after(of.before))
	s.show(ctx)
	return nil
}

// write inserts the rows of some tables, and returns when all inserts are over.
func (f flush) write(ctx context.Context, tables []rows.Table, c *rows.Changes) error {
	sends, ctx := errgroup.WithContext(ctx)
	w := writer{ctx, f, sends}
	for _, t := range tables {
		if err := t.Write(c, w); err != nil {
			sends.Go(func() error { return err }) // unless an insert failed before
			break
		}
	}
	return sends.Wait()
}

// flush is what all rows of one Write share.
type flush struct {
	store  *Store
	to     *shard // that the rows of the source are on
	epoch  uint32
	source stream.Source
	next   stream.Offset // for messages: the offset after the flush
	tally  *tally        // of what it has written
	before vouched       // for by the progress before it
}

// writer makes the rows of one flush into inserts, a table at a time. It lives as long
// as one flush.write.
type writer struct {
	ctx context.Context
	flush
	sends *errgroup.Group // the inserts under way
}

func (w writer) UsageEvents(all iter.Seq[rows.UsageEvent]) error { return insert(w, usageEvents, all) }
func (w writer) UsagePanes(all iter.Seq[rows.UsagePane]) error   { return insert(w, usagePanes, all) }
func (w writer) Rolling(all iter.Seq[rows.RollingRevenue]) error {
	return insert(w, rollingRevenue, all)
}
func (w writer) ActiveAccounts(all iter.Seq[rows.ActiveAccounts]) error {
	return insert(w, activeAccounts, all)
}
func (w writer) AccountDays(all iter.Seq[rows.AccountDay]) error { return insert(w, accountDays, all) }
func (w writer) Firsts(all iter.Seq[rows.First]) error           { return insert(w, firsts, all) }
func (w writer) SubscriptionChanges(all iter.Seq[rows.SubscriptionChange]) error {
	return insert(w, subscriptionChanges, all)
}
func (w writer) Subscriptions(all iter.Seq[rows.Subscription]) error {
	return insert(w, subscriptions, all)
}
func (w writer) Movements(all iter.Seq[rows.Movement]) error     { return insert(w, movements, all) }
func (w writer) MRR(all iter.Seq[rows.MRR]) error                { return insert(w, recurring, all) }
func (w writer) NetNew(all iter.Seq[rows.NetNew]) error          { return insert(w, netNew, all) }
func (w writer) Late(all iter.Seq[rows.Late]) error              { return insert(w, late, all) }
func (w writer) DeadLetters(all iter.Seq[rows.DeadLetter]) error { return insert(w, deadLetters, all) }
func (w writer) Controls(all iter.Seq[rows.Control]) error       { return insert(w, controls, all) }
func (w writer) Progress(all iter.Seq[rows.Progress]) error      { return insert(w, progress, all) }

// table says how a row of type R is written.
type table[R rows.Row] struct {
	columns []string
	// row writes the values of r in the order of columns.
	row func(c *chunk, f *flush, r *R)
}

// name is the table's name in ClickHouse.
func (t table[R]) name() string {
	var r R
	return r.Table()
}

// insert makes all rows of one table into as many inserts as the bounds on a chunk ask
// for. The last ones are still under way when it returns.
func insert[R rows.Row](w writer, t table[R], all iter.Seq[R]) error {
	var c *chunk
	defer func() {
		if c != nil {
			w.store.inserts <- c
		}
	}()
	var r R // one for all rows: its address escapes into t.row
	since, count := stream.Offset(math.MaxInt64), int64(0)
	defer func() {
		if count > 0 {
			w.tally.add(t.name(), since, count)
		}
	}()
	for r = range all {
		since, count = min(since, r.At()), count+1
		if c == nil {
			select {
			case c = <-w.store.inserts:
				c.begin(t.columns)
			case <-w.ctx.Done():
				return failure(w.ctx, w.op(t.name()), w.ctx.Err())
			}
		}
		t.row(c, &w.flush, &r)
		if err := c.endRow(); err != nil {
			return &Error{Op: w.op(t.name()) + fmt.Sprintf(", row of offset %d", r.At()), Kind: fault.Defect, Err: err}
		}
		if c.rows >= w.store.chunkRows || c.bytes >= w.store.chunkBytes {
			start(w, t, c)
			c = nil
		}
	}
	if c != nil {
		start(w, t, c)
		c = nil
	}
	return nil
}

// start sends a chunk, which is free again when it is sent.
func start[R rows.Row](w writer, t table[R], c *chunk) {
	w.sends.Go(func() error {
		defer func() { w.store.inserts <- c }()
		return send(w, t, c)
	})
}

// send is one INSERT of one block.
func send[R rows.Row](w writer, t table[R], c *chunk) error {
	if w.store.discards {
		return nil
	}
	op := w.op(t.name())
	bounded, cancel := context.WithTimeout(w.ctx, w.store.timeout)
	defer cancel()
	b, err := w.to.conn.PrepareBatch(bounded, fmt.Sprintf("INSERT INTO %s (%s)",
		w.store.database.Of(t.name()), "`"+strings.Join(t.columns, "`, `")+"`"))
	if err != nil {
		w.to.hosts.blame(err)
		return failure(w.ctx, op, err)
	}
	if err := c.load(b); err != nil {
		_ = b.Abort() // closes the connection, and with it the insert
		return failure(w.ctx, op, err)
	}
	if err := b.Send(); err != nil {
		w.to.hosts.blame(err)
		return failure(w.ctx, fmt.Sprintf("%s, %d rows", op, c.rows), err)
	}
	return nil
}

func (f flush) op(table string) string {
	return fmt.Sprintf("write %s: insert %s.%s before offset %d, epoch %d", f.source, f.store.database, table, f.next, f.epoch)
}
