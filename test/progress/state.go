package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// event is one line of `go test -json` (go doc test2json).
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
}

// state is what is known of the run so far.
type state struct {
	total   int // packages in all; 0 is unknown
	done    int
	start   time.Time
	pending map[string]*pending // by package
	failed  []string
}

// pending is a package whose tests run.
type pending struct {
	start time.Time
	tests []string // that run or wait, the oldest first; without subtests
	said  []event  // outputs that may yet have to be shown
}

func newState(total int, now time.Time) *state {
	return &state{total: total, start: now, pending: map[string]*pending{}}
}

// take is what an event has to say, if anything.
func (s *state) take(e event, now time.Time) string {
	if e.Action == "build-output" {
		return e.Output
	}
	if e.Package == "" {
		return ""
	}
	p := s.pending[e.Package]
	if p == nil {
		p = &pending{start: now}
		s.pending[e.Package] = p
	}
	switch e.Action {
	case "run":
		if !strings.Contains(e.Test, "/") {
			p.tests = append(p.tests, e.Test)
		}
	case "output":
		if !strings.HasPrefix(e.Output, "=== ") {
			p.said = append(p.said, e)
		}
	case "pass", "skip", "fail":
		if e.Test == "" {
			return s.finished(p, e)
		}
		return s.tested(p, e)
	}
	return ""
}

// tested is what is left to say of a test: all if it failed, with what its
// subtests said. A subtest that failed is shown with its test.
func (s *state) tested(p *pending, e event) string {
	if strings.Contains(e.Test, "/") {
		if e.Action != "fail" {
			p.cut(func(o event) bool { return o.Test == e.Test })
		}
		return ""
	}
	p.tests = slices.DeleteFunc(p.tests, func(t string) bool { return t == e.Test })
	text := p.cut(func(o event) bool { return o.Test == e.Test || strings.HasPrefix(o.Test, e.Test+"/") })
	if e.Action != "fail" {
		return ""
	}
	s.failed = append(s.failed, e.Package+" "+e.Test)
	return text
}

// finished is what is left to say of a package: all if it failed, with the tests
// that a panic or a time-out has ended.
func (s *state) finished(p *pending, e event) string {
	s.done++
	delete(s.pending, e.Package)
	if e.Action != "fail" {
		return p.cut(func(o event) bool { return closing(o.Output) })
	}
	for _, t := range p.tests {
		s.failed = append(s.failed, e.Package+" "+t)
	}
	if !slices.ContainsFunc(s.failed, func(f string) bool { return strings.HasPrefix(f, e.Package+" ") }) {
		s.failed = append(s.failed, e.Package)
	}
	return p.cut(func(event) bool { return true })
}

// cut takes out the outputs that which chooses, in their order.
func (p *pending) cut(which func(event) bool) string {
	var text strings.Builder
	p.said = slices.DeleteFunc(p.said, func(o event) bool {
		if !which(o) {
			return false
		}
		text.WriteString(o.Output)
		return true
	})
	return text.String()
}

// closing says whether a line is go test's last word on a package that passed.
func closing(line string) bool {
	return strings.HasPrefix(line, "ok  \t") || strings.HasPrefix(line, "?   \t") || strings.HasPrefix(line, "\t")
}

// running says how far it is: "... 90s: 3 of 45 packages done; running: …".
func (s *state) running(now time.Time) string {
	var names []string
	for name, p := range s.pending {
		what := fmt.Sprintf("%s for %ds", strings.TrimPrefix(name, "runrate/"), seconds(now.Sub(p.start)))
		if len(p.tests) > 0 {
			what += " (" + p.tests[0]
			if more := len(p.tests) - 1; more > 0 {
				what += fmt.Sprintf(" and %d more", more)
			}
			what += ")"
		}
		names = append(names, what)
	}
	slices.Sort(names)
	done := fmt.Sprint(s.done)
	if s.total > 0 {
		done += fmt.Sprintf(" of %d", s.total)
	}
	what := "building"
	if len(names) > 0 {
		what = "running: " + strings.Join(names, ", ")
	}
	return fmt.Sprintf("... %ds: %s packages done; %s\n", seconds(now.Sub(s.start)), done, what)
}

// end names once more what failed, which may be far above.
func (s *state) end() string {
	var text strings.Builder
	for _, name := range s.failed {
		text.WriteString("failed: " + name + "\n")
	}
	return text.String()
}

func seconds(d time.Duration) int { return int(d.Round(time.Second) / time.Second) }
