// Package accounts holds the views over accounts (account_arr, arr_bridge, retention, cohorts) to
// the oracle: streams are folded in memory and their rows written to ClickHouse, many
// streams to a database, each in currencies of its own, and read back by the views.
package accounts

import (
	"flag"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"runrate/consumers/intake"
	"runrate/consumers/store"
	"runrate/internal/event"
	"runrate/internal/rows"
	"runrate/internal/stream"
	chschema "runrate/schemas/clickhouse"
	"runrate/test/chaos/readback"
	"runrate/test/localtest"
	"runrate/test/oracle"
	"runrate/test/oracle/gen"
	"runrate/test/sim"
)

// One stream takes half a second on a quiet core; 2,000 are asked for by hand: -seeds 2000 -timeout 2h.
var (
	seeds = flag.Int("seeds", 12, "streams to compare with the oracle")
	first = flag.Uint64("first", 1, "the first stream")
	seed  = flag.Uint64("seed", 0, "replay one stream")
)

func TestMain(m *testing.M) { localtest.Main(m) }

// together is how many streams are in a database at a time.
const together = 30

// partitions is as many as any stream has.
const partitions = 16

func TestOracle(t *testing.T) {
	list := []uint64{*seed}
	if *seed == 0 {
		list = nil
		for s := range *seeds {
			list = append(list, *first+uint64(s))
		}
	}
	for batch := range slices.Chunk(list, together) {
		d := open(t)
		for _, seed := range batch {
			d.fold(seed)
		}
		d.tick()
		for _, seed := range batch {
			d.compare(seed)
		}
	}
}

// TestAsOf: a midnight that is not passed, or no midnight, is an error that names the latest.
func TestAsOf(t *testing.T) {
	d := open(t)
	for at, want := range map[string]string{"1970-01-01": "", "2026-01-31": "the latest is yet to come"} {
		d.asks(at, want)
	}
	d.last = event.Time(time.Date(2026, 2, 1, 5, 0, 0, 0, time.UTC).UnixMicro())
	d.tick()
	for at, want := range map[string]string{
		"2026-01-31": "", "2026-02-01": "", "2026-02-01 00:00:00": "", "2026-02-01T00:00:00Z": "",
		"2026-02-02": "the latest is 2026-02-01", "2026-02-01 05:00:00": "the latest is 2026-02-01", "2999-01-01": "the latest is 2026-02-01",
		"yesterday": "yesterday", "": "",
	} {
		d.asks(at, want)
	}
}

// asks reads each view as of a text, which must be an error that has want in it.
func (d *database) asks(at, want string) {
	d.Helper()
	_, err := readback.Accounts(d.Context(), d.store.Conn(), d.store.Database(), &chschema.Ask{AsOf: at, Days: 30}, "1")
	if want == "" && at != "" {
		d.must(err)
		return
	}
	if err == nil || !strings.Contains(err.Error(), want) {
		d.Errorf("as of %q: %v, want %q", at, err, want)
	}
}

// database holds the rows of streams.
type database struct {
	*testing.T
	store *store.Store
	last  event.Time // that any clock of any stream passed
}

func open(t *testing.T) *database {
	t.Helper()
	d := &database{T: t}
	var err error
	d.store, err = store.Open(t.Context(), store.Options{Address: localtest.ClickHouse(t).TCPAddr(), Database: localtest.Database(t)})
	d.must(err)
	t.Cleanup(func() { d.store.Close() })
	_, err = chschema.Migrate(t.Context(), d.store.Conn(), chschema.Options{Database: d.store.Database()})
	d.must(err)
	for _, topic := range stream.Inputs() {
		d.must(d.store.OpenEpoch(t.Context(), store.Record{Topic: topic, Partitions: partitions}))
	}
	return d
}

func (d *database) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

// generate draws a stream: of months, so that accounts leave and come back, and others.
func generate(seed uint64) gen.Generated {
	options := gen.Options{Days: []int{2, 75, 40, 0}[seed%4], Mix: []gen.Mix{gen.DefaultMix, gen.UsageOnly, gen.SubscriptionsOnly}[seed%3]}
	return gen.Stream(seed, options)
}

// own is a stream's own currency.
func own(seed uint64, currency string) string { return fmt.Sprintf("%d:%s", seed, currency) }

// fold writes the rows of a stream, in its own currencies.
func (d *database) fold(seed uint64) {
	generated := generate(seed)
	if generated.Partitions > partitions {
		d.Fatalf("seed %d has %d partitions", seed, generated.Partitions)
	}
	r := rand.New(rand.NewPCG(seed, 17))
	tables := &sim.Tables{}
	cut := func() sim.Cut {
		if r.IntN(20) > 0 {
			return sim.FoldOn
		}
		return sim.Cut(1 + r.IntN(3))
	}
	for source, records := range generated.Log() {
		d.must(sim.Drive(tables, sim.Fold(source, generated.Partitions, intake.DefaultMemory), records, cut))
		c := tables.Accounts(source)
		c.AccountDays = renamed(c.AccountDays, func(r *rows.AccountDay) { r.Currency = own(seed, r.Currency) })
		c.Firsts = renamed(c.Firsts, func(r *rows.First) { r.Currency = own(seed, r.Currency) })
		c.Movements = renamed(c.Movements, func(r *rows.Movement) { r.Currency = own(seed, r.Currency) })
		d.must(d.store.Write(d.Context(), 0, c))
	}
	d.last = max(d.last, event.Time(oracle.Latest(generated.Log(), generated.Partitions)))
}

func renamed[R any](all iter.Seq[R], change func(*R)) iter.Seq[R] {
	return func(yield func(R) bool) {
		for r := range all {
			if change(&r); !yield(r) {
				return
			}
		}
	}
}

// tick moves all clocks to the last midnight of any stream.
func (d *database) tick() {
	for _, topic := range stream.Inputs() {
		for p := range int32(partitions) {
			progress := rows.Progress{NextOffset: 1 << 40, Clock: d.last, Ticked: true}
			d.must(d.store.Write(d.Context(), 0, rows.Changes{Source: stream.Source{Topic: topic, Partition: p}, Progress: progress}))
		}
	}
}

// compare reads the views as of the latest midnight of a stream, and of one before.
func (d *database) compare(seed uint64) {
	generated := generate(seed)
	log := generated.Log()
	latest := time.UnixMicro(oracle.Latest(log, generated.Partitions)).UTC()
	if latest.Unix() == 0 {
		return
	}
	r := rand.New(rand.NewPCG(seed, 19))
	for _, at := range []time.Time{latest, latest.AddDate(0, 0, -r.IntN(50))} {
		ask := chschema.Ask{AsOf: at.Format(time.DateOnly), Days: []int{1, 7, 30, 90, 365}[r.IntN(5)]}
		want := oracle.Accounts(log, generated.Partitions, oracle.Options{}, at.UnixMicro(), ask.Days)
		got, err := readback.Accounts(d.Context(), d.store.Conn(), d.store.Database(), &ask, fmt.Sprintf("startsWith(currency, '%s')", own(seed, "")))
		d.must(err)
		for name := range got {
			for i, row := range got[name] {
				got[name][i] = strings.Replace(row, "\t"+own(seed, ""), "\t", 1)
			}
			slices.Sort(got[name])
		}
		if diff := oracle.Diff(got, want); diff != "" {
			d.Errorf("seed %d (replay with -seed %d) as of %s, %d days (- is ours, + the oracle's):\n%s", seed, seed, ask.AsOf, ask.Days, diff)
		}
	}
}
