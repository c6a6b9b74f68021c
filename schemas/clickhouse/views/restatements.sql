CREATE OR REPLACE VIEW {{.DB}}.restatements{{.Suffix}}{{.OnCluster}}
(
    as_of    DateTime('UTC')        COMMENT 'Midnight T, UTC, passed by the clock of both topics',
    line     LowCardinality(String) COMMENT 'Business line',
    currency LowCardinality(String) COMMENT 'ISO 4217 code of the amounts; never add amounts of different currencies',
    known_on DateTime('UTC')        COMMENT 'Day of the clock, by its first midnight, UTC, on which late events were folded that changed ARR as of T; T or later',
    before   Decimal(38, 12)        COMMENT 'ARR as of T as it was known when that day began: arr_as_known(as_of, known_on)',
    after    Decimal(38, 12)        COMMENT 'ARR as of T as it was known when that day ended; so far, if it is today'
)
AS SELECT
    w.as_of AS as_of,
    w.line AS line,
    w.currency AS currency,
    w.known_on AS known_on,
    w.arr - w.since AS before,
    w.arr - w.since + w.change AS after
FROM
(
    SELECT
        c.as_of AS as_of, c.line AS line, c.currency AS currency, c.known_on AS known_on, c.change AS change, ifNull(a.arr, toDecimal128(0, 12)) AS arr,
        sum(c.change) OVER (PARTITION BY c.as_of, c.line, c.currency ORDER BY c.known_on DESC) AS since
    FROM
    (
        SELECT
            toDateTime(arrayJoin(arrayMap(n -> l.day + n, range(1, toUInt32(least(l.folded, l.until) - l.day) + 1))), 'UTC') AS as_of,
            toString(l.line) AS line, toString(l.currency) AS currency, toDateTime(l.folded, 'UTC') AS known_on, sum(l.worth) AS change
        FROM {{.Late}} AS l
        GROUP BY as_of, line, currency, known_on
        HAVING change != 0 AND as_of {{.Midnights .Usage .Subscriptions}}
    ) AS c
    LEFT JOIN (SELECT v.as_of AS as_of, toString(v.line) AS line, toString(v.currency) AS currency, v.arr AS arr FROM {{.DB}}.arr AS v WHERE v.as_of = toStartOfDay(v.as_of) AND v.as_of {{.Midnights .Usage .Subscriptions}}) AS a
        ON a.as_of = c.as_of AND a.line = c.line AND a.currency = c.currency
) AS w
COMMENT '{{.Only}}What late events changed of ARR as of a midnight, one row per midnight, line, currency and day of the clock on which any did; docs/DEFINITIONS.md A16'
