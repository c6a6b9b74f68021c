package docs_test

import (
	"strings"
	"testing"

	"runrate/internal/event"
)

// TestTypes: each type of event has its entry, and E10 names the control records.
func TestTypes(t *testing.T) {
	texts, _ := entries(t)
	for _, kind := range event.Types() {
		name, entry := "`"+kind.String()+"`", ""
		for n, text := range texts {
			if strings.HasPrefix(text, "**"+n+"** "+name+":") {
				entry = n
			}
		}
		if entry == "" {
			t.Errorf("no entry begins with %s", name)
		}
		if strings.Contains(texts["E10"], name) != kind.Control() {
			t.Errorf("%s is control: %v, and E10 says otherwise", name, kind.Control())
		}
	}
}
