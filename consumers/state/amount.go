// Package state is what the folds have in common when they write their state
// into snapshots and read it back.
package state

import (
	"runrate/internal/money"
	snapshot "runrate/schemas/snapshot/v1"
)

// Encode is an amount as snapshots hold it.
func Encode(a money.Amount) *snapshot.Amount {
	hi, lo := a.Parts()
	return &snapshot.Amount{Hi: hi, Lo: lo}
}

// Decode is the amount that Encode was given; an absent one is zero.
func Decode(a *snapshot.Amount) money.Amount { return money.FromParts(a.GetHi(), a.GetLo()) }
