package oracle

import "testing"

func TestMRRToAMonth(t *testing.T) {
	s := newScript()
	for _, extra := range []string{
		`,"discount_percent":"10"`,
		`,"interval":"year"`,
		`,"interval":"week"`,
		`,"interval":"day","interval_count":2`,
		`,"interval_count":3`,
		`,"interval":"year","interval_count":2,"discount_percent":"33.333"`,
		`,"discount_percent":"100"`,
	} {
		s.change("a", "01T00:00", "s"+itoa(int64(s.serial+1)), "active", 25, "30.00", extra)
	}
	s.change("a", "01T00:00", "t1", "past_due", 1, "5", "")
	s.change("a", "01T00:00", "t2", "trialing", 1, "5", "")
	s.change("a", "01T00:00", "t3", "active", 1, "5", "")
	s.change("a", "02T00:00", "t3", "canceled", 1, "5", "")
	// half to even: 0.000000000001 x 1/2 is 0, x 3/2 is 2, as are 5/2
	s.change("a", "01T00:00", "u1", "active", 1, "0.000000000001", `,"interval_count":2`)
	s.change("a", "01T00:00", "u3", "active", 3, "0.000000000001", `,"interval_count":2`)
	s.change("a", "01T00:00", "u5", "active", 5, "0.000000000001", `,"interval_count":2`)
	tail := func(status, mrr, since string) string {
		return " | a | chat | team | " + status + " |  |  | USD | " + mrr + " | 2026-11-" + since + "T00:00:00.000000Z"
	}
	expect(t, s.compute(), "subscriptions", "",
		"s1"+tail("active", "675", "01"),
		"s2"+tail("active", "62.500000000000", "01"),
		"s3"+tail("active", "3258.928571428571", "01"),  // 750 x 365/84 = 3258.9285714285714…
		"s4"+tail("active", "11406.250000000000", "01"), // 750 x 365/12 / 2
		"s5"+tail("active", "250", "01"),
		"s6"+tail("active", "20.833437500000", "01"), // 750 x 0.66667 / 24
		"s7"+tail("active", "0", "01"),
		"t1"+tail("past_due", "5", "01"),
		"t2"+tail("trialing", "0", "01"),
		"t3"+tail("canceled", "0", "02"),
		"u1"+tail("active", "0", "01"),
		"u3"+tail("active", "0.000000000002", "01"),
		"u5"+tail("active", "0.000000000002", "01"))
}

func TestMovements(t *testing.T) {
	s := newScript()
	s.change("a", "01T00:00", "s1", "trialing", 1, "10", "")               // nothing
	s.change("a", "02T00:00", "s1", "active", 1, "10", "")                 // new 10
	s.change("a", "03T00:00", "s2", "active", 2, "10", "")                 // expansion 20: 30
	s.change("a", "04T00:00", "s1", "canceled", 1, "10", "")               // contraction: 20
	s.change("a", "05T00:00", "s2", "paused", 2, "10", "")                 // churn: 0
	s.change("a", "06T00:00", "s1", "active", 1, "7", "")                  // reactivation 7
	s.change("a", "07T00:00", "s1", "past_due", 1, "7", "")                // as it was
	s.change("a", "08T00:00", "s1", "active", 1, "7", `,"currency":"EUR"`) // churn in USD, new in EUR
	s.change("a", "09T00:00", "s1", "active", 1, "7", `,"line":"api"`)     // churn in EUR, new in api USD
	s.change("a", "03T12:00", "s2", "active", 1, "10", "")                 // backdated: 30 to 20, and from there
	s.change("b", "03T00:00", "s1", "active", 1, "1", "")                  // another account's s1
	s.change("b", "03T00:00", "s1", "active", 1, "3", "")                  // the same instant: by offset
	const chat = " | a | chat | USD | "
	v := s.compute()
	expect(t, v, "mrr_movements", "",
		"2026-11-02T00:00:00.000000Z"+chat+"s1 | new | 10",
		"2026-11-03T00:00:00.000000Z"+chat+"s2 | expansion | 20",
		"2026-11-03T12:00:00.000000Z"+chat+"s2 | contraction | -10",
		"2026-11-04T00:00:00.000000Z"+chat+"s1 | contraction | -10",
		"2026-11-05T00:00:00.000000Z"+chat+"s2 | churn | -10",
		"2026-11-06T00:00:00.000000Z"+chat+"s1 | reactivation | 7",
		"2026-11-08T00:00:00.000000Z"+chat+"s1 | churn | -7",
		"2026-11-08T00:00:00.000000Z | a | chat | EUR | s1 | new | 7",
		"2026-11-09T00:00:00.000000Z | a | chat | EUR | s1 | churn | -7",
		"2026-11-09T00:00:00.000000Z | a | api | USD | s1 | new | 7",
		"2026-11-03T00:00:00.000000Z | b | chat | USD | s1 | new | 1",
		"2026-11-03T00:00:00.000000Z | b | chat | USD | s1 | expansion | 2")
	expect(t, v, "subscriptions", "s1\tb", "s1 | b | chat | team | active |  |  | USD | 3 | 2026-11-03T00:00:00.000000Z")
	expect(t, v, "subscriptions", "s2\ta", "s2 | a | chat | team | paused |  |  | USD | 0 | 2026-11-05T00:00:00.000000Z")
}

func TestMRRView(t *testing.T) {
	s := newScript()
	s.change("a", "01T10:00", "s1", "active", 1, "10", "")
	s.change("b", "01T10:30", "s1", "active", 1, "5", "")
	s.change("b", "01T10:30", "s2", "trialing", 1, "5", "")
	s.change("b", "01T12:00", "s1", "canceled", 1, "5", "")
	s.change("a", "01T13:59:59", "s1", "active", 2, "10", `,"segment":"big"`)
	s.tick("01T14:00")
	const chat = " | chat | team |  |  | USD | "
	expect(t, s.compute(), "mrr", "", // nothing as of 10:00: changes with time < T
		"2026-11-01T11:00:00Z"+chat+"15 | 2",
		"2026-11-01T12:00:00Z"+chat+"15 | 2",
		"2026-11-01T13:00:00Z"+chat+"10 | 1",
		"2026-11-01T14:00:00Z | chat | team | big |  | USD | 20 | 1")
}
