package event

// Reason names the rule for which a record is refused (DEFINITIONS R1 to R9). The
// rules are judged in the order of these constants and the first that fails
// names the reason.
type Reason string

// The reasons for a refusal. A duplicate (DEFINITIONS R5) is counted, not refused.
const (
	Malformed      Reason = "malformed"       // DEFINITIONS R1
	UnknownType    Reason = "unknown_type"    // DEFINITIONS R2
	WrongPartition Reason = "wrong_partition" // DEFINITIONS R3
	Invalid        Reason = "invalid"         // DEFINITIONS R4
	TooNew         Reason = "too_new"         // DEFINITIONS R6
	TooOld         Reason = "too_old"         // DEFINITIONS R7
	UnknownProduct Reason = "unknown_product" // DEFINITIONS R8
	UnpricedMeter  Reason = "unpriced_meter"  // DEFINITIONS R8
)

// Refusal says why a record is refused: the rule, and a sentence that names
// the attribute and the value at fault.
type Refusal struct {
	Reason Reason
	Detail string
}

// Error is the reason and the sentence.
func (r *Refusal) Error() string { return string(r.Reason) + ": " + r.Detail }
