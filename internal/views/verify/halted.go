package verify

import (
	"context"

	"runrate/internal/views/freshness"
)

// checkHalted doubts what views show while a partition is halted: what is there is
// true of a part of the log that nobody asked for.
func checkHalted(ctx context.Context, r *reader, _ *state, d *Differences) error {
	all, err := freshness.Read(ctx, r.conn, r.database)
	if err != nil {
		return err
	}
	for _, p := range all {
		d.Compared++
		if p.Halted() {
			d.doubt("%s", p)
		}
	}
	return nil
}
