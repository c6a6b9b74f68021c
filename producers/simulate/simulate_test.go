package simulate

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/internal/truth"
)

// small is a company that a naive recomputation can follow, with more going
// wrong than in a preset.
func small(seed uint64) Config {
	return Config{
		Seed: seed, Days: 66, Accounts: 30, Customers: 24, Daily: 5_000,
		Rates: Rates{Duplicates: 40_000, Disorder: 100_000, Late: 60_000, Refused: 30_000, Refunds: 50_000},
	}
}

func company(t testing.TB, c Config) *Model {
	t.Helper()
	m, err := Company(c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func truthOf(t testing.TB, m *Model) *truth.Truth {
	t.Helper()
	truth, err := m.Truth()
	if err != nil {
		t.Fatal(err)
	}
	return truth
}

// written is everything of a company: its messages a line each, and its truth.
func written(t testing.TB, c Config, f Format) []byte {
	t.Helper()
	var out bytes.Buffer
	m := company(t, c)
	for msg := range m.History() {
		out.Write(append(msg.Append(nil, f), '\n'))
	}
	if err := truthOf(t, m).Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestSameSeedSameBytes(t *testing.T) {
	for _, f := range []Format{Protobuf, JSON} {
		a := written(t, small(5), f)
		if !bytes.Equal(a, written(t, small(5), f)) {
			t.Error("two runs of a seed differ")
		}
		if bytes.Equal(a, written(t, small(6), f)) {
			t.Error("another seed gives the same")
		}
	}
}

// TestGolden holds the bytes of a seed over time and over machines.
func TestGolden(t *testing.T) {
	sum := sha256.Sum256(written(t, small(5), JSON))
	got := hex.EncodeToString(sum[:]) + "\n"
	path := filepath.Join("testdata", "small.sha256")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("seed 5 gives %swant %s(UPDATE_GOLDEN=1 if the company was changed on purpose)", got, want)
	}
}

// TestHeadline holds what the headline preset promises.
func TestHeadline(t *testing.T) {
	c, err := Preset(BillionDollarMonth)
	if err != nil {
		t.Fatal(err)
	}
	seeds := []uint64{c.Seed}
	if !testing.Short() {
		seeds = append(seeds, 2)
	}
	for _, c.Seed = range seeds {
		m := company(t, c)
		records, keys := 0, map[string]bool{}
		for msg := range m.History() {
			records++
			if u := msg.Event.Usage; u != nil && msg.Event.Source != truth.FaultSource {
				keys[u.Product+"/"+u.Segment+"/"+u.Region] = true
			}
		}
		truth := truthOf(t, m)
		if records < 700_000 || records > 1_200_000 {
			t.Errorf("seed %d: %d records", c.Seed, records)
		}
		if len(keys) > 40 {
			t.Errorf("seed %d: %d usage keys", c.Seed, len(keys))
		}
		if truth.Accounts < 20_000 {
			t.Errorf("seed %d: %d accounts", c.Seed, truth.Accounts)
		}
		if a := truth.Active[2]; a.Window != "28d" || a.Accounts < 20_000 {
			t.Errorf("seed %d: %d active accounts in %s", c.Seed, a.Accounts, a.Window)
		}
		api, chat := truth.NetNew[0], truth.NetNew[1]
		if api.NetNew.Cmp(money.FromInt(1_000_000_000)) <= 0 {
			t.Errorf("seed %d: the API line adds %s", c.Seed, api.NetNew)
		}
		if chat.Closing.Cmp(money.FromInt(100_000_000)) < 0 || chat.Closing.Cmp(money.FromInt(300_000_000)) > 0 {
			t.Errorf("seed %d: the chat line is at %s", c.Seed, chat.Closing)
		}
		for _, n := range truth.NetNew {
			for _, col := range n.Columns() {
				want := 1
				if col.Name == "contraction" || col.Name == "churn" {
					want = -1
				}
				if col.Amount.Sign() != want {
					t.Errorf("seed %d: %s of %s is %s", c.Seed, col.Name, n.Line, col.Amount)
				}
			}
		}
		for _, u := range truth.Usage { // a margin of 45 to 70 percent
			share := exact(u.Cost.MulInt(100))
			if u.Revenue.Sign() <= 0 || share.Cmp(exact(u.Revenue.MulInt(30))) < 0 || share.Cmp(exact(u.Revenue.MulInt(55))) > 0 {
				t.Errorf("seed %d: %s in %s earns %s and costs %s", c.Seed, u.Product, u.Month, u.Revenue, u.Cost)
			}
		}
		for _, reason := range faults {
			if truth.Sent.Refused[reason] == 0 {
				t.Errorf("seed %d: nothing is %s", c.Seed, reason)
			}
		}
	}
}

// TestClockGoesAlong: ticks rise, and but for those meant to be, no event is
// ahead of the clock by more than five minutes or behind it by 35 days.
func TestClockGoesAlong(t *testing.T) {
	c := small(7)
	m := company(t, c)
	var clock event.Time
	ticks := 0
	for msg := range m.History() {
		switch at := msg.Event.Time; {
		case msg.Event.Type == event.PricebookPublished:
		case msg.Event.Type == event.ClockTicked:
			if ticks++; at <= clock {
				t.Fatalf("tick %s after %s", at, clock)
			}
			if msg.Event.Jump != (ticks == 1) {
				t.Fatalf("tick %d: jump is %v", ticks, msg.Event.Jump)
			}
			clock = at
		case msg.Event.Source == truth.FaultSource:
		case at > clock+5*event.Minute || at < clock-22*event.Day:
			t.Fatalf("%s while the clock stands at %s", at, clock)
		}
	}
	if ticks != c.Days*24+1 || clock != m.Config().End() {
		t.Errorf("%d ticks, the last at %s", ticks, clock)
	}
}

func TestTruthReadsBack(t *testing.T) {
	m := company(t, small(5))
	if _, err := m.Truth(); err == nil {
		t.Error("a truth before the history")
	}
	if err := m.Discard(t.Context()); err != nil {
		t.Fatal(err)
	}
	var a, b bytes.Buffer
	if err := truthOf(t, m).Write(&a); err != nil {
		t.Fatal(err)
	}
	read, err := truth.Read(bytes.NewReader(a.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if err := read.Write(&b); err != nil || a.String() != b.String() {
		t.Errorf("it reads back as another: %v", err)
	}
	if _, err := truth.Read(strings.NewReader(`{}`)); err == nil {
		t.Error("an empty truth is taken")
	}
}

func TestConfigIsChecked(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"days":      func(c *Config) { c.Days = 0 },
		"midnight":  func(c *Config) { c.Start = event.Day*20_000 + 1 },
		"too early": func(c *Config) { c.Start = event.Day },
		"accounts":  func(c *Config) { c.Accounts = 0 },
		"customers": func(c *Config) { c.Customers = -1 },
		"daily":     func(c *Config) { c.Daily = 0 },
		"late":      func(c *Config) { c.Rates.Late = 600_000 },
	} {
		c := small(1)
		change(&c)
		if _, err := Company(c); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := Preset("unicorn"); err == nil {
		t.Error("a preset that is none")
	}
	for _, p := range Presets() {
		if c, err := Preset(p); err != nil || c.Preset != p {
			t.Errorf("preset %s: %v, %v", p, c, err)
		}
	}
	if !slices.Contains(Presets(), BillionDollarMonth) {
		t.Error("no headline preset")
	}
}

// TestExtremes: the ends of what a config may say do no harm.
func TestExtremes(t *testing.T) {
	for _, c := range []Config{
		{Days: 1, Accounts: 1, Daily: 1},
		{Days: 3, Accounts: 1, Customers: 1, Daily: 1_000_000_000},
		{Days: 400, Accounts: 3, Customers: 2, Daily: 1_000_000_000, Rates: Rates{500_000, 500_000, 500_000, 500_000, 500_000}},
		{Days: 29, Start: 366 * event.Day, Accounts: 5, Customers: 0, Daily: 10, Rates: DefaultRates},
	} {
		m := company(t, c)
		if err := m.Discard(t.Context()); err != nil {
			t.Fatal(err)
		}
		truthOf(t, m)
	}
}

func BenchmarkHistory(b *testing.B) {
	c, err := Preset(BillionDollarMonth)
	if err != nil {
		b.Fatal(err)
	}
	c.Days = 10
	var buf []byte
	records, size := 0, 0
	for b.Loop() {
		for msg := range company(b, c).History() {
			buf = msg.Append(buf[:0], Protobuf)
			records, size = records+1, size+len(buf)
		}
	}
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(size)/float64(records), "B/record")
}
