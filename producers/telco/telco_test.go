package telco

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"runrate/consumers/intake"
	"runrate/internal/event"
	"runrate/internal/stream"
	"runrate/producers/publish"
	"runrate/test/sim"
)

var _ Sink = (*publish.Publisher)(nil)

// recorder keeps what a replay sends.
type recorder struct {
	events  []event.Event
	values  [][]byte
	flushed bool
}

// SendTo keeps event and bytes, and fails if a consumer would refuse the event or find
// it elsewhere.
func (r *recorder) SendTo(_ context.Context, route publish.Route, value []byte) error {
	var d event.Decoder
	value = bytes.Clone(value)
	e, refusal := d.Decode(value)
	if refusal != nil || e.Invalid != nil || e.Type != route.Type || string(e.Account) != route.Subject {
		return fmt.Errorf("%s: %v %v", value, refusal, e.Invalid)
	}
	r.events, r.values = append(r.events, e), append(r.values, value)
	return nil
}

// Flush notes that it was called.
func (r *recorder) Flush(context.Context) error { r.flushed = true; return nil }

func play(t *testing.T, replay Replay) *recorder {
	t.Helper()
	var r recorder
	if err := replay.Run(t.Context(), &r); err != nil {
		t.Fatal(err)
	}
	if !r.flushed {
		t.Fatal("not flushed")
	}
	return &r
}

func read(t *testing.T, csv string) File {
	t.Helper()
	f, err := Read("x", strings.NewReader(csv))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func at(s string) event.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return event.TimeOf(t)
}

const head = "customerID,tenure,Contract,MonthlyCharges,Churn\n"

