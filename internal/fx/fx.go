// Package fx is sets of exchange rates: what one unit of a currency is worth in a
// reference currency, from an instant on.
//
// A set comes from Parse, as YAML or as the same in JSON (DEFINITIONS F1), and is
// checked whole. It is immutable. The package does no I/O and reads no clock. What is
// converted by a set is converted in SQL, by the views arr_in and net_new_arr_in.
//
// Start at Set.
package fx

import (
	"runrate/internal/event"
	"runrate/internal/money"
)

// Bounds of a set.
const (
	MaxSize = 4 << 20 // bytes of its text
	// MaxRate is the most units of the reference that a unit of a currency may be worth:
	// a product of it and any amount of the tables fits 256 bits.
	MaxRate = 1_000_000_000
)

var maxRate = money.FromInt(MaxRate)

// Set is a set of exchange rates.
type Set struct {
	Version   string
	Reference string // ISO 4217

	rates []rate // ascending by currency, then by from
}

// rate is what one unit of a currency is worth in the reference, from an instant on.
type rate struct {
	currency string
	from     event.Time
	worth    money.Amount // above 0
}
