package check

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// WriteTable prints comparisons, those that differ marked.
func WriteTable(w io.Writer, all []Comparison) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "what\tintended\tfound\tok")
	for _, c := range all {
		mark := "yes"
		if !c.OK {
			mark = "NO"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", c.What, c.Intended, c.Found, mark)
	}
	return t.Flush()
}
