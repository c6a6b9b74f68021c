package worker

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"runrate/consumers/fold"
	"runrate/consumers/snapshots"
	"runrate/internal/broker"
	"runrate/internal/stream"
)

// TestDecide: how a worker begins, by what it finds.
func TestDecide(t *testing.T) {
	source := stream.Source{Topic: stream.Usage.Topic(), Partition: 3}
	from := snapshots.Pointer{First: 4, Last: 9, Epoch: 1}
	before, later := snapshots.Pointer{First: 1, Last: 2}, snapshots.Pointer{First: 1, Last: 2, Epoch: 2}
	held := broker.Range{First: 100, End: 500}
	at := func(next stream.Offset, metadata string) broker.Commit {
		return broker.Commit{Set: true, Next: next, Metadata: metadata}
	}
	for _, c := range []struct {
		name  string
		facts facts
		want  plan
		err   string // a part of it
	}{
		{"a new group", facts{held: held}, plan{empty: true, commit: at(100, begin), at: 100}, ""},
		{"a new group of an empty log", facts{}, plan{empty: true, commit: at(0, begin)}, ""},
		{"no commit beside rows", facts{held: held, started: true, written: 200}, plan{}, "but ClickHouse has its progress: the group's offsets expired"},
		{"no commit beside snapshots", facts{held: held, snapshots: true}, plan{}, "but the snapshot log has its state: the group's offsets expired"},
		{"begun", facts{held: held, commit: at(100, begin)}, plan{empty: true, at: 100}, ""},
		{"begun, rows beyond the commit", facts{held: held, commit: at(100, begin), started: true, written: 200}, plan{empty: true, at: 100}, ""},
		{"begun, and overtaken by retention", facts{held: held, commit: at(99, begin)}, plan{}, "deleted"},
		{"a snapshot, nothing new", facts{held: held, commit: at(500, from.String()), started: true, written: 500}, plan{at: 500, from: from}, ""},
		{"a snapshot, rows beyond the commit", facts{held: held, commit: at(200, from.String()), started: true, written: 300}, plan{at: 200, from: from}, ""},
		{"a snapshot, rows lost", facts{held: held, commit: at(200, from.String()), started: true, written: 150}, plan{at: 150, from: from}, ""},
		{"a snapshot, rows lost from before the log begins", facts{held: held, commit: at(200, from.String()), started: true, written: 50}, plan{at: 50, from: from}, ""},
		{"a snapshot, all rows lost", facts{held: held, commit: at(200, from.String())}, plan{at: 0, from: from}, ""},
		{"a snapshot, at the first record", facts{held: held, commit: at(100, from.String()), started: true, written: 100}, plan{at: 100, from: from}, ""},
		{"a snapshot, overtaken by retention", facts{held: held, commit: at(99, from.String()), started: true, written: 99}, plan{}, "deleted"},
		{"a snapshot, the log is shorter", facts{held: held, commit: at(501, from.String()), started: true, written: 501}, plan{}, "shorter"},
		{"rows beyond the log", facts{held: held, commit: at(200, from.String()), started: true, written: 200, claimed: 501}, plan{}, "shorter"},
		{"begun, rows beyond the log", facts{held: held, commit: at(100, begin), started: true, written: 501, claimed: 501}, plan{}, "shorter"},
		{"rows up to the end of the log", facts{held: held, commit: at(200, from.String()), started: true, written: 500, claimed: 500}, plan{at: 200, from: from}, ""},
		{"handed over", facts{held: held, handOver: at(300, from.String()), commit: at(450, before.String()), started: true, written: 320}, plan{commit: at(300, from.String()), at: 300, from: from}, ""},
		{"handed over, and the old commit is outside of the log", facts{held: held, handOver: at(300, from.String()), commit: at(99, before.String()), started: true, written: 300}, plan{commit: at(300, from.String()), at: 300, from: from}, ""},
		{"handed over to a new partition", facts{held: held, handOver: at(300, from.String()), started: true, written: 300}, plan{commit: at(300, from.String()), at: 300, from: from}, ""},
		{"handed over to one that has only begun", facts{held: held, handOver: at(300, from.String()), commit: at(100, begin), started: true, written: 300}, plan{commit: at(300, from.String()), at: 300, from: from}, ""},
		{"handed over, nothing folded", facts{held: held, handOver: at(100, begin), commit: at(450, before.String())}, plan{empty: true, commit: at(100, begin), at: 100}, ""},
		{"handed over and taken over", facts{held: held, handOver: at(300, from.String()), commit: at(450, from.String()), started: true, written: 450}, plan{at: 450, from: from}, ""},
		{"begun before a gap", facts{held: held, gaps: []fold.Gap{{From: 40, To: 100}}}, plan{empty: true, commit: at(40, begin), at: 40}, ""},
		{"begun before a gap, and overtaken again", facts{held: held, gaps: []fold.Gap{{From: 40, To: 90}}}, plan{}, "deleted"},
		{"a snapshot before a gap", facts{held: held, gaps: []fold.Gap{{From: 30, To: 40}, {From: 99, To: 100}}, commit: at(99, from.String()), started: true, written: 99}, plan{at: 99, from: from}, ""},
		{"a snapshot before two gaps", facts{held: held, gaps: []fold.Gap{{From: 80, To: 90}, {From: 90, To: 100}}, commit: at(80, from.String()), started: true, written: 80}, plan{at: 80, from: from}, ""},
		{"a snapshot before a gap that is too short", facts{held: held, gaps: []fold.Gap{{From: 80, To: 99}}, commit: at(80, from.String()), started: true, written: 80}, plan{}, "deleted"},
		{"a snapshot, and a gap elsewhere", facts{held: held, gaps: []fold.Gap{{From: 80, To: 100}}, commit: at(81, from.String()), started: true, written: 81}, plan{}, "deleted"},
		{"nothing handed over", facts{held: held, commit: at(450, before.String()), started: true, written: 450}, plan{}, "handed nothing over"},
		{"a later epoch's", facts{held: held, commit: at(450, later.String()), started: true, written: 450}, plan{}, "folded under epoch 2 by now"},
		{"another's metadata", facts{held: held, commit: at(200, ""), started: true, written: 200}, plan{}, "restore runrate.usage/3@200: commit metadata"},
	} {
		c.facts.epoch = 1
		got, err := decide("group", source, c.facts)
		if !reflect.DeepEqual(got, c.want) || (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %+v, %v\nwant %+v, %q", c.name, got, err, c.want, c.err)
		}
		var outside *broker.OutOfRange
		if lost := c.err == "deleted" || c.err == "shorter"; errors.As(err, &outside) != lost || lost && (outside.Source != source || outside.Range != held) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
