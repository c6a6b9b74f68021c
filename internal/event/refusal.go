package event

// Reason names the rule of the contract for which a record is refused. The
// rules are judged in the order of these constants and the first that fails
// names the reason.
type Reason string

// The reasons for a refusal. A duplicate (rule 5) is counted, not refused.
const (
	Malformed      Reason = "malformed"       // rule 1
	UnknownType    Reason = "unknown_type"    // rule 2
	WrongPartition Reason = "wrong_partition" // rule 3
	Invalid        Reason = "invalid"         // rule 4
	TooNew         Reason = "too_new"         // rule 6
	TooOld         Reason = "too_old"         // rule 7
	UnknownProduct Reason = "unknown_product" // rule 8
	UnpricedMeter  Reason = "unpriced_meter"  // rule 8
)

// Refusal says why a record is refused: the rule, and a sentence that names
// the attribute and the value at fault.
type Refusal struct {
	Reason Reason
	Detail string
}

// Error is the reason and the sentence.
func (r *Refusal) Error() string { return string(r.Reason) + ": " + r.Detail }
