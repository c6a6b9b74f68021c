package subscriptions_test

import (
	"testing"

	"runrate/test/script"
)

// TestDefinitions plays the awkward cases of MRR and its movements (DEFINITIONS S1 to
// S8): all movements, the refusals, and the MRR at the named boundaries.
func TestDefinitions(t *testing.T) { script.Run(t, "testdata/definitions", 17) }
