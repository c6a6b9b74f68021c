package verify_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

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
	return folded(t, gen.Stream(seed, options), seed)
}

// keptWorld folds testdata/log.ndjson, a stream with a bit of everything and few
// rows. It is kept so that docs/VERIFY.md does not change with the generator.
func keptWorld(t *testing.T) *world {
	t.Helper()
	f, err := os.Open("testdata/log.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	kept, err := gen.Load(f, 2)
	if err != nil {
		t.Fatal(err)
	}
	w := folded(t, kept, 1)
	w.merge()
	return w
}

func folded(t *testing.T, generated gen.Generated, seed uint64) *world {
	t.Helper()
	w := empty(t)
	w.log = generated.Log()
	r := rand.New(rand.NewPCG(seed, 11))
	for _, topic := range stream.Inputs() {
		w.must(w.store.OpenEpoch(t.Context(), store.Record{Topic: topic, Partitions: generated.Partitions}))
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

// clockless is how many partitions have no clock.
func (w *world) clockless() int {
	w.t.Helper()
	var ticked uint64
	w.must(w.store.Conn().QueryRow(context.Background(), "SELECT countIf(toUnixTimestamp(clock) > 0) FROM "+w.name+".freshness").Scan(&ticked))
	return len(w.log) - int(ticked)
}

// Offsets is the log's; with Fetch it makes the world a verify.Log.
func (w *world) Offsets(_ context.Context, topic stream.Topic) (map[int32]broker.Range, error) {
	out := map[int32]broker.Range{}
	for s, records := range w.log {
		if s.Topic == topic {
			out[s.Partition] = broker.Range{}
			if len(records) > 0 {
				out[s.Partition] = broker.Range{First: records[0].Offset, End: records[len(records)-1].Offset + 1}
			}
		}
	}
	return out, nil
}

// Fetch gives a few records at a time.
func (w *world) Fetch(_ context.Context, source stream.Source, offset stream.Offset, _ int, _ time.Duration) ([]stream.Record, stream.Offset, error) {
	records := w.log[source]
	at := int(offset - records[0].Offset)
	return records[at:min(at+10, len(records))], records[len(records)-1].Offset + 1, nil
}

// verify makes all checks.
func (w *world) verify() []verify.Result {
	w.t.Helper()
	return w.verifyWith(verify.Options{Log: w})
}

// verifyWith makes the checks that options ask for.
func (w *world) verifyWith(o verify.Options) []verify.Result {
	w.t.Helper()
	return w.verifySome(o, func(string) bool { return true })
}

// verifySome makes some of them, by view and proof.
func (w *world) verifySome(o verify.Options, pick func(check string) bool) []verify.Result {
	w.t.Helper()
	o.Conn, o.Database, o.Show = w.store.Conn(), w.store.Database(), 3
	results, err := verify.RunSome(w.t.Context(), o, pick)
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

// tables are those that the folds fill.
var tables = []string{"usage_event_versions", "usage_hour_versions", "rolling_revenue_versions", "active_account_versions", "account_day_versions", "account_first_versions", "late_amount_versions",
	"subscription_change_versions", "subscription_versions", "mrr_movement_versions", "mrr_versions", "net_new_arr_versions",
	"dead_letter_versions", "control_versions", "progress_versions", "epoch_entries", "epoch_gaps"}

// merge makes one part of the many that as many flushes left, which is what makes
// queries slow where each test makes thousands.
func (w *world) merge() {
	w.t.Helper()
	for _, table := range tables {
		w.exec("OPTIMIZE TABLE DB." + table + " FINAL")
	}
}

// copy is another world with the same rows.
func (w *world) copy(t *testing.T) *world {
	t.Helper()
	c := empty(t)
	c.log = w.log
	c.restore(w, tables)
	return c
}

// restore makes the rows of tables those of another world.
func (w *world) restore(from *world, tables []string) {
	w.t.Helper()
	for _, table := range tables {
		w.exec("TRUNCATE TABLE DB." + table)
		w.exec("ALTER TABLE DB." + table + " ATTACH PARTITION ALL FROM " + from.name + "." + table)
	}
}
