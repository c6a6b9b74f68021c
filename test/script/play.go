package script

import (
	"context"
	"fmt"
	"testing"

	"runrate/consumers/fold"
	"runrate/consumers/intake"
	"runrate/consumers/usage"
	"runrate/consumers/worker"
	"runrate/internal/rows"
	"runrate/internal/stream"
	"runrate/schemas/definitions"
	"runrate/test/sim"
)

// play folds the records of a script, each topic through its fold.
func play(t *testing.T, s *Script, cut Cut) *sim.Tables {
	t.Helper()
	tables := &sim.Tables{}
	var into worker.Tables = tables
	if s.sections["rolling"] == nil {
		into = withoutWindows{tables, s.sections["arr"] != nil}
	}
	for kind, log := range s.read(t) {
		next := 0
		each := func() sim.Cut { // is asked once for each record, in order
			next++
			return cut(log.ticks[next-1])
		}
		if err := sim.Drive(into, s.config(t, kind), log.records, each); err != nil {
			t.Fatal(err)
		}
	}
	return tables
}

// config is what a topic of one partition is folded with.
func (s *Script) config(t *testing.T, kind stream.Kind) fold.Config {
	c := sim.Fold(stream.Source{Topic: kind.Topic()}, 1, intake.DefaultMemory)
	if d := s.definition(t); kind == stream.Usage {
		c.New = func() fold.Blank { return usage.New(d) }
	}
	return c
}

// definition is that of usage ARR: the section "definition", "DAYS days x
// MULTIPLIER", or else the default.
func (s *Script) definition(t *testing.T) usage.Config {
	t.Helper()
	d := usage.Config{ARRWindowDays: 28, ARRMultiplier: 13}
	for _, line := range s.sections["definition"] {
		if _, err := fmt.Sscanf(line, "%d days x %d", &d.ARRWindowDays, &d.ARRMultiplier); err != nil {
			t.Fatalf("script %s: definition %q: %v", s.Name, line, err)
		}
	}
	return d
}

// withoutWindows drops the rows of rolling_revenue where nobody looks at them, but for
// those of the window that arr is made of: in a script of a year they are nearly all.
type withoutWindows struct {
	*sim.Tables
	arr bool
}

// Write writes the rows but those of windows that nobody looks at.
func (t withoutWindows) Write(ctx context.Context, epoch uint32, changes rows.Changes) error {
	all := changes.Rolling
	changes.Rolling = nil
	if t.arr && all != nil {
		changes.Rolling = func(yield func(rows.RollingRevenue) bool) {
			for r := range all {
				if r.Window == definitions.DefaultARR.Window() && !yield(r) {
					return
				}
			}
		}
	}
	return t.Tables.Write(ctx, epoch, changes)
}
