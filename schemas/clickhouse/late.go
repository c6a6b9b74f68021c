package chschema

import "strings"

// KnownOn is a scalar, a Date: the first day of the clock on which what was folded is not
// known. Its parameter is an instant not before as_of, or it is an error that says so; of
// an instant within a day, all that is folded on that day is known.
func (t sqlText) KnownOn() string {
	if t.Now {
		return "toDate('2149-06-06')" // the last there is
	}
	const text = `assumeNotNull((SELECT toDate(toUInt16(if(toDate(k.given, 'UTC') >= k.midnight, toString(toUInt16(toDate(k.given, 'UTC')) + (k.given != toStartOfDay(k.given))),
            concat('known_on ', {known_on:String}, ' is before as_of, ', toString(k.midnight), ', which was not known yet'))))
        FROM (SELECT parseDateTimeBestEffort({known_on:String}, 'UTC') AS given, MIDNIGHT AS midnight) AS k))`
	return strings.ReplaceAll(text, "MIDNIGHT", t.Midnight())
}

// Late is a table: what late events added to ARR as of the midnights after their day, by
// line, currency, kind, day of the events and day of the clock. Columns: line, currency,
// kind, day, until (the last midnight that it counts in), folded, worth.
func (t sqlText) Late() string {
	return strings.NewReplacer("DB", t.DB(), "USAGE", t.Usage, "SUBSCRIPTIONS", t.Subscriptions, "EPOCH_U", t.Epoch(t.Usage), "EPOCH_S", t.Epoch(t.Subscriptions),
		"WINDOW", t.definition("arr_window_days"), "MULTIPLIER", t.definition("arr_multiplier")).Replace(`(
        SELECT
            v.line AS line, v.currency AS currency, v.day AS day, v.folded AS folded,
            if(v.topic = 'USAGE', 'usage', 'subscription') AS kind,
            if(v.topic = 'USAGE', v.day + WINDOW, toDate('2149-06-06')) AS until,
            v.amount * if(v.topic = 'USAGE', MULTIPLIER, 12) AS worth
        FROM DB.late_amount_versions AS v FINAL
        WHERE (v.topic, v.epoch) IN (('USAGE', EPOCH_U), ('SUBSCRIPTIONS', EPOCH_S))
    )`)
}
