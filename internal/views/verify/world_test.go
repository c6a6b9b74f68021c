package verify_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"runrate/consumers/intake"
	"runrate/consumers/store"
	"runrate/internal/broker"
	"runrate/internal/stream"
	"runrate/internal/views/verify"
	chschema "runrate/schemas/clickhouse"
	"runrate/test/localtest"
	"runrate/test/oracle"
	"runrate/test/oracle/gen"
	"runrate/test/sim"
)

// world is a database that holds the folds of a generated stream.
type world struct {
	t     testing.TB
	store *store.Store
	name  string
	log   oracle.Log
}

// newWorld folds a stream of a seed into a database of its own, flushed at
// random.
func newWorld(t *testing.T, seed uint64, options gen.Options) *world {
	t.Helper()
	w := empty(t)
	generated := gen.Stream(seed, options)
	w.log = generated.Log()
	r := rand.New(rand.NewPCG(seed, 11))
	for _, topic := range stream.Inputs() {
		w.must(w.store.SetTopic(t.Context(), topic, generated.Partitions))
		for p := range generated.Partitions {
			source := stream.Source{Topic: topic, Partition: p}
			w.must(sim.Drive(w.store, sim.Fold(source, generated.Partitions, intake.DefaultMemory), w.log[source], func() sim.Cut {
				if r.IntN(60) == 0 {
					return sim.Flush
				}
				return sim.FoldOn
			}))
		}
	}
	return w
}

// empty is a database with the schema and no rows.
func empty(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, name: localtest.Database(t)}
	var err error
	w.store, err = store.Open(t.Context(), store.Options{Address: localtest.ClickHouse(t).TCPAddr(), Database: w.name})
	w.must(err)
	t.Cleanup(func() { w.store.Close() })
	_, err = chschema.Migrate(t.Context(), w.store.Conn(), chschema.Options{Database: w.store.Database()})
	w.must(err)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// exec runs a statement in which DB is the database.
func (w *world) exec(statement string) {
	w.t.Helper()
	w.must(w.store.Conn().Exec(context.Background(), strings.ReplaceAll(statement, "DB.", w.name+".")))
}

// Offsets is the log's: it makes the world a verify.LogRanges.
func (w *world) Offsets(_ context.Context, topic stream.Topic) (map[int32]broker.Range, error) {
	out := map[int32]broker.Range{}
	for s, records := range w.log {
		if s.Topic == topic && len(records) > 0 {
			out[s.Partition] = broker.Range{First: records[0].Offset, End: records[len(records)-1].Offset + 1}
		}
	}
	return out, nil
}

// verify makes all checks.
func (w *world) verify() []verify.Result {
	w.t.Helper()
	results, err := verify.Run(w.t.Context(), verify.Options{Conn: w.store.Conn(), Database: w.store.Database(), Log: w, Show: 3})
	w.must(err)
	return results
}

// failing is the checks that are not proved, by view and proof, with what they
// show.
func failing(results []verify.Result) map[string]string {
	out := map[string]string{}
	for _, r := range results {
		if r.Outcome != verify.Proved {
			text := fmt.Sprintf("%s, %d of %d: %s", r.Outcome, r.Differ, r.Compared, r.Note)
			for _, d := range r.Rows {
				text += fmt.Sprintf("\n  %s\n    expected %s\n    found    %s", d.Key, d.Expected, d.Found)
			}
			out[r.View+": "+r.Proves] = text
		}
	}
	return out
}

// copy is another world with the same rows.
func (w *world) copy(t *testing.T) *world {
	t.Helper()
	c := empty(t)
	c.log = w.log
	for _, table := range []string{"usage_event_versions", "usage_hour_versions", "rolling_revenue_versions", "active_account_versions",
		"subscription_change_versions", "subscription_versions", "mrr_movement_versions", "mrr_versions", "net_new_arr_versions",
		"dead_letter_versions", "progress_versions", "topics"} {
		c.exec("ALTER TABLE DB." + table + " ATTACH PARTITION ALL FROM " + w.name + "." + table)
	}
	return c
}
