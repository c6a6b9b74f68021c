package usage_test

import (
	"testing"

	"runrate/consumers/fold"
	"runrate/internal/event"
	"runrate/internal/rows"
	snapshot "runrate/schemas/snapshot/v1"
)

// month is a partition with 40 days of panes, and its snapshots.
type month struct {
	*hourly
	snapshots []*snapshot.Record
}

func newMonth(t *testing.T) *month {
	t.Helper()
	m := &month{hourly: newHourly(t, 40*24)}
	m.end(false, false)
	return m
}

// end flushes, and returns the rows of windows that it wrote.
func (m *month) end(owing, delta bool) (rolling []rows.RollingRevenue) {
	m.Helper()
	end := m.partition.Flush
	if owing {
		end = m.partition.FlushOwing
	}
	f, err := end()
	if err != nil {
		m.Fatal(err)
	}
	for r := range f.Changes().Rolling {
		rolling = append(rolling, r)
	}
	for part := range f.Snapshot(delta) {
		m.snapshots = append(m.snapshots, part)
	}
	owes := f.Owes()
	f.Done()
	if owes != m.partition.Owes() {
		m.Fatalf("the flush owes: %v, the partition afterwards: %v", owes, m.partition.Owes())
	}
	return rolling
}

// restart makes the partition anew from its snapshots.
func (m *month) restart() {
	m.Helper()
	restoring := fold.Restore(config())
	for _, part := range m.snapshots {
		if err := restoring.Apply(part); err != nil {
			m.Fatal(err)
		}
	}
	recalling, err := restoring.Recall()
	if err != nil {
		m.Fatal(err)
	}
	m.partition = recalling.Done()
}

// Late events are owed for some flushes and then paid: the rows are those that one flush
// of all of them writes, under the same versions, also where the partition was made anew
// in between, from deltas or from a new base.
func TestOwed(t *testing.T) {
	late := []event.Time{day0 + 10*event.Day, day0 + 20*event.Day, day0 + 10*event.Day + event.Hour, day0 + 10*event.Day + 1}
	one := newMonth(t)
	for _, at := range late {
		one.use(at)
	}
	want := one.end(false, true)
	if len(want) == 0 {
		t.Fatal("late events change nothing")
	}
	for name, between := range map[string]func(*month){
		"kept":              func(*month) {},
		"made anew":         (*month).restart,
		"with a new base":   func(m *month) { m.snapshots = nil; m.end(true, false); m.restart() },
		"flushes of naught": func(m *month) { m.end(true, true); m.end(true, true) },
	} {
		m := newMonth(t)
		for _, at := range late {
			m.use(at)
			if got := m.end(true, true); len(got) > 0 || !m.partition.Owes() {
				t.Fatalf("%s: %d rows of windows are written by a flush that owes; it owes: %v", name, len(got), m.partition.Owes())
			}
			between(m)
			if !m.partition.Owes() {
				t.Fatalf("%s: it owes nothing any more", name)
			}
		}
		got := m.end(false, true)
		equalRows(t, name, got, want)
		m.restart()
		if again := m.end(false, true); len(again) > 0 || m.partition.Owes() {
			t.Errorf("%s: paid twice: %d rows", name, len(again))
		}
	}
}

func equalRows(t *testing.T, name string, got, want []rows.RollingRevenue) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d rows are paid, want %d", name, len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("%s: row %d is\n%+v, want\n%+v", name, i, got[i], want[i])
		}
	}
}

// A flush that passes a boundary pays, whether it may owe or not: rows are written in the
// order of their versions.
func TestBoundaryPays(t *testing.T) {
	one, two := newMonth(t), newMonth(t)
	for _, m := range []*month{one, two} {
		m.use(day0 + 10*event.Day)
		if m == two {
			m.end(true, true)
		}
		m.step(event.Event{Type: event.ClockTicked, Time: m.clock + event.Hour})
	}
	want, got := one.end(false, true), two.end(true, true)
	equalRows(t, "with a boundary", got, want)
	if two.partition.Owes() {
		t.Error("it owes on")
	}
}
