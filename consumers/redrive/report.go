package redrive

import "runrate/internal/event"

// Why is the reason for which a dead letter is left as it is.
type Why string

// The reasons, in the order in which they are told.
const (
	Control      Why = "control record"
	Malformed    Why = Why(event.Malformed)
	UnknownType  Why = Why(event.UnknownType)
	Invalid      Why = Why(event.Invalid)
	TooLarge     Why = "too large"
	Counted      Why = "accepted meanwhile"
	Same         Why = "same as another"
	RefusedAgain Why = "refused again"
	HeadersGone  Why = "headers gone"
	Unknown      Why = "not known whether it was sent"
)

// Reasons are all of them, each with what is said of it.
var Reasons = []struct {
	Why  Why
	Text string
}{
	{Control, "control records are never redriven: publish a new one"},
	{Malformed, "they are malformed and would be refused again"},
	{UnknownType, "they are unknown_type and would be refused again"},
	{Invalid, "they are invalid and would be refused again"},
	{TooLarge, "they are larger than --max-record-bytes"},
	{Counted, "their event has been accepted by another record"},
	{Same, "they are the same, byte for byte, as one that is sent"},
	{RefusedAgain, "they were sent again before and refused again: --again sends them anew"},
	{HeadersGone, "they were refused before headers were kept, and the log no longer holds them: send their events anew"},
	{Unknown, "an earlier run was ended while it sent them, and the consumer has not come to where they would be: runrate settle, then run this again"},
}

// Report is what became of the dead letters that were looked at.
type Report struct {
	Seen int64         // dead letters that were asked for
	Sent int64         // or would be, if nothing is sent
	Left map[Why]int64 // and looked at by the next run, too
	Full bool          // it ended at Most; there may be more
}
