package oracle

import (
	"fmt"
	"strings"
)

// diffLimit is the most rows that Diff shows of one view.
const diffLimit = 12

// Diff tells how got differs from want, view by view: rows missing (-) and
// rows too many (+). It is empty if they agree. Both must be in byte order, as
// Compute leaves them. A view absent from got is not compared.
func Diff(got, want Views) string {
	var out strings.Builder
	for _, name := range Names {
		rows, ok := got[name]
		if !ok {
			continue
		}
		missing, extra := subtract(want[name], rows), subtract(rows, want[name])
		if len(missing)+len(extra) == 0 {
			continue
		}
		fmt.Fprintf(&out, "%s: %d rows, want %d; %d missing, %d too many\n",
			name, len(rows), len(want[name]), len(missing), len(extra))
		show(&out, "- ", missing)
		show(&out, "+ ", extra)
	}
	return out.String()
}

func show(out *strings.Builder, mark string, rows []string) {
	for i, r := range rows {
		if i == diffLimit {
			fmt.Fprintf(out, "%s… and %d more\n", mark, len(rows)-i)
			return
		}
		fmt.Fprintf(out, "%s%s\n", mark, strings.ReplaceAll(r, "\t", " | "))
	}
}

// subtract is the rows of a that are not in b, counting repeated rows.
func subtract(a, b []string) []string {
	var rest []string
	i := 0
	for _, r := range a {
		for i < len(b) && b[i] < r {
			i++
		}
		if i < len(b) && b[i] == r {
			i++
			continue
		}
		rest = append(rest, r)
	}
	return rest
}
