// Package worker runs a fold over one partition of the log: the loop that makes
// the rows in ClickHouse a function of the log prefix, whatever fails.
//
// Read Worker.loop: fetch, judge, look up, fold, in order, and every so often
// flush (flush.go): insert the changed rows, append the snapshot, commit the next
// offset with the pointer to that snapshot. A crash between any two of them leaves a committed
// offset and a snapshot that agree, and rows that are already true.
//
// Group gives the partitions of a topic to workers, by the consumer group
// protocol.
package worker

import (
	"context"
	"iter"
	"time"

	"go.uber.org/zap"

	"runrate/consumers/fold"
	"runrate/consumers/meter"
	"runrate/consumers/snapshots"
	"runrate/consumers/store"
	"runrate/internal/broker"
	"runrate/internal/event"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

// Log is the part of Kafka that a worker uses (package broker).
type Log interface {
	Fetch(ctx context.Context, source stream.Source, offset stream.Offset, maxBytes int, maxWait time.Duration) ([]stream.Record, stream.Offset, error)
	Range(ctx context.Context, source stream.Source) (broker.Range, error)
	Append(ctx context.Context, topic stream.Topic, partition int32, messages []broker.Message) (stream.Offset, error)
	Committed(ctx context.Context, group string, topic stream.Topic) (map[int32]broker.Commit, error)
	Commit(ctx context.Context, m broker.Member, source stream.Source, next stream.Offset, metadata string) error
}

// Tables is the part of ClickHouse that a worker uses (package store).
type Tables interface {
	Write(ctx context.Context, epoch uint32, changes rows.Changes) error
	Seen(ctx context.Context, epoch uint32, source stream.Source, keys []store.EventKey, before stream.Offset) (map[[16]byte]struct{}, error)
	Recent(ctx context.Context, epoch uint32, source stream.Source, since event.Time, before stream.Offset) iter.Seq2[store.Known, error]
	Progress(ctx context.Context, epoch uint32, topic stream.Topic) (map[int32]rows.Progress, error)
	Whole(ctx context.Context, epoch uint32, source stream.Source, next stream.Offset) (stream.Offset, error)
}

// Config is what a worker needs to know beside its connections.
type Config struct {
	Fold     fold.Config
	Member   broker.Member // whose commits are fenced
	Epoch    uint32        // logic epoch of the rows
	Settings string        // that rows depend on, kept with the state
	Limits   Limits
	// HandOver is where the switch to the epoch says to go on, if it was switched to.
	HandOver broker.Commit
	// Guard, if there is one, is called before a batch is written; its error is one
	// that the partition stops for, unless it may pass.
	Guard func(context.Context) error
	// Board, if there is one, is told how the partition does.
	Board *Board
	// Meter, if there is one, counts what is done.
	Meter *meter.Partition
	// Room, if there is one, is that of the snapshot log.
	Room Room
	// Say, if there is one, makes lasting what Board says.
	Say func(context.Context) error
	// Kept, if there is one, is what the worker before it kept, in the same process and
	// with the same Fold, Epoch and Settings. It goes on from that if it is still true.
	Kept *Kept
}

// Room is what the snapshot log keeps.
type Room interface {
	// See is told the size of each base of the snapshot chain, in bytes, so that it
	// may see to it that the log holds a few.
	See(ctx context.Context, base int)
	// Kept is how many bytes of the worker's partition of the log are kept at least,
	// or broker.Unlimited.
	Kept(ctx context.Context) (int64, error)
}

// Limits bound a batch, which is what is folded between two flushes.
type Limits struct {
	Records int           // flush after so many records
	Bytes   int           // or so many bytes of records
	Every   time.Duration // or so long after the first of them
	Fetch   int           // bytes of one fetch
	// Owe is for how long what late events change of closed windows may be owed, from
	// the first record that changes something on; 0: it is written with each flush.
	Owe time.Duration
}

// DefaultLimits suit a few partitions in a few hundred megabytes.
var DefaultLimits = Limits{Records: 100_000, Bytes: 64 << 20, Every: time.Second, Fetch: 4 << 20, Owe: oweFor}

// Worker folds one partition. Its state is owned by the goroutine that calls
// Run.
type Worker struct {
	config Config
	source stream.Source
	log    Log
	tables Tables
	logger *zap.Logger

	partition *fold.Partition
	chain     *snapshots.Chain
	depth     snapshots.Depth // of the chain in its log
	ahead     bool            // the clock is ahead of the wall clock, as of the last flush
	counted   *rows.Progress  // by the meter
	batch     struct {
		records, bytes int
		since          time.Time // of its first record
	}
	owed    time.Time // since when something is owed, zero if nothing is
	flushed time.Time // when the last flush was over
	leaves  bool      // the flush to come is the last one
	settled bool      // ended with a state that is the one of its last commit
}

// New returns a worker that has not started.
func New(config Config, log Log, tables Tables, logger *zap.Logger) *Worker {
	source := config.Fold.Source
	if config.Board == nil {
		config.Board = NewBoard()
	}
	return &Worker{
		config: config, source: source, log: log, tables: tables,
		logger: logger.With(zap.Stringer("topic", source.Topic), zap.Int32("partition", source.Partition)),
	}
}

// Run restores the state at the committed offset and folds from there until ctx
// ends, which is no error: what is folded by then is flushed. An error is one
// that waiting does not mend: the partition must stop, or, if it is a
// broker.Fenced, is somebody else's.
func (w *Worker) Run(ctx context.Context) error {
	began := time.Now()
	defer w.config.Board.Rest(w.source.String())
	if err := w.restore(ctx); err != nil {
		return ended(ctx, err)
	}
	w.config.Board.folding(w.source)
	w.oweFrom()
	w.config.Meter.Restored(time.Since(began), w.chain.BaseBytes())
	progress := w.partition.Progress()
	w.counted = &progress
	fetched := make(chan fetch, 2)
	reading, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.read(reading, w.partition.Next(), w.partition.Last(), fetched)
	}()
	defer func() { stop(); <-done }()
	return ended(ctx, w.loop(ctx, fetched))
}

