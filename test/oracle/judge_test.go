package oracle

import (
	"fmt"
	"strings"
	"testing"

	"runrate/internal/stream"
)

func TestRefusals(t *testing.T) {
	s := newScript()
	s.usage("a", "01T00:00", "large", `"in":1`)                                                                                                                                   // 0 no book yet
	s.book(handBook)                                                                                                                                                              // 1
	s.usage("a", "2019-11-01T00:00:00Z", "large", `"in":1`)                                                                                                                       // 2 before the first tick no lateness, but no price
	s.usage("a", "2099-11-01T00:00:00Z", "large", `"in":1`)                                                                                                                       // 3 accepted
	s.tick("10T00:00")                                                                                                                                                            // 4
	s.tick("09T00:00")                                                                                                                                                            // 5 no effect
	s.usage("a", "10T00:05", "large", `"in":1`)                                                                                                                                   // 6 accepted, exactly 5 minutes
	s.usage("a", "10T00:05:00.000001Z", "large", `"in":1`)                                                                                                                        // 7
	s.usage("a", "2026-10-06T00:00:00Z", "large", `"in":1`)                                                                                                                       // 8 accepted, exactly 35 days
	s.usage("a", "2026-10-05T23:59:59.999999Z", "large", `"in":1`)                                                                                                                // 9
	s.usage("a", "10T00:00", "soon", `"n":1`)                                                                                                                                     // 10 priced from the 20th on
	s.adjust("a", "10T00:00", "soon", "1", "JPY")                                                                                                                                 // 11 accepted: needs no price
	s.adjust("a", "10T00:00", "nothing", "1", "JPY")                                                                                                                              // 12
	s.usage("a", "10T00:00", "large", `"in":1,"gpu":0`)                                                                                                                           // 13
	s.usage("a", "10T00:00", "large", `"in":-1`)                                                                                                                                  // 14
	s.usage("a", "10T00:00", "large", `"in":1.5`)                                                                                                                                 // 15
	s.usage("a", "10T00:00", "large", `"in":"1"`)                                                                                                                                 // 16
	s.usage("a", "10T00:00", "large", ``)                                                                                                                                         // 17
	s.usage("a", "10T00:00", "large", `"in":9007199254740992`)                                                                                                                    // 18 accepted
	s.usage("a", "10T00:00", "large", `"in":9007199254740993`)                                                                                                                    // 19
	s.adjust("a", "10T00:00", "large", "1000000000000000", "USD")                                                                                                                 // 20 accepted
	s.adjust("a", "10T00:00", "large", "-1000000000000000.000000000001", "USD")                                                                                                   // 21
	s.adjust("a", "10T00:00", "large", "1.0000000000001", "USD")                                                                                                                  // 22
	s.adjust("a", "10T00:00", "large", "1", "ZZZ")                                                                                                                                // 23
	s.event(usage0, "subscription.changed", "a", "10T00:00", `{}`)                                                                                                                // 24
	s.event(usage0, "usage.recorded", "a", "10T00:00", `[]`)                                                                                                                      // 25
	s.event(usage0, "usage.recorded", "a", "noon-or-so-then", `{}`)                                                                                                               // 26
	s.add(usage0, "b", string(s.log[usage0][6].Value))                                                                                                                            // 27 another key
	s.add(usage0, "a", string(s.log[usage0][6].Value)+"}")                                                                                                                        // 28
	s.book(`{"version":"2","currency":"USD","products":[{"product":"x","line":"l","meters":{"m":[{"effective_from":"2026-01-01T00:00:00Z","unit":3,"price":"1","cost":"0"}]}}]}`) // 29
	s.tick("2026-12-30T00:00:00Z jump")                                                                                                                                           // 30
	s.add(usage0, "a", string(s.log[usage0][6].Value))                                                                                                                            // 31 a duplicate, though too old by now
	s.add(usage0, "a", string(s.log[usage0][7].Value))                                                                                                                            // 32 not a duplicate: it was refused; now too old
	s.tick("2100-01-01T00:00:00Z")                                                                                                                                                // 33
	s.book(`{"version":"3","currency":"EUR","products":[{"product":"x","line":"l","meters":{"m":[{"effective_from":"2026-01-01T00:00:00Z","unit":1,"price":"1"}]}}]}`)            // 34 replaces
	s.usage("a", "2026-12-30T00:00:00Z", "large", `"in":1`)                                                                                                                       // 35
	v := s.compute()
	reasons := map[string][]string{
		"malformed":       {"16", "25", "26", "28"},
		"unknown_type":    {"24"},
		"wrong_partition": {"27"},
		"invalid":         {"14", "15", "17", "19", "21", "22", "23", "29", "33"},
		"too_new":         {"7"},
		"too_old":         {"9", "32"},
		"unknown_product": {"0", "12", "35"},
		"unpriced_meter":  {"2", "10", "13"},
	}
	var want []string
	for reason, offsets := range reasons {
		for _, offset := range offsets {
			want = append(want, "runrate.usage | 0 | "+offset+" | "+reason)
		}
	}
	expect(t, v, "dead_letters", "runrate.usage", want...)
	expect(t, v, "accounting", "",
		"runrate.usage | 0 | 0 | 36 | 6 | 1 | 24 | 5 | 0 | 0",
		"runrate.subscriptions | 0 | 0 | 4 | 0 | 0 | 1 | 3 | 0 | 0")
	expect(t, v, "freshness", "",
		"runrate.usage | 0 | 2026-12-30T00:00:00.000000Z | 36",
		"runrate.subscriptions | 0 | 2026-12-30T00:00:00.000000Z | 4")
}

