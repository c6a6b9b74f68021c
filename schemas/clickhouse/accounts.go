package chschema

import (
	"strconv"
	"strings"

	"runrate/schemas/definitions"
)

// The scalars that a view over accounts rests on, by name: With makes them once, as a
// query is analysed anew for each place that one stands in.
const (
	nowName, thenName              = "as_of_day", "from_day"
	windowName, multiplierName     = "arr_window", "arr_times"
	usageEpoch, subscriptionsEpoch = "usage_epoch", "subscriptions_epoch"
)

// With begins a view over accounts. What takes no days has no use for the earlier midnight.
func (t sqlText) With(days bool) string {
	with := "WITH " + t.Midnight() + " AS " + nowName
	if days {
		with += ", " + t.from() + " AS " + thenName
	}
	for _, scalar := range [][2]string{
		{t.definition("arr_window_days"), windowName}, {t.definition("arr_multiplier"), multiplierName},
		{"assumeNotNull(" + t.Epoch(t.Usage) + ")", usageEpoch}, {"assumeNotNull(" + t.Epoch(t.Subscriptions) + ")", subscriptionsEpoch},
	} {
		with += ", " + scalar[0] + " AS " + scalar[1]
	}
	return with
}

// Midnight is a scalar, a Date: the midnight that a view over accounts is as of. Its
// parameter must be one that the clocks of both topics have passed, or it is an error that
// names the latest (DEFINITIONS A12): a text that is no number fails with the text.
func (t sqlText) Midnight() string {
	latest := "toDate(assumeNotNull(least(" + t.Passed(t.Usage) + ", " + t.Passed(t.Subscriptions) + ")), 'UTC')"
	if t.Now {
		return "assumeNotNull((SELECT " + latest + "))"
	}
	const text = `assumeNotNull((SELECT toDate(toUInt16(if(a.given = toStartOfDay(a.given) AND toDate(a.given, 'UTC') <= a.latest, toString(toUInt16(toDate(a.given, 'UTC'))),
            concat('as_of ', {as_of:String}, ' is no midnight (UTC) that the clocks of both topics have passed; the latest is ', if(a.latest = toDate(0), 'yet to come', toString(a.latest))))))
        FROM (SELECT parseDateTimeBestEffort({as_of:String}, 'UTC') AS given, LATEST AS latest) AS a))`
	return strings.ReplaceAll(text, "LATEST", latest)
}

// from is a scalar, a Date: the midnight that as_of_day is compared with, days before it. A
// Date does not go below 1970, and no record does.
func (t sqlText) from() string {
	days := "{days:UInt16}"
	if t.Now {
		days = strconv.Itoa(definitions.NetNewDays)
	}
	return earlier(nowName, days)
}

// earlier is a Date that many days before another, at least 1970-01-01.
func earlier(date, days string) string {
	return "toDate(toUInt16(greatest(toInt32(" + date + ") - toInt32(" + days + "), 0)))"
}

// definition is a scalar of the view definitions.
func (t sqlText) definition(column string) string {
	return "assumeNotNull((SELECT d." + column + " FROM " + t.DB() + ".definitions AS d))"
}

// Worth is a table: what each day of usage, and each movement of MRR, gives to the ARR as
// of each midnight of the array ends that it counts in. Columns: account, line, currency,
// kind, at (the midnight, a Date), worth. The sum by those but worth is the ARR then.
func (t sqlText) Worth(ends string) string {
	return strings.NewReplacer("DB", t.DB(), "EPOCH_U", usageEpoch, "EPOCH_S", subscriptionsEpoch, "SINCE", earlier("arrayMin("+ends+")", windowName),
		"ENDS", ends, "WINDOW", windowName, "MULTIPLIER", multiplierName).Replace(`(
        SELECT
            u.account AS account, u.line AS line, u.currency AS currency, 'usage' AS kind,
            arrayJoin(arrayFilter(e -> e > u.day AND e <= u.day + WINDOW, ENDS)) AS at,
            (u.revenue - u.one_off) * MULTIPLIER AS worth
        FROM DB.account_day_versions AS u FINAL
        WHERE u.epoch = EPOCH_U
          AND u.day < arrayMax(ENDS)
          AND u.day >= SINCE
        UNION ALL
        SELECT
            m.account AS account, m.line AS line, m.currency AS currency, 'subscription' AS kind,
            arrayJoin(arrayFilter(e -> e > toDate(m.time, 'UTC'), ENDS)) AS at,
            m.amount * 12 AS worth
        FROM DB.mrr_movement_versions AS m FINAL
        WHERE m.epoch = EPOCH_S
          AND m.movement != ''
          AND m.time < toDateTime64(arrayMax(ENDS), 6, 'UTC')
    )`)
}

