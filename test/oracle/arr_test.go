package oracle

import "testing"

func TestARR(t *testing.T) {
	s := newScript()
	s.book(handBook)
	s.usage("a", "01T10:30", "large", `"out":1000000`)                 // 10
	s.usage("b", "01T10:30", "large", `"out":500000`)                  // 5
	s.adjust("b", "01T11:30", "large", "-20", "USD")                   // as of 12:00
	s.change("a", "01T10:30", "s1", "active", 1, "3", `,"line":"api"`) // 36 a year
	s.change("a", "01T11:30", "s2", "active", 1, "1", "")              // chat: 12
	s.tick("01T12:00")
	v := s.compute()
	expect(t, v, "arr", "",
		"2026-11-01T11:00:00Z | api | USD | 195 | 36 | 231",
		"2026-11-01T12:00:00Z | api | USD | -65 | 36 | -29",
		"2026-11-01T12:00:00Z | chat | USD | 0 | 12 | 12")
	expect(t, v, "net_new_arr", "")

	// The usage window is over after 28 days: the row stays for the subscription.
	s.change("a", "01T11:45", "s2", "canceled", 1, "1", "")
	s.tick("30T00:00 jump")
	v = s.compute()
	expect(t, v, "arr", "2026-11-29T11:00:00Z", "2026-11-29T11:00:00Z | api | USD | -260 | 36 | -224") // 10:30 is out
	expect(t, v, "arr", "2026-11-29T12:00:00Z", "2026-11-29T12:00:00Z | api | USD | 0 | 36 | 36")
	expect(t, v, "arr", "2026-11-02T00:00:00Z", "2026-11-02T00:00:00Z | api | USD | -65 | 36 | -29")
	expect(t, v, "net_new_arr", "2026-11-02T00:00:00Z", // a +130 new; b -195 contraction; subscription 36 new
		"2026-11-02T00:00:00Z | api | USD | 0 | 166 | 0 | 0 | -195 | 0 | -29 | -29")

	// Only as far as both topics' clocks have come.
	s.add(usage0, "", `{"specversion":"1.0","type":"clock.ticked","source":"t","id":"t","time":"2026-12-30T00:00:00Z","data":{"jump":true}}`)
	expect(t, s.compute(), "arr", "2026-12")
}

func TestNetNew(t *testing.T) {
	const october, november, december, january = "2026-10-01T12:00:00Z", "2026-11-01T12:00:00Z", "2026-12-01T12:00:00Z", "2027-01-01T12:00:00Z"
	s := newScript()
	s.book(handBook)
	s.tick("2026-10-02T00:00:00Z")
	usage := func(account, when string, dollars string) { s.adjust(account, when, "large", dollars, "USD") }
	usage("grow", october, "1")
	usage("grow", "2026-10-02T00:00:00Z", "1")
	s.tick("2026-10-30T00:00:00Z jump")
	usage("gone", october, "5")
	usage("back", october, "2")
	s.tick(november)
	usage("new", november, "1")
	usage("grow", november, "7")
	usage("debt", november, "-1")
	s.tick(december + " jump")
	usage("back", december, "3")
	s.tick(january + " jump")
	v := s.compute()
	// As of 2 November against 3 October (grow 26, gone 65, back 26): October's
	// are out of the window since 29 (grow's second: since 30) October.
	expect(t, v, "net_new_arr", "2026-11-02T00:00:00Z",
		"2026-11-02T00:00:00Z | api | USD | 117 | 13 | 65 | 0 | -13 | -91 | 91 | -26")
	// As of 2 December against 2 November (new 13, grow 91, debt -13): back 39
	// was above 0 in October; new and grow are gone; debt comes back to 0.
	expect(t, v, "net_new_arr", "2026-12-02T00:00:00Z",
		"2026-12-02T00:00:00Z | api | USD | 91 | 0 | 13 | 39 | 0 | -104 | 39 | -52")
	// As of 15 November against 16 October: as on the 2nd.
	expect(t, v, "net_new_arr", "2026-11-15T00:00:00Z",
		"2026-11-15T00:00:00Z | api | USD | 117 | 13 | 65 | 0 | -13 | -91 | 91 | -26")
	// As of 30 November, November's are out, and 31 October has nothing: no row.
	expect(t, v, "net_new_arr", "2026-11-30T00:00:00Z")
	// As of 29 December, december's 3 is still in; against 29 November (new, grow, debt still in).
	expect(t, v, "net_new_arr", "2026-12-29T00:00:00Z",
		"2026-12-29T00:00:00Z | api | USD | 91 | 0 | 13 | 39 | 0 | -104 | 39 | -52")
}

func TestNetNewOfSubscriptions(t *testing.T) {
	s := newScript()
	s.tick("2026-10-01T00:00:00Z")
	s.change("a", "2026-10-01T00:00:00Z", "s", "active", 1, "10", "") // not before midnight of the 1st
	s.tick("2026-10-20T00:00:00Z jump")
	s.change("a", "2026-10-20T00:00:00Z", "s", "active", 1, "25", "")
	s.tick("2026-11-20T00:00:00Z jump")
	s.change("a", "2026-11-19T00:00:00Z", "s", "canceled", 1, "25", "")
	s.tick("2026-12-25T00:00:00Z jump")
	v := s.compute()
	expect(t, v, "net_new_arr", "2026-10-01T00:00:00Z")
	expect(t, v, "net_new_arr", "2026-10-02T00:00:00Z", "2026-10-02T00:00:00Z | chat | USD | 0 | 120 | 0 | 0 | 0 | 0 | 120 | 120")
	expect(t, v, "net_new_arr", "2026-10-31T00:00:00Z", "2026-10-31T00:00:00Z | chat | USD | 0 | 300 | 0 | 0 | 0 | 0 | 300 | 300")
	expect(t, v, "net_new_arr", "2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z | chat | USD | 120 | 0 | 180 | 0 | 0 | 0 | 300 | 180")
	expect(t, v, "net_new_arr", "2026-11-20T00:00:00Z", "2026-11-20T00:00:00Z | chat | USD | 300 | 0 | 0 | 0 | 0 | -300 | 0 | -300")
	expect(t, v, "net_new_arr", "2026-12-19T00:00:00Z", "2026-12-19T00:00:00Z | chat | USD | 300 | 0 | 0 | 0 | 0 | -300 | 0 | -300")
	expect(t, v, "net_new_arr", "2026-12-20T00:00:00Z")
}
