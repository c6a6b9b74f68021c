package snapshotv1

import "runrate/internal/money"

// Of is the encoded form of an amount.
func Of(a money.Amount) *Amount {
	hi, lo := a.Parts()
	return &Amount{Hi: hi, Lo: lo}
}

// Money is the amount; an absent one is zero.
func (a *Amount) Money() money.Amount { return money.FromParts(a.GetHi(), a.GetLo()) }
