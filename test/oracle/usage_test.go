package oracle

import "testing"

func TestRating(t *testing.T) {
	s := newScript()
	s.book(handBook)
	s.usage("a", "01T11:59:59.999999Z", "large", `"in":1234,"out":567`) // 0.003085 + 0.00567, cost 0.0007404 + 0.0013608
	s.usage("a", "01T12:00:00+00:00", "large", `"in":1234`)             // 0.002468, cost 0.000617
	s.usage("half", "01T13:00", "tiny", `"n":1`)                        // 0.5 of the last decimal: to even, 0
	s.usage("half", "01T13:00", "tiny", `"n":3`)                        // 1.5: to 2
	s.usage("half", "01T13:00", "tiny", `"n":5`)                        // 2.5: to 2
	s.adjust("a", "01T14:00:00.5+01:00", "large", "-12.50", "EUR")
	v := s.compute()
	expect(t, v, "usage_events", "",
		"a | 2026-11-01T11:59:59.999999Z | api | large |  | eu | USD | in=1234,out=567 | 0.008755000000 | 0.002101200000 | test | e1 | usage.recorded | false | 1",
		"a | 2026-11-01T12:00:00.000000Z | api | large |  | eu | USD | in=1234 | 0.002468000000 | 0.000617000000 | test | e2 | usage.recorded | false | 1",
		"half | 2026-11-01T13:00:00.000000Z | api | tiny |  | eu | USD | n=1 | 0 | 0 | test | e3 | usage.recorded | false | 1",
		"half | 2026-11-01T13:00:00.000000Z | api | tiny |  | eu | USD | n=3 | 0.000000000002 | 0 | test | e4 | usage.recorded | false | 1",
		"half | 2026-11-01T13:00:00.000000Z | api | tiny |  | eu | USD | n=5 | 0.000000000002 | 0 | test | e5 | usage.recorded | false | 1",
		"a | 2026-11-01T13:00:00.500000Z | api | large |  | eu | EUR |  | -12.500000000000 | 0 | test | e6 | adjustment.recorded | false | 1")
	expect(t, v, "usage_hourly", "",
		"2026-11-01T11:00:00Z | api | large |  | eu | USD | 0.008755000000 | 0.002101200000 | 1",
		"2026-11-01T12:00:00Z | api | large |  | eu | USD | 0.002468000000 | 0.000617000000 | 1",
		"2026-11-01T13:00:00Z | api | large |  | eu | EUR | -12.500000000000 | 0 | 0",
		"2026-11-01T13:00:00Z | api | tiny |  | eu | USD | 0.000000000004 | 0 | 3")
	expect(t, v, "rolling_revenue", "") // no tick yet
	expect(t, v, "freshness", "", "runrate.usage | 0 |  | 7")
}

func TestWindows(t *testing.T) {
	s := newScript()
	s.book(handBook)
	s.usage("a", "01T10:00", "large", `"out":1000000`)          // 10, on the boundary: in (10:00, 11:00]
	s.usage("b", "01T10:30", "large", `"out":2000000`)          // 20
	s.adjust("a", "01T12:59:59.999999Z", "large", "-35", "USD") // in as of 13:00
	s.tick("01T13:00")
	v := s.compute()
	expect(t, v, "rolling_revenue", "2026-11-01T10:00:00Z")
	expect(t, v, "rolling_revenue", "2026-11-01T11:00:00Z\t1h", "2026-11-01T11:00:00Z | 1h | api | large |  | eu | USD | 30 | 7.200000000000 | 2")
	expect(t, v, "rolling_revenue", "2026-11-01T12:00:00Z\t1h")
	expect(t, v, "rolling_revenue", "2026-11-01T12:00:00Z\t24h", "2026-11-01T12:00:00Z | 24h | api | large |  | eu | USD | 30 | 7.200000000000 | 2")
	expect(t, v, "rolling_revenue", "2026-11-01T13:00:00Z\t1h", "2026-11-01T13:00:00Z | 1h | api | large |  | eu | USD | -35 | 0 | 0")
	expect(t, v, "rolling_revenue", "2026-11-01T13:00:00Z\t365d", "2026-11-01T13:00:00Z | 365d | api | large |  | eu | USD | -5 | 7.200000000000 | 2")
	expect(t, v, "rolling_revenue", "2026-11-01T14:00:00Z")
	if n := len(v["rolling_revenue"]); n != 2+6*3 {
		t.Errorf("%d rows, want 1h at two boundaries and six more windows at three", n)
	}
	s.tick("05T00:00")
	s.usage("c", "01T10:30", "large", `"out":100000`) // late: amends closed windows
	v = s.compute()
	expect(t, v, "rolling_revenue", "2026-11-01T11:00:00Z\t1h", "2026-11-01T11:00:00Z | 1h | api | large |  | eu | USD | 31 | 7.440000000000 | 3")
	// 24h as of the 2nd, 10:00 holds the event at 10:00; as of 11:00 nothing but the adjustment; as of 13:00 nothing
	expect(t, v, "rolling_revenue", "2026-11-02T10:00:00Z\t24h", "2026-11-02T10:00:00Z | 24h | api | large |  | eu | USD | -4 | 7.440000000000 | 3")
	expect(t, v, "rolling_revenue", "2026-11-02T11:00:00Z\t24h", "2026-11-02T11:00:00Z | 24h | api | large |  | eu | USD | -35 | 0 | 0")
	expect(t, v, "rolling_revenue", "2026-11-02T13:00:00Z\t24h")
}

func TestActiveAccounts(t *testing.T) {
	s := newScript()
	s.book(handBook)
	s.usage("a", "01T10:00", "large", `"out":0`)
	s.usage("a", "01T11:00", "large", `"out":1`)
	s.usage("b", "02T00:00", "tiny", `"n":1`)
	s.usage("b", "20T00:00", "soon", `"n":1`)
	s.adjust("c", "01T10:00", "large", "1", "USD") // no activity
	s.tick("21T23:59")
	v := s.compute()
	expect(t, v, "active_accounts", "2026-11-01")
	expect(t, v, "active_accounts", "2026-11-02T00:00:00Z\t1d", "2026-11-02T00:00:00Z | 1d | * | 1", "2026-11-02T00:00:00Z | 1d | api | 1")
	expect(t, v, "active_accounts", "2026-11-03T00:00:00Z\t1d", "2026-11-03T00:00:00Z | 1d | * | 1", "2026-11-03T00:00:00Z | 1d | api | 1")
	expect(t, v, "active_accounts", "2026-11-03T00:00:00Z\t7d", "2026-11-03T00:00:00Z | 7d | * | 2", "2026-11-03T00:00:00Z | 7d | api | 2")
	expect(t, v, "active_accounts", "2026-11-10T00:00:00Z\t7d")
	expect(t, v, "active_accounts", "2026-11-21T00:00:00Z\t28d", "2026-11-21T00:00:00Z | 28d | * | 2",
		"2026-11-21T00:00:00Z | 28d | api | 2", "2026-11-21T00:00:00Z | 28d | chat | 1")
	expect(t, v, "active_accounts", "2026-11-22")
}