// Firsts is a table: since when accounts have ARR, by account, line, currency and kind.
func (t sqlText) Firsts() string {
	return strings.NewReplacer("DB", t.DB(), "EPOCH_U", usageEpoch, "EPOCH_S", subscriptionsEpoch, "USAGE", t.Usage, "SUBSCRIPTIONS", t.Subscriptions).Replace(`(
        SELECT f.account AS account, f.line AS line, f.currency AS currency, if(f.topic = 'USAGE', 'usage', 'subscription') AS kind, f.first AS first
        FROM DB.account_first_versions AS f FINAL
        WHERE (f.topic, f.epoch) IN (('USAGE', EPOCH_U), ('SUBSCRIPTIONS', EPOCH_S)) AND f.first != toDate(0)
    )`)
}

// Parts is a table: each part of an account's ARR before and now, rows not all 0. Columns:
// account, line, currency, kind, before, now, first.
func (t sqlText) Parts() string {
	ends := "[" + thenName + ", " + nowName + "]"
	return strings.NewReplacer("WORTH", t.Worth(ends), "FIRSTS", t.Firsts(), "THEN", thenName, "ASOF", nowName).Replace(`(
    SELECT
        w.account AS account, w.line AS line, w.currency AS currency, w.kind AS kind,
        sumIf(w.worth, w.at = THEN) AS before, sumIf(w.worth, w.at = ASOF) AS now, max(w.first) AS first
    FROM
    (
        SELECT p.account AS account, p.line AS line, p.currency AS currency, p.kind AS kind, p.at AS at, p.worth AS worth, toDate(0) AS first FROM WORTH AS p
        UNION ALL
        SELECT f.account, f.line, f.currency, f.kind, toDate(0), toDecimal128(0, 12), f.first FROM FIRSTS AS f
    ) AS w
    GROUP BY w.account, w.line, w.currency, w.kind
    HAVING before != 0 OR now != 0
)`)
}

// Movement is where the change from before to now goes (DEFINITIONS A6).
func (t sqlText) Movement(before, now, first string) string {
	return strings.NewReplacer("BEFORE", before, "NOW", now, "FIRST", first, "SINCE", thenName).Replace(
		"multiIf(BEFORE <= 0 AND NOW > 0, if(FIRST > SINCE, 'new', 'reactivation'), NOW <= 0 AND BEFORE > 0, 'churn', " +
			"NOW > BEFORE, 'expansion', NOW < BEFORE, 'contraction', 'unchanged')")
}

// Cohorts is a table: the month of an account's first ARR in a currency, of those that have
// any by the midnight asked for. Columns: account, currency, cohort.
func (t sqlText) Cohorts() string {
	return "(SELECT k.account AS account, k.currency AS currency, toStartOfMonth(min(k.first)) AS cohort FROM " + t.Firsts() +
		" AS k WHERE k.first <= " + nowName + " GROUP BY k.account, k.currency)"
}

// MonthEnds is an array: the last midnight of each month in which an account of any cohort
// can have ARR, up to the midnight asked for, which ends the last.
func (t sqlText) MonthEnds() string {
	return "assumeNotNull((SELECT arrayMap(m -> least(toLastDayOfMonth(addMonths(x.since, m)), x.until), range(dateDiff('month', x.since, x.until) + 1)) FROM " +
		"(SELECT if(count() = 0, " + nowName + ", min(y.cohort)) AS since, " + nowName + " AS until FROM " + t.Cohorts() + " AS y) AS x))"
}
