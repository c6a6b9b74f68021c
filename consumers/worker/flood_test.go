package worker_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"runrate/internal/rows"
	"runrate/internal/stream"
)

const mb = 1 << 20

// Larger with time to spare: 100000 take minutes.
var outOfOrder = flag.Int64("out-of-order", 10_000, "changes of TestOutOfOrder")

// TestPoison: records that nobody meant to send, many of them and large ones.
func TestPoison(t *testing.T) {
	huge := strings.Repeat("x", 10*mb)
	hugeID := usageText("a", huge, day1, "")
	before, after, _ := strings.Cut(usageText("a", "ID", day1, ""), "ID")
	before = strings.Replace(before, `"specversion"`, `"extension":"`+huge+`","specversion"`, 1)
	first := func(value func(offset stream.Offset) string) func(stream.Offset) (string, string) {
		return func(offset stream.Offset) (string, string) {
			switch offset {
			case 0:
				return "", bookText
			case 1:
				return "", tickAt(day1)
			}
			return "a", value(offset)
		}
	}
	for name, f := range map[string]struct {
		*flood
		live uint64
	}{
		"dead letters": {&flood{end: 1_000_000, record: first(func(o stream.Offset) string { return fmt.Sprint("no event ", o) })}, 250 * mb},
		"random bytes": {&flood{end: 300_000, record: first(func(o stream.Offset) string {
			r := rand.New(rand.NewPCG(uint64(o), 1))
			b := make([]byte, r.IntN(300))
			for i := range b {
				b[i] = byte(r.Uint32())
			}
			return string(b)
		})}, 250 * mb},
		"10 MB of nothing": {&flood{end: 26, record: first(func(stream.Offset) string { return huge })}, 400 * mb},
		"10 MB attribute": {&flood{end: 26, record: first(func(o stream.Offset) string {
			return before + fmt.Sprint(o) + after
		})}, 400 * mb},
		"10 MB id": {&flood{end: 26, record: first(func(stream.Offset) string { return hugeID })}, 400 * mb},
		"deep JSON": {&flood{end: 26, record: first(func(o stream.Offset) string {
			open := []string{"[", `{"a":`}[o%2]
			return `{"specversion":"1.0","type":"usage.recorded","data":` + strings.Repeat(open, 2*mb)
		})}, 700 * mb},
	} {
		t.Run(name, func(t *testing.T) {
			f.source.Topic = stream.Usage.Topic()
			f.run(t, f.live)
		})
	}
}

// TestFloods: sound records, all of one kind or of one account.
func TestFloods(t *testing.T) {
	const n = 1_000_000
	t.Run("duplicates", func(t *testing.T) {
		f := flood{source: usageSource, end: n, record: func(o stream.Offset) (string, string) {
			if o == 0 {
				return "", bookText
			}
			return "a", usageText("a", "same", day1, "")
		}}
		f.run(t, 150*mb)
		if f.progress.Duplicate != n-2 || f.rows[rows.UsageEvent{}.Table()] != 1 {
			t.Errorf("%+v", f.progress)
		}
	})
	t.Run("one account", func(t *testing.T) {
		f := flood{source: usageSource, end: n, record: func(o stream.Offset) (string, string) {
			at := instant(time.Duration(o) * time.Second)
			switch {
			case o == 0:
				return "", bookText
			case o%200 == 1:
				return "", tickAt(at)
			}
			return "a", usageText("a", fmt.Sprint(o), at, []string{"", "enterprise", "business"}[o%3])
		}}
		f.run(t, 400*mb)
	})
	t.Run("a clock that stands or goes back", func(t *testing.T) {
		f := flood{source: usageSource, end: n / 2, record: func(o stream.Offset) (string, string) {
			switch {
			case o == 0:
				return "", bookText
			case o == 1:
				return "a", usageText("a", "1", day1, "")
			case o%2 == 0:
				return "", tickAt(instant(time.Hour - time.Duration(o)*time.Millisecond))
			}
			return "", tickAt(instant(time.Hour))
		}}
		f.run(t, 150*mb)
	})
}

