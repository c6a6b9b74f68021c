package event

import "runrate/internal/money"

// The bounds on the values of an event (DEFINITIONS E13). Beyond them it is
// refused as invalid, so that no row, key or sum downstream can grow without
// bound. Lengths are in bytes of UTF-8.
const (
	MaxAttributeLen = 1024 // id, source, subject
	MaxNameLen      = 256  // product, meter, segment, region, line, plan, subscription, reason
	MaxMeters       = 64   // meters in one usage event
)

// AllLines stands for all business lines together in the views; no line may be
// named so (DEFINITIONS W8).
const AllLines = "*"

// MaxAmount bounds the magnitude of an adjustment's amount, of a subscription's
// unit amount and of its quantity x unit amount, in currency units (DEFINITIONS
// M8). 10^15 leaves a factor of 10^11 to what Decimal(38,12) and a 128-bit sum
// can hold.
const MaxAmount = 1_000_000_000_000_000

var (
	maxAmount = money.FromInt(MaxAmount)
	minAmount = money.FromInt(-MaxAmount)
)
