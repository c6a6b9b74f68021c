package worker

import (
	"fmt"

	"runrate/internal/stream"
)

// Reason is why a partition is halted, in a word.
type Reason string

// The reasons that are found in an epoch's record.
const (
	PartitionsChanged Reason = "partitions_changed" // the topic has other partitions than it was folded with
	RulesChanged      Reason = "rules_changed"      // another program folded it, by other rules
	SettingsChanged   Reason = "settings_changed"   // its settings are others
)

// Halted says that a partition must not be folded on, and why, until somebody has
// done what Err tells. Waiting does not mend it.
type Halted struct {
	Reason Reason
	Source stream.Source
	Err    error
}

// Error is "source is halted (reason): cause and way out".
func (e *Halted) Error() string {
	return fmt.Sprintf("%s is halted (%s): %v", e.Source, e.Reason, e.Err)
}

// Unwrap is the cause.
func (e *Halted) Unwrap() error { return e.Err }