// TestJumps: a tick may be 7 days ahead of the clock, and more only on purpose or
// as the first.
func TestJumps(t *testing.T) {
	s := newScript()
	s.tick("01T00:00")                           // 0
	s.tick("08T00:00")                           // 1
	s.tick("15T00:00:00.000001Z")                // 2 refused
	s.usage("a", "08T00:00", "nothing", `"n":1`) // 3 not too old
	s.tick("2099-12-31T00:00:00Z")               // 4, 3 of subscriptions: refused
	s.tick("15T00:00:00.000001Z jump")           // 5, 4
	tick := `{"specversion":"1.0","type":"clock.ticked","source":"t","id":"t","time":"2026-11-16T00:00:00Z","data":`
	s.add(usage0, "", tick+`{"jump":"true"}}`) // 6
	s.add(usage0, "", tick+`{"jump":null}}`)   // 7
	s.add(usage0, "", tick+`"jump"}`)          // 8
	v := s.compute()
	expect(t, v, "dead_letters", "", "runrate.usage | 0 | 2 | too_new", "runrate.usage | 0 | 3 | unknown_product",
		"runrate.usage | 0 | 4 | too_new", "runrate.usage | 0 | 6 | malformed",
		"runrate.subscriptions | 0 | 2 | too_new", "runrate.subscriptions | 0 | 3 | too_new")
	expect(t, v, "accounting", "", "runrate.usage | 0 | 0 | 9 | 0 | 0 | 4 | 5 | 0 | 0", "runrate.subscriptions | 0 | 0 | 5 | 0 | 0 | 2 | 3 | 0 | 0")
	expect(t, v, "freshness", "runrate.subscriptions", "runrate.subscriptions | 0 | 2026-11-15T00:00:00.000001Z | 5")
}

// TestQuantities: a quantity is a number whose value is an integer, however it is
// written.
func TestQuantities(t *testing.T) {
	s := newScript()
	s.book(handBook)                                                                                                                               // 0
	for _, q := range []string{"5", "5.0", "5e0", "50E-1", "0.5e+1", "0.0000000000000000000000005e25", "5" + strings.Repeat("0", 400) + "e-400"} { // 1 to 7
		s.usage("five", "01T00:00", "large", `"in":`+q)
	}
	for _, q := range []string{"0", "-0", "-0.0", "0e999999999999999999999", "-0.00E-999999999999999999999"} { // 8 to 12
		s.usage("none", "01T00:00", "large", `"in":`+q)
	}
	for _, q := range []string{"9007199254740992.0", "9.007199254740992e15"} { // 13 and 14
		s.usage("most", "01T00:00", "large", `"in":`+q)
	}
	invalid := []string{"5.5", "5e-1", "-5", "-5e-999999999999999999999", "9007199254740992.1", "1e16", "1e999999999999999999999", "1e-999999999999999999999"}
	var want []string
	for i, q := range invalid {
		s.usage("bad", "01T00:00", "large", `"in":`+q)
		want = append(want, fmt.Sprintf("runrate.usage | 0 | %d | invalid", 15+i))
	}
	s.change("a", "01T00:00", "sub", "active", 1, "6", `,"interval_count":30e-1`)
	s.change("a", "01T00:00", "sub", "active", 1, "6", `,"interval_count":1.5`)
	v := s.compute()
	expect(t, v, "dead_letters", "", append(want, "runrate.subscriptions | 0 | 1 | invalid")...)
	expect(t, v, "subscriptions", "", "sub | a | chat | team | active |  |  | USD | 2 | 2026-11-01T00:00:00.000000Z")
	counts := map[string]int{}
	for _, r := range v["usage_events"] {
		counts[r[:4]+" "+strings.Split(r, "\t")[7]]++
	}
	for what, n := range map[string]int{"five in=5": 7, "none in=0": 5, "most in=9007199254740992": 2} {
		if counts[what] != n {
			t.Errorf("%s: %d events, want %d, of %v", what, counts[what], n, counts)
		}
	}
}

