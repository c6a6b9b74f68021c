package store

import (
	"testing"

	"runrate/internal/fault"
	"runrate/internal/rows"
	"runrate/internal/stream"
	"runrate/schemas/definitions"
)

func TestProgressAndDefinition(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	full := rows.Progress{FirstOffset: 2, NextOffset: 25, Accepted: 5, Duplicate: 4, Refused: 2, Control: 1, Skipped: 8, Lost: 3, Clock: at("2026-01-01T00:00:00.000001Z"), Ticked: true}
	unticked := rows.Progress{NextOffset: 1, Accepted: 1}
	write(t, s, 3, rows.Changes{Source: usage0, Progress: full})
	write(t, s, 3, rows.Changes{Source: usage1, Progress: unticked})
	write(t, s, 4, rows.Changes{Source: usage1, Progress: full})
	write(t, s, 3, rows.Changes{Source: usage0, Progress: ticked(13, "2026-01-01T00:00:00Z")}) // older
	p, err := s.Progress(ctx, 3, stream.Usage.Topic())
	if err != nil || len(p) != 2 || p[0] != full || p[1] != unticked {
		t.Errorf("%+v, %v", p, err)
	}

	if d, err := s.Definition(ctx, 3); err != nil || d != definitions.DefaultARR {
		t.Errorf("definition %v, %v", d, err)
	}
	for _, want := range []definitions.ARR{{WindowDays: 7, Multiplier: 52}, {WindowDays: 365, Multiplier: 1}} {
		if err := s.SetDefinition(ctx, 3, want); err != nil {
			t.Fatal(err)
		}
		if d, err := s.Definition(ctx, 3); err != nil || d != want {
			t.Errorf("definition %v, %v", d, err)
		}
	}
	if got, err := s.Statuses(ctx, 3); err != nil || got != definitions.DefaultStatuses {
		t.Errorf("statuses %q, %v", got, err)
	}
	for _, want := range []definitions.Statuses{"active", "trialing,active,unpaid"} {
		if err := s.SetStatuses(ctx, 3, want); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Statuses(ctx, 3); err != nil || got != want {
			t.Errorf("statuses %q, %v", got, err)
		}
	}
	for _, wrong := range []definitions.Statuses{"", "canceled", "past_due,active"} {
		if err := s.SetStatuses(ctx, 3, wrong); fault.KindOf(err) != fault.Defect {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	for _, wrong := range []definitions.ARR{{WindowDays: 29, Multiplier: 13}, {WindowDays: 28}} {
		if err := s.SetDefinition(ctx, 3, wrong); fault.KindOf(err) != fault.Defect {
			t.Errorf("%v: %v", wrong, err)
		}
	}
}
