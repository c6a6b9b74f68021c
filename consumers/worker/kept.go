package worker

import (
	"context"
	"sync"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"

	"runrate/consumers/fold"
	"runrate/consumers/snapshots"
	"runrate/internal/broker"
	"runrate/internal/stream"
)

// Kept is the state of a partition, as of a commit, which a worker leaves to the next one of
// its process: a rebalance ends all workers of a group, and most partitions stay where they
// are.
type Kept struct {
	partition *fold.Partition
	chain     *snapshots.Chain
	depth     snapshots.Depth
	ahead     bool
}

// Keep returns what the worker has to leave once Run has ended, nil where its state is not
// exactly that of its last commit. The worker must not be used any more.
func (w *Worker) Keep() *Kept {
	if !w.settled {
		return nil
	}
	if _, ok := w.chain.Pointer(); !ok {
		return nil // of the empty state, which needs no keeping
	}
	return &Kept{w.partition, w.chain, w.depth, w.ahead}
}

// is says whether it is the state that a worker would restore by a plan: that of the
// group's commit, which is the one that it was kept as of, while ClickHouse has all rows up to
// there. Another worker that has had the partition since may have folded more, but has
// committed nothing.
func (k *Kept) is(p plan, commit broker.Commit) bool {
	if k == nil || p.at != commit.Next || k.partition.Next() != commit.Next {
		return false
	}
	pointer, _ := k.chain.Pointer()
	return pointer.String() == commit.Metadata
}

// goOn takes what was kept, if the log is still the one it was folded from.
func (w *Worker) goOn(ctx context.Context, f facts) error {
	k := w.config.Kept
	if err := w.sameLog(ctx, k.partition.Last()); err != nil {
		return err
	}
	w.partition, w.chain, w.depth, w.ahead = k.partition, k.chain, k.depth, k.ahead
	w.logger.Info("goes on with the state that it kept", zap.Int64("next_offset", int64(f.commit.Next)), zap.Int64("behind", int64(f.held.End-f.commit.Next)))
	return nil
}

// keeping is what workers of a process keep from one generation of the group to the next.
type keeping struct {
	mu  sync.Mutex
	all map[stream.Source]*Kept
}

// only forgets all but what is assigned: others have the rest.
func (k *keeping) only(assigned []kafka.PartitionAssignment) {
	here := map[int32]bool{}
	for _, a := range assigned {
		here[int32(a.ID)] = true //nolint:gosec // an int32 in the protocol
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for source := range k.all {
		if !here[source.Partition] {
			delete(k.all, source)
		}
	}
}

// take returns what is kept of a partition, if anything is, and keeps it no longer.
func (k *keeping) take(source stream.Source) *Kept {
	k.mu.Lock()
	defer k.mu.Unlock()
	kept := k.all[source]
	delete(k.all, source)
	return kept
}

// put keeps the state of a partition, unless it is nil.
func (k *keeping) put(source stream.Source, kept *Kept) {
	if kept == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.all == nil {
		k.all = map[stream.Source]*Kept{}
	}
	k.all[source] = kept
}