// TestOneAccountsSubscriptions: 100,000 changes of one account, in order, cost
// no more than those of many accounts.
func TestOneAccountsSubscriptions(t *testing.T) {
	for name, shape := range map[string]struct{ subscriptions, lines int }{
		"one subscription": {1, 1}, "1000 subscriptions": {1000, 1}, "100000 subscriptions": {100_000, 1}, "50 lines": {1000, 50},
	} {
		t.Run(name, func(t *testing.T) {
			f := flood{source: stream.Source{Topic: stream.Subscriptions.Topic()}, end: 100_000, record: func(o stream.Offset) (string, string) {
				at := instant(time.Duration(o) * 10 * time.Second)
				if o%20 == 0 {
					return "", tickAt(at)
				}
				s := int(o) * 7919 % shape.subscriptions
				return "a", changeText("a", fmt.Sprint(o), at, fmt.Sprint("sub_", s), fmt.Sprint("line_", s%shape.lines), 1+int(o)%5)
			}}
			if took := f.run(t, 400*mb); took > time.Minute {
				t.Errorf("took %s", took)
			}
		})
	}
}

// TestOutOfOrder: changes of one account that all come before those that came
// before them. Each passes over what follows it, their number squared; the steps
// are small.
func TestOutOfOrder(t *testing.T) {
	for name, subscriptions := range map[string]int{"one subscription": 1, "1000 subscriptions": 1000, "as many": 1 << 30} {
		for _, n := range []stream.Offset{stream.Offset(*outOfOrder)} {
			t.Run(fmt.Sprint(name, " ", n), func(t *testing.T) {
				f := flood{source: stream.Source{Topic: stream.Subscriptions.Topic()}, end: n, record: func(o stream.Offset) (string, string) {
					if o == 0 {
						return "", tickAt(instant(24 * time.Hour))
					}
					s := int(o) * 7919 % subscriptions
					return "a", changeText("a", fmt.Sprint(o), instant(24*time.Hour-time.Duration(o)*time.Second), fmt.Sprint("sub_", s), "chat", 1+int(o)%5)
				}}
				f.run(t, 400*mb)
			})
		}
	}
}

// TestClockJumps: the clock jumps by ten years, and to the end of time, with
// keys alive, after many ticks or as the first one.
func TestClockJumps(t *testing.T) {
	for name, to := range map[string]string{"ten years": "2036-03-01T00:00:00Z", "2099": "2099-12-31T23:00:00Z"} {
		for _, before := range []string{day1, ""} {
			at := name
			if before == "" {
				at += ", first tick"
			}
			start := func(o stream.Offset) string {
				if o == 0 && before != "" {
					return tickAt(before)
				}
				return bookText
			}
			t.Run("usage, "+at, func(t *testing.T) {
				f := flood{source: usageSource, end: 4_004, record: func(o stream.Offset) (string, string) {
					switch {
					case o < 2:
						return "", start(o)
					case o == 4_002:
						return "", jumpTo(to)
					case o == 4_003:
						return "", jumpTo(to)
					}
					account := fmt.Sprint("acct_", o)
					return account, usageText(account, "1", day1, "")
				}}
				f.run(t, 300*mb)
			})
			t.Run("subscriptions, "+at, func(t *testing.T) {
				f := flood{source: stream.Source{Topic: stream.Subscriptions.Topic()}, end: 4_003, record: func(o stream.Offset) (string, string) {
					switch {
					case o < 2:
						return "", start(o)
					case o == 4_002:
						return "", jumpTo(to)
					}
					account := fmt.Sprint("acct_", o)
					return account, changeText(account, "1", day1, "sub", fmt.Sprint("line_", o%2), 1)
				}}
				f.run(t, 300*mb)
				end, _ := time.Parse(time.RFC3339, to)
				if want := 2 * int(end.Sub(march1)/time.Hour); f.rows[rows.MRR{}.Table()] != want {
					t.Errorf("%d rows of mrr, want 2 keys in each of the hours, %d", f.rows[rows.MRR{}.Table()], want)
				}
			})
		}
	}
}
