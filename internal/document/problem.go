package document

import (
	"fmt"
	"slices"
	"strings"
)

// maxProblems is how many problems an Error lists; the rest it counts.
const maxProblems = 50

// Problem is one thing wrong with a document.
type Problem struct {
	Line int    // from 1; 0 when it is of no line
	Text string // path, value and fault: products[0].line is missing
}

// String is "line 9: …".
func (p Problem) String() string {
	if p.Line == 0 {
		return p.Text
	}
	return fmt.Sprintf("line %d: %s", p.Line, p.Text)
}

// Error is why a document is refused: every problem found, by line.
type Error struct {
	Problems []Problem // at least one, at most 50
	More     int       // how many further problems are not listed
}

// Error is one problem a line.
func (e *Error) Error() string {
	var b strings.Builder
	for i, p := range e.Problems {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(p.String())
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "\nand %d more", e.More)
	}
	return b.String()
}

// problems collects while a document is read.
type problems struct {
	list []Problem
}

// Add notes a problem.
func (p *problems) Add(line int, format string, args ...any) {
	p.list = append(p.list, Problem{line, fmt.Sprintf(format, args...)})
}

// Sound says whether nothing is wrong so far.
func (p *problems) Sound() bool { return len(p.list) == 0 }

// Err is the *Error of what was collected, nil if nothing was.
func (p *problems) Err() error {
	if len(p.list) == 0 {
		return nil
	}
	slices.SortStableFunc(p.list, func(a, b Problem) int { return a.Line - b.Line })
	e := &Error{Problems: p.list}
	if n := len(p.list) - maxProblems; n > 0 {
		e.Problems, e.More = p.list[:maxProblems:maxProblems], n
	}
	return e
}
