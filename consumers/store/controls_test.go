package store

import (
	"reflect"
	"testing"

	"runrate/internal/event"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

// TestRecordBesides: exclusions and gaps are part of an epoch's record; a gap that is
// accepted later is added to it.
func TestRecordBesides(t *testing.T) {
	s, ctx, usage := open(t), t.Context(), stream.Usage.Topic()
	r := Record{Topic: usage, Kafka: usage.String(), Epoch: 3, Partitions: 2, Rules: 1, Reason: "test", Shards: 1,
		LogIdentity: []string{"runrate.usage/0@1=ab", "runrate.usage/1@0=cd"},
		Exclusions:  []stream.Place{{Source: usage0, Offset: 15}, {Source: usage1, Offset: 14}},
		Gaps: []Gap{{Partition: 0, From: 2, To: 9, Reason: "it's gone", InForce: []rows.Control{
			{Kind: rows.BookSet, Offset: 1, Time: at("2026-01-01T00:00:00Z"), Recorded: at("2026-01-01T00:00:01.000002Z"), Payload: `{"version":"ü"}`}}}},
	}
	if err := s.OpenEpoch(ctx, r); err != nil {
		t.Fatal(err)
	}
	more := Gap{Partition: 1, From: 4, To: 5, Reason: "later"}
	if err := s.AcceptGap(ctx, usage, 3, more); err != nil {
		t.Fatal(err)
	}
	r.Gaps = append(r.Gaps, more)
	if got, ok, err := s.Record(ctx, usage, 3); err != nil || !ok || !reflect.DeepEqual(got, r) {
		t.Errorf("%+v, %v, %v; want %+v", got, ok, err, r)
	}
	if n, err := s.CountGaps(ctx, usage, 3); n != 2 || err != nil {
		t.Errorf("%d gaps, %v", n, err)
	}
	if err := s.AcceptGap(ctx, usage, 3, Gap{From: 4, To: 4}); err == nil {
		t.Error("an empty gap is accepted")
	}
	want(t, s, "SELECT toString(exclusions) FROM "+s.database.Of("epochs")+" WHERE epoch = 3", "['runrate.usage/0@15','runrate.usage/1@14']")
	losses := "SELECT toString((partition, from_offset, to_offset, records, reason)) AS line FROM " + s.database.Of("losses") + " ORDER BY line"
	want(t, s, losses)
	if err := s.SwitchEpoch(ctx, usage, 3, nil, "test"); err != nil {
		t.Fatal(err)
	}
	want(t, s, losses, "(0,2,9,7,'it\\'s gone')", "(1,4,5,1,'later')")
}

// TestInForce: what is in force at an offset is the last of each kind below it; what
// others knew is what was written before an instant.
func TestInForce(t *testing.T) {
	s := open(t)
	control := func(kind string, offset stream.Offset, clock, recorded string) rows.Control {
		c := rows.Control{Kind: kind, Offset: offset, Time: at(clock), Recorded: at(recorded)}
		if kind == rows.BookSet {
			c.Payload = `{"version":"` + clock + `"}`
		}
		return c
	}
	const one, two, three = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"
	first := []rows.Control{control(rows.ClockSet, 1, one, one), control(rows.ClockSet, 5, two, two), control(rows.BookSet, 2, one, one)}
	second := []rows.Control{control(rows.ClockSet, 3, three, two), control(rows.BookSet, 7, two, three)}
	write(t, s, 4, rows.Changes{Source: usage0, Controls: seq(first...), Progress: ticked(6, two)})
	write(t, s, 4, rows.Changes{Source: usage1, Controls: seq(second...), Progress: ticked(8, three)})
	for _, c := range []struct {
		before stream.Offset
		want   []rows.Control
	}{
		{1, nil}, {2, first[:1]}, {3, []rows.Control{first[0], first[2]}}, {6, []rows.Control{first[1], first[2]}}, {100, []rows.Control{first[1], first[2]}},
	} {
		if got, err := s.InForce(t.Context(), 4, usage0, c.before); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("before %d: %+v, %v; want %+v", c.before, got, err, c.want)
		}
	}
	for _, c := range []struct {
		before event.Time
		want   []rows.Control
	}{
		{at(one), nil}, {at(one) + 1, []rows.Control{first[0], first[2]}}, {at(two) + 1, []rows.Control{second[0], first[2]}}, {at(three) + 1, second},
	} {
		if got, err := s.Elsewhere(t.Context(), 4, usage0.Topic, c.before); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("elsewhere before %s: %+v, %v; want %+v", c.before, got, err, c.want)
		}
	}
	if got, err := s.InForce(t.Context(), 5, usage0, 100); got != nil || err != nil {
		t.Errorf("another epoch: %+v, %v", got, err)
	}
}
