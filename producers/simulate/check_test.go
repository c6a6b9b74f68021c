package simulate

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"runrate/consumers/intake"
	"runrate/consumers/store"
	"runrate/internal/event"
	"runrate/internal/stream"
	"runrate/internal/views/check"
	chschema "runrate/schemas/clickhouse"
	"runrate/test/localtest"
	"runrate/test/oracle"
	"runrate/test/sim"
)

func TestMain(m *testing.M) { localtest.Main(m) }

// folded is a database with the rows of a log, folded in one batch a
// partition.
func folded(t *testing.T, log oracle.Log, partitions int32) *store.Store {
	t.Helper()
	name := localtest.Database(t)
	s, err := store.Open(t.Context(), store.Options{Address: localtest.ClickHouse(t).TCPAddr(), Database: name})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if _, err := chschema.Migrate(t.Context(), s.Conn(), chschema.Options{Database: s.Database()}); err != nil {
		t.Fatal(err)
	}
	for _, topic := range stream.Inputs() {
		if err := s.OpenEpoch(t.Context(), store.Record{Topic: topic, Partitions: partitions}); err != nil {
			t.Fatal(err)
		}
	}
	all := intake.Memory{Recent: 100 * event.Day, Most: 1_000_000}
	for p := range partitions {
		for _, topic := range stream.Inputs() {
			source := stream.Source{Topic: topic, Partition: p}
			if err := sim.Drive(s, sim.Fold(source, partitions, all), log[source], func() sim.Cut { return sim.FoldOn }); err != nil {
				t.Fatal(err)
			}
		}
	}
	return s
}

// TestCheck: the pipeline's numbers of a company, sent as Protobuf, pass its
// check in a real ClickHouse, and do not pass another's.
// The history is sent twice, in both forms, which must not show.
func TestCheck(t *testing.T) {
	m := company(t, small(11))
	log := logOf(t, m, 2, Protobuf)
	truth := truthOf(t, m)
	for source, again := range logOf(t, company(t, small(11)), 2, JSON) {
		for _, r := range again {
			r.Offset = stream.Offset(len(log[source]))
			log[source] = append(log[source], r)
		}
	}
	s := folded(t, log, 2)
	all, err := check.Check(t.Context(), s.Conn(), s.Database(), truth)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if !c.OK {
			t.Errorf("%s: intended %s, found %s", c.What, c.Intended, c.Found)
		}
	}
	if len(all) < 150 {
		t.Errorf("only %d numbers were compared", len(all))
	}
	views := map[string]int{}
	for _, c := range all {
		view, _, _ := strings.Cut(c.What, " ")
		if c.Found != "none" {
			views[view]++
		}
	}
	for _, q := range check.Questions(truth) {
		if views[q.View] == 0 {
			t.Errorf("nothing was found in %s", q.View)
		}
	}

	truth.Usage[0].Revenue.Amount = plus(truth.Usage[0].Revenue.Amount, exact(truth.Usage[0].Revenue.Sub(truth.Usage[1].Revenue.Amount)))
	truth.NetNew[0].Churn.Amount = truth.NetNew[0].Opening.Amount
	truth.Sent.Refused[event.Malformed]++
	if all, err = check.Check(t.Context(), s.Conn(), s.Database(), truth); err != nil {
		t.Fatal(err)
	}
	// Revenue is asked of two views.
	if n := check.Differing(all); n != 4 {
		t.Errorf("%d numbers differ from a truth with three lies", n)
	}
}

// TestCheckOfNothing: nothing in the database is no agreement.
func TestCheckOfNothing(t *testing.T) {
	m := company(t, small(11))
	if err := m.Discard(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := folded(t, oracle.Log{}, 1)
	all, err := check.Check(t.Context(), s.Conn(), s.Database(), truthOf(t, m))
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(all, func(c check.Comparison) bool { return c.OK && c.Intended != "0" }) || check.Differing(all) == 0 {
		t.Error("an empty database passes")
	}
	var out strings.Builder
	if err := check.WriteTable(&out, all); err != nil || !strings.Contains(out.String(), "none") {
		t.Error(errors.Join(err, errors.New(out.String())))
	}
}
