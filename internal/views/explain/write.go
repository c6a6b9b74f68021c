package explain

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"runrate/internal/views/report"
)

// words are what the parts of ARR are called for reading.
var words = map[string]string{
	"arr": "ARR of ", "net_new_arr": "net new ARR of ", "usage_arr": "usage ARR of ", "subscription_arr": "subscription ARR of ", "account": "account ", "adjustment": "adjustment, ", "rest": "and ",
}

// line is one of the text: what on the left, the amount on the right.
type line struct{ text, amount string }

// Write writes the tree as text, a level an indent; amounts rounded to cents unless exact.
func (n *Node) Write(w io.Writer, exact bool) error {
	lines := n.lines(nil, 0, exact)
	left, right := 0, 0
	for _, l := range lines {
		if l.amount != "" {
			left, right = max(left, utf8.RuneCountInString(l.text)), max(right, len(l.amount))
		}
	}
	var out strings.Builder
	for _, l := range lines {
		if l.amount == "" {
			out.WriteString(l.text + "\n")
			continue
		}
		fmt.Fprintf(&out, "%s%s  %*s\n", l.text, strings.Repeat(" ", left-utf8.RuneCountInString(l.text)), right, l.amount)
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// lines appends those of a node and all below it.
func (n *Node) lines(to []line, depth int, exact bool) []line {
	indent := strings.Repeat("  ", depth)
	text := indent + words[n.What] + n.Name
	if n.Times != 1 {
		text += fmt.Sprintf(" = %d x", n.Times)
	}
	to = append(to, line{text, report.Money(n.Amount.Amount, exact)})
	if n.Record != nil {
		text := fmt.Sprintf("%s  record %s, id %s of %s", indent, n.Record, n.Record.ID, n.Record.Source)
		if n.Record.PriceBook != "" {
			text += ", price book " + n.Record.PriceBook
		}
		to = append(to, line{text: text})
	}
	for _, c := range n.Children {
		to = c.lines(to, depth+1, exact)
	}
	return to
}
