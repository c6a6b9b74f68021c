package chschema

// Asked is the currency that a view converts to: its parameter, or the reference.
func (t sqlText) Asked() string {
	if t.Now {
		return "JSONExtractString(" + t.ratesInForce() + ", 'reference')"
	}
	return "{currency:String}"
}

// RatesOf is the list of a set's rates: currency, effective_from, rate as text.
func (t sqlText) RatesOf(payload string) string {
	return "JSONExtract(" + payload + ", 'rates', 'Array(Tuple(currency String, effective_from String, rate String))')"
}

// ratesInForce is a scalar: the set of exchange rates in force, "" before the first.
func (t sqlText) ratesInForce() string {
	return "ifNull((SELECT argMax(v.payload, v.`offset`) FROM " + t.DB() + ".control_versions AS v FINAL WHERE v.topic = '" + t.Usage +
		"' AND v.epoch = " + t.Epoch(t.Usage) + " AND v.partition = 0 AND v.kind = 'rates'), '')"
}

// Rates is a table to ASOF JOIN: what a unit of a currency is worth since when, by the
// set in force, with 1 for its reference.
func (t sqlText) Rates() string {
	return "(SELECT e.1 AS currency, parseDateTime64BestEffort(e.2, 6, 'UTC') AS since, toDecimal128(e.3, 12) AS worth FROM " +
		"(SELECT arrayJoin(arrayPushBack(" + t.RatesOf("s.payload") + ", (JSONExtractString(s.payload, 'reference'), '1970-01-01T00:00:00Z', '1'))) AS e FROM " +
		"(SELECT " + t.ratesInForce() + " AS payload) AS s))"
}

// Converted is amount x worth / asked in 256 bits, rounded half to even at the 12th
// decimal, 0 where a rate is missing (DEFINITIONS F2). An integer division and its rest
// decide: no other scale of decimals would be exact.
func (t sqlText) Converted(amount, worth, asked string) string {
	raw := func(decimal string) string { return "reinterpret(toDecimal256(" + decimal + ", 12), 'Int256')" }
	quotient := "if(abs(n % d) * 2 > d OR abs(n % d) * 2 = d AND intDiv(n, d) % 2 != 0, intDiv(n, d) + sign(n), intDiv(n, d))"
	return "if(ifNull(" + worth + ", 0) = 0 OR ifNull(" + asked + ", 0) = 0, toDecimal128(0, 12), " +
		"toDecimal128(reinterpret(arrayMap((n, d) -> toInt256(" + quotient + "), [" +
		raw(amount) + " * " + raw("ifNull("+worth+", 0)") + "], [greatest(" + raw("ifNull("+asked+", 0)") + ", toInt256(1))])[1], 'Decimal(76, 12)'), 12))"
}
