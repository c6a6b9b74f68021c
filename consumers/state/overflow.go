package state

import (
	"fmt"

	"runrate/internal/money"
)

// What sums are bounded by.
const (
	KeyBound    = "6 x 10^24" // DEFINITIONS M8
	AmountBound = "10^26"     // what an amount holds
)

// TooMuch returns the error with which a sum stops a partition: what is more than
// bound. It is a money.ErrOverflow.
func TooMuch(what, bound string) error {
	return fmt.Errorf("%w: %s is more than %s; no row of it could be trusted (publish the topic anew without what is too much)", money.ErrOverflow, what, bound)
}
