package docs_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"runrate/schemas/definitions"
)

// TestNumbersOfThePage holds the page and schemas/definitions together.
func TestNumbersOfThePage(t *testing.T) {
	texts, _ := entries(t)
	for entry, want := range map[string]string{
		"R6": fmt.Sprintf("more than %d minutes ahead", definitions.AheadMinutes),
		"R7": fmt.Sprintf("more than %d days behind", definitions.LateDays),
		"A1": fmt.Sprintf("The default is %d x %d days.", definitions.DefaultMultiplier, definitions.DefaultWindowDays),
		"A4": "The window is " + definitions.ARRWindowDays(),
		"A5": fmt.Sprintf("T - %d days", definitions.NetNewDays),
	} {
		if text := strings.Join(strings.Fields(texts[entry]), " "); !strings.Contains(text, want) {
			t.Errorf("%s does not say %q: %s", entry, want, text)
		}
	}
	named := regexp.MustCompile("`([0-9]+[hd])`")
	for entry, windows := range map[string][]definitions.Window{"W6": definitions.Rolling[:], "W8": definitions.Active[:]} {
		var have, want []string
		for _, m := range named.FindAllStringSubmatch(texts[entry], -1) {
			if !slices.Contains(have, m[1]) {
				have = append(have, m[1])
			}
		}
		for _, w := range windows {
			want = append(want, w.Name)
		}
		if !slices.Equal(have, want) {
			t.Errorf("%s names the windows %v, and there are %v", entry, have, want)
		}
	}
}
