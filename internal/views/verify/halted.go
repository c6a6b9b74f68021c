package verify

import (
	"context"
	"slices"
	"time"

	"runrate/internal/retry"
	"runrate/internal/views/freshness"
)

// awaitPaid waits until nothing is owed, for as long as that may take. What is owed for
// longer, checkHalted doubts.
func (r *reader) awaitPaid(ctx context.Context, patience time.Duration) error {
	deadline := time.Now().Add(patience)
	return retry.Poll(ctx, 200*time.Millisecond, func(ctx context.Context) (bool, error) {
		all, err := freshness.Read(ctx, r.conn, r.database)
		owes := slices.ContainsFunc(all, func(p freshness.Partition) bool { return !p.Owed.IsZero() })
		return !owes || !time.Now().Before(deadline), err
	})
}

// checkHalted doubts what views show while a partition is halted: what is there is
// true of a part of the log that nobody asked for.
func checkHalted(ctx context.Context, r *reader, _ *state, d *Differences) error {
	all, err := freshness.Read(ctx, r.conn, r.database)
	if err != nil {
		return err
	}
	for _, p := range all {
		d.Compared++
		switch {
		case p.Halted():
			d.doubt("%s", p)
		case !p.Owed.IsZero():
			d.doubt("%s owes what late events changed, since %s", p.Source, p.Owed.Format(time.RFC3339))
		}
	}
	return nil
}
