package snapshots_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"runrate/consumers/snapshots"
	"runrate/internal/fault"
	"runrate/internal/stream"
	"runrate/test/sim"
)

// emptyOnce is a log whose leader has just changed: the next fetch from an offset on
// is answered with nothing, and with an end that is behind.
type emptyOnce struct {
	*sim.Log
	at stream.Offset
}

// Fetch answers emptily once.
func (l *emptyOnce) Fetch(ctx context.Context, s stream.Source, at stream.Offset, maxBytes int, maxWait time.Duration) ([]stream.Record, stream.Offset, error) {
	if at == l.at {
		l.at = -1
		return nil, at, nil
	}
	return l.Log.Fetch(ctx, s, at, 1, maxWait) // a record at a time
}

// TestNewLeaderAnswersEmptily: one empty answer is no proof that a state is gone, or
// that there is none. It is asked again; only if the log says that it ends there is
// it believed.
func TestNewLeaderAnswersEmptily(t *testing.T) {
	log := sim.NewLog(nil)
	chain := snapshots.NewChain(labels)
	put(t, chain, log, 10, true, 1, 2)
	put(t, chain, log, 20, false, 3)
	p, _ := chain.Pointer()
	for at := stream.Offset(0); at < 3; at++ {
		l := &emptyOnce{log, at}
		if _, _, _, err := restore(l, labels, p, 20); !fault.Passes(err) {
			t.Errorf("empty at %d: %v", at, err)
		}
		if next, ns, _, err := restore(l, labels, p, 20); err != nil || next != 20 || len(ns) != 3 {
			t.Errorf("empty at %d, then not: state at %d of %v, %v", at, next, ns, err)
		}
	}
	l := &emptyOnce{log, 0}
	if any, err := snapshots.Any(t.Context(), l, labels, 0, 3); any || !fault.Passes(err) {
		t.Errorf("empty: any %v, %v", any, err)
	}
	if any, err := snapshots.Any(t.Context(), l, labels, 0, 3); !any || err != nil {
		t.Errorf("empty, then not: any %v, %v", any, err)
	}
	// A log that ends where it is said to.
	cut := sim.NewLog(nil)
	put(t, snapshots.NewChain(labels), cut, 10, true, 1)
	var missing *snapshots.Missing
	if _, _, _, err := restore(cut, labels, p, 20); !errors.As(err, &missing) {
		t.Errorf("cut: %v", err)
	}
}