func TestReplay(t *testing.T) {
	r := Replay{
		File: read(t, head+"a,0,Month-to-month,20,No\nb,1,One year,30.5,Yes\nc,3,Two year,40.05,No\n"),
		End:  at("2024-03-31T06:00:00Z"),
	}
	got := play(t, r)
	var lines []string
	ticks := 0
	for i, e := range got.events {
		if i > 0 && e.Time < got.events[i-1].Time {
			t.Errorf("%s comes after %s", e.Time, got.events[i-1].Time)
		}
		if s := e.Subscription; s != nil {
			lines = append(lines, fmt.Sprintf("%s %s %s %s %s", e.Time, e.ID, s.Plan, s.UnitAmount, s.Status))
			continue
		}
		if ticks++; e.Jump != (ticks == 1) {
			t.Errorf("tick %d: jump is %v", ticks, e.Jump)
		}
	}
	want := []string{
		"2023-12-31T06:00:00Z c-start two-year 40.05 active",
		"2024-02-29T06:00:00Z b-start one-year 30.5 active",
		"2024-03-31T05:59:59.999999Z a-start month-to-month 20 active",
		"2024-03-31T06:00:00Z b-cancel one-year 30.5 canceled",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	// 91 midnights and the one that closes, and five instants.
	if ticks != 92+5 {
		t.Errorf("%d ticks", ticks)
	}
	if last := got.events[len(got.events)-1]; last.Type != event.ClockTicked || last.Time != at("2024-04-01T00:00:00Z") || last.Time != r.Last() {
		t.Errorf("ends with %+v", last)
	}
	again := play(t, r)
	if !slices.EqualFunc(got.values, again.values, bytes.Equal) {
		t.Error("a second run sends other events")
	}
}

func TestBadFiles(t *testing.T) {
	for csv, want := range map[string]string{
		"":                                     "read the header",
		"customerID,tenure\n":                  "no column Contract",
		head:                                   "no customers",
		head + "a,x,One year,1,No":             `x:2: tenure "x"`,
		head + "a,-1,One year,1,No":            `x:2: tenure "-1"`,
		head + "a,601,One year,1,No":           `x:2: tenure "601"`,
		head + "a,1,One year,1e3,No":           "x:2: MonthlyCharges",
		head + "a,1,One year,-1,No":            "is negative",
		head + "a,1,,1,No":                     "no Contract",
		head + ",1,One year,1,No":              "no customerID",
		head + "a,1,One year,1,Maybe":          `Churn "Maybe"`,
		head + "a,1,One year,1":                "wrong number of fields",
		head + "a,1,One year,1,No\na,1,x,1,No": "x:3: customerID a is there twice",
	} {
		if _, err := Read("x", strings.NewReader(csv)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", csv, err, want)
		}
	}
	old := Replay{File: read(t, head+"a,600,One year,1,No"), End: at("2000-01-01T00:00:00Z")}
	if err := old.Run(t.Context(), &recorder{}); err == nil || !strings.Contains(err.Error(), "out of the range") {
		t.Error(err)
	}
}

// TestColumnsByName: other columns, in another order, are passed over.
func TestColumnsByName(t *testing.T) {
	f := read(t, "\ufeffChurn,gender,customerID,tenure,Contract,TotalCharges,MonthlyCharges\nYes,x,a,2,One  Year, ,29.85\n")
	if got := f.Customers[0]; got.ID != "a" || got.Tenure != 2 || got.Plan != "one-year" || got.Monthly.String() != "29.85" || !got.Churned {
		t.Errorf("%+v", got)
	}
}

// realFile is the public data set, beside the checkout where it is there.
var realFile = filepath.Join("..", "..", "..", "shared", "data", "telco_customer_churn.csv")

// sums adds a file up by other means than the replay: cents, in big integers.
type sums struct {
	customers, churned int
	all, away          *big.Rat
}

func addUp(t *testing.T, csvText []byte) sums {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(csvText)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	s := sums{all: new(big.Rat), away: new(big.Rat)}
	for _, row := range rows[1:] {
		amount, ok := new(big.Rat).SetString(row[3])
		if !ok {
			t.Fatal(row)
		}
		s.customers++
		s.all.Add(s.all, amount)
		if row[4] == "Yes" {
			s.churned++
			s.away.Add(s.away, amount)
		}
	}
	return s
}

// TestTotals folds the whole file and reads the totals from the views: those of
// the real file, as published, where it is there, and of the sample.
func TestTotals(t *testing.T) {
	t.Run("sample", func(t *testing.T) {
		f, err := Sample()
		if err != nil {
			t.Fatal(err)
		}
		s := addUp(t, sample)
		if s.customers != 300 {
			t.Errorf("%d customers", s.customers)
		}
		totals(t, f, s)
	})
	t.Run("real", func(t *testing.T) {
		text, err := os.ReadFile(realFile)
		if os.IsNotExist(err) {
			t.Skip("the public data set is not beside the checkout")
		} else if err != nil {
			t.Fatal(err)
		}
		f, err := Open(realFile)
		if err != nil {
			t.Fatal(err)
		}
		s := addUp(t, text)
		if s.customers != 7043 || s.churned != 1869 || s.all.FloatString(2) != "456116.60" || s.away.FloatString(2) != "139130.85" {
			t.Errorf("the file adds up to %+v, not as published", s)
		}
		totals(t, f, s)
	})
}

func totals(t *testing.T, f File, want sums) {
	s, ok := f.Summary()
	if !ok || s.Customers != want.customers || s.Churned != want.churned ||
		rat(t, s.Monthly.String()).Cmp(want.all) != 0 || rat(t, s.ChurnedAway.String()).Cmp(want.away) != 0 {
		t.Errorf("summary %+v, want %+v", s, want)
	}
	remaining := new(big.Rat).Sub(want.all, want.away)

	replay := Replay{File: f, End: DefaultEnd}
	views := fold(t, play(t, replay), func(asOf event.Time) bool { return asOf >= replay.End-event.Hour })
	// as_of, line, plan, segment, region, currency, mrr, subscriptions
	mrr, subs := map[string]*big.Rat{}, map[string]int{}
	for _, row := range views["mrr"] {
		c := strings.Split(row, "\t")
		if c[1] != "telco" || c[5] != "USD" || !slices.Contains([]string{"month-to-month", "one-year", "two-year"}, c[2]) {
			t.Errorf("key of %q", row)
		}
		var n int
		fmt.Sscan(c[7], &n)
		add(mrr, c[0], rat(t, c[6]))
		subs[c[0]] += n
	}
	for asOf, want := range map[string]struct {
		mrr  *big.Rat
		subs int
	}{
		"2026-06-01T00:00:00Z": {want.all, want.customers},
		"2026-06-01T01:00:00Z": {remaining, want.customers - want.churned},
		"2026-06-02T00:00:00Z": {remaining, want.customers - want.churned},
	} {
		if mrr[asOf] == nil || mrr[asOf].Cmp(want.mrr) != 0 || subs[asOf] != want.subs {
			t.Errorf("MRR as of %s is %v of %d subscriptions, want %s of %d", asOf, mrr[asOf], subs[asOf], want.mrr.FloatString(2), want.subs)
		}
	}
	// time, account, line, currency, subscription, movement, amount
	amounts, counts := map[string]*big.Rat{}, map[string]int{}
	for _, row := range views["mrr_movements"] {
		c := strings.Split(row, "\t")
		if c[4] != "sub-"+c[1] {
			t.Errorf("subscription of %q", row)
		}
		add(amounts, c[5], rat(t, c[6]))
		counts[c[5]]++
	}
	if len(amounts) != 2 || amounts["new"].Cmp(want.all) != 0 || amounts["churn"].Cmp(new(big.Rat).Neg(want.away)) != 0 ||
		counts["new"] != want.customers || counts["churn"] != want.churned {
		t.Errorf("movements %v %v, want new %s and churn -%s", amounts, counts, want.all.FloatString(2), want.away.FloatString(2))
	}
	if n := len(views["dead_letters"]); n > 0 {
		t.Errorf("%d refused, the first %s", n, views["dead_letters"][0])
	}
}

const partitions = 2

// fold places the events on partitions and folds them.
func fold(t *testing.T, r *recorder, keep func(event.Time) bool) map[string][]string {
	t.Helper()
	log := map[int32][]stream.Record{}
	put := func(p int32, key, value []byte) {
		log[p] = append(log[p], stream.Record{Offset: stream.Offset(len(log[p])), Key: key, Value: value})
	}
	for i, e := range r.events {
		if !e.Type.Control() {
			put(stream.Partition([]byte(e.Account), partitions), []byte(e.Account), r.values[i])
			continue
		}
		for p := range int32(partitions) {
			put(p, nil, r.values[i])
		}
	}
	var tables sim.Tables
	for p := range int32(partitions) {
		source := stream.Source{Topic: stream.Subscriptions.Topic(), Partition: p}
		n := 0
		cut := func() sim.Cut {
			if n++; n%2000 == 0 {
				return sim.Flush
			}
			return sim.FoldOn
		}
		if err := sim.Drive(&tables, sim.Fold(source, partitions, intake.DefaultMemory), log[p], cut); err != nil {
			t.Fatal(err)
		}
	}
	return tables.Views(partitions, 13, keep)
}

func rat(t *testing.T, s string) *big.Rat {
	t.Helper()
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		t.Fatalf("%q is no number", s)
	}
	return r
}

func add(m map[string]*big.Rat, key string, n *big.Rat) {
	if m[key] == nil {
		m[key] = new(big.Rat)
	}
	m[key].Add(m[key], n)
}