// TestLateBook: a price book that is older than the one in force changes nothing;
// of two of the same time the later in the log is in force.
func TestLateBook(t *testing.T) {
	s := newScript()
	publish := func(product, when string) {
		s.event(usage0, "pricebook.published", "", when, `{"version":"1","currency":"USD","products":[{"product":"`+product+
			`","line":"l","meters":{"m":[{"effective_from":"2020-01-01T00:00:00Z","unit":1,"price":"1"}]}}]}`)
	}
	publish("a", "02T00:00")               // 0
	publish("b", "01T23:59:59.999999Z")    // 1 late
	s.usage("x", "03T00:00", "a", `"m":1`) // 2 accepted
	s.usage("x", "03T00:00", "b", `"m":1`) // 3
	publish("c", "02T00:00")               // 4
	s.usage("x", "03T00:00", "a", `"m":1`) // 5
	s.usage("x", "03T00:00", "c", `"m":1`) // 6 accepted
	publish("d", "02T03:00")               // 7
	publish("c", "02T00:00")               // 8 late
	s.usage("x", "03T00:00", "d", `"m":1`) // 9 accepted
	v := s.compute()
	expect(t, v, "dead_letters", "", "runrate.usage | 0 | 3 | unknown_product", "runrate.usage | 0 | 5 | unknown_product")
	expect(t, v, "accounting", "", "runrate.usage | 0 | 0 | 10 | 3 | 0 | 2 | 5 | 0 | 0")
}

// TestNoLineIsNamedAll: "*" stands for all lines in the views, so no line may be
// named so.
func TestNoLineIsNamedAll(t *testing.T) {
	s := newScript()
	s.book(strings.ReplaceAll(handBook, `"line":"chat"`, `"line":"*"`))
	s.change("a", "01T00:00", "sub", "active", 1, "1", `,"line":"*"`)
	s.change("a", "01T00:00", "sub", "active", 1, "1", `,"line":"**"`)
	expect(t, s.compute(), "dead_letters", "", "runrate.usage | 0 | 0 | invalid", "runrate.subscriptions | 0 | 0 | invalid")
}

// TestPlacement: Kafka's own test vectors: murmur2("abc") = 479470107 is odd, and
// murmur2("foobar") = -790332482 is even once its sign is cleared.
func TestPlacement(t *testing.T) {
	s := newScript()
	s.change("abc", "01T00:00", "sub", "active", 1, "1", "")
	s.change("foobar", "01T00:00", "sub", "active", 1, "1", "")
	log := Log{}
	for p := range int32(2) {
		log[stream.Source{Topic: stream.Subscriptions.Topic(), Partition: p}] = s.log[subscriptions]
	}
	expect(t, Compute(log, 2, Options{}), "dead_letters", "",
		"runrate.subscriptions | 0 | 0 | wrong_partition",
		"runrate.subscriptions | 1 | 1 | wrong_partition")
}

// TestHeldBack: a partition that lags, or has no tick, holds its topic's as_of back.
func TestHeldBack(t *testing.T) {
	s := newScript()
	s.change("abc", "01T00:00", "sub", "active", 1, "1", "")
	s.tick("01T02:00")
	log := Log{{Topic: stream.Subscriptions.Topic(), Partition: 1}: s.log[subscriptions]}
	expect(t, Compute(log, 2, Options{}), "mrr", "")
	slow := newScript()
	slow.tick("01T01:59")
	log[stream.Source{Topic: stream.Subscriptions.Topic()}] = slow.log[subscriptions]
	expect(t, Compute(log, 2, Options{}), "mrr", "", "2026-11-01T01:00:00Z | chat | team |  |  | USD | 1 | 1")
}