// ended is err, unless it comes of ctx being over.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // the context is over: to stop when told to is no error
	}
	return err
}

// loop folds what is fetched, and flushes it in batches, until ctx ends. A flush that is
// under way then is brought to its end, too.
func (w *Worker) loop(ctx context.Context, fetched <-chan fetch) error {
	lasting, over := outlive(ctx, lastFlush)
	defer over()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	if at, ok := w.dueAt(); ok { // what the state owes
		timer.Reset(time.Until(at))
	}
	chain := time.NewTicker(chainEvery)
	defer chain.Stop()
	for {
		w.config.Board.Beat(w.source.String())
		select {
		case <-ctx.Done():
			return w.finish(lasting)
		case f := <-fetched:
			if f.err != nil {
				return f.err
			}
			w.count(f.records)
			judged := w.partition.Judge(f.records)
			w.meterFetched(f.records, judged)
			accepted, err := w.lookUp(ctx, judged)
			if err != nil {
				return err
			}
			if err := judged.Fold(accepted); err != nil {
				return err
			}
		case <-timer.C:
		case <-chain.C:
			if err := w.keepChain(ctx); err != nil {
				return err
			}
		}
		if w.due() {
			if err := w.flush(lasting, w.chain.WantsBase(time.Now())); err != nil {
				return err
			}
		}
		if at, ok := w.dueAt(); ok {
			timer.Reset(time.Until(at))
		}
	}
}

// lookUp finds which of the stragglers among fetched records were accepted before.
func (w *Worker) lookUp(ctx context.Context, judged *fold.Judged) (accepted map[[16]byte]struct{}, err error) {
	stragglers, before := judged.Stragglers()
	if len(stragglers) == 0 {
		return nil, nil
	}
	keys := make([]store.EventKey, len(stragglers))
	for i, j := range stragglers {
		keys[i] = store.EventKey{Account: j.Event.Account, Time: j.Event.Time, Identity: j.Identity}
	}
	err = w.persist(ctx, "look up stragglers", func(ctx context.Context) error {
		accepted, err = w.tables.Seen(ctx, w.config.Epoch, w.source, keys, before)
		return err
	})
	return accepted, err
}

// count takes records to fold into the size of the batch.
func (w *Worker) count(records []stream.Record) {
	if w.batch.records == 0 {
		w.batch.since = time.Now()
	}
	w.batch.records += len(records)
	for _, r := range records {
		w.batch.bytes += len(r.Key) + len(r.Value)
	}
}

// due says whether a flush is due now.
func (w *Worker) due() bool {
	b, l := &w.batch, &w.config.Limits
	at, ok := w.dueAt()
	return b.records >= l.Records || b.bytes >= l.Bytes && b.records > 0 || ok && !time.Now().Before(at)
}

// dueAt is when a flush is due at the latest: of what is folded, or of what is owed. ok is
// false if there is neither.
func (w *Worker) dueAt() (at time.Time, ok bool) {
	if w.batch.records > 0 {
		at, ok = w.batch.since.Add(w.config.Limits.Every), true
	}
	if pay, owes := w.payAt(); owes && (!ok || pay.Before(at)) {
		at, ok = pay, true
	}
	return at, ok
}
