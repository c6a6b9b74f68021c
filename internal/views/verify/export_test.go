package verify

import (
	"context"
	"slices"
)

// RunSome is Run with those checks only that pick says, by view and proof.
func RunSome(ctx context.Context, o Options, pick func(check string) bool) ([]Result, error) {
	return run(ctx, o, slices.DeleteFunc(slices.Clone(checks), func(c check) bool { return !pick(c.view + ": " + c.proves) }))
}
