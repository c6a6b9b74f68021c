CREATE OR REPLACE VIEW {{.DB}}.net_new_arr_in{{.Suffix}}{{.OnCluster}}
{{if .Now}}(
    as_of        DateTime('UTC')        COMMENT 'Midnight T, UTC, passed by the clock of both topics; compared with T - {{.NetNewDays}} days',
    line         LowCardinality(String) COMMENT 'Business line',
    currency     LowCardinality(String) COMMENT 'ISO 4217 code of the amounts: the reference of the exchange rates in force',
    opening      Decimal(38, 12)        COMMENT 'As of net_new_arr, each currency at its rate at T - {{.NetNewDays}} days, rounded half to even at the 12th decimal',
    new          Decimal(38, 12)        COMMENT 'As of net_new_arr, each currency at its rate at T',
    expansion    Decimal(38, 12)        COMMENT 'As of net_new_arr, each currency at its rate at T',
    reactivation Decimal(38, 12)        COMMENT 'As of net_new_arr, each currency at its rate at T',
    contraction  Decimal(38, 12)        COMMENT 'As of net_new_arr, each currency at its rate at T; negative',
    churn        Decimal(38, 12)        COMMENT 'As of net_new_arr, each currency at its rate at T; negative',
    closing      Decimal(38, 12)        COMMENT 'As of net_new_arr, each currency at its rate at T: the same as in arr_in',
    net_new      Decimal(38, 12)        COMMENT 'new + expansion + reactivation + contraction + churn',
    fx           Decimal(38, 12)        COMMENT 'What exchange rates moved: closing - opening - net_new'
)
{{end}}AS SELECT
    c.as_of AS as_of,
    c.line AS line,
    CAST({{.Asked}} AS LowCardinality(String)) AS currency,
    sum(c.opening) AS opening,
    sum(c.new) AS new,
    sum(c.expansion) AS expansion,
    sum(c.reactivation) AS reactivation,
    sum(c.contraction) AS contraction,
    sum(c.churn) AS churn,
    sum(c.closing) AS closing,
    sum(c.new) + sum(c.expansion) + sum(c.reactivation) + sum(c.contraction) + sum(c.churn) AS net_new,
    sum(c.closing) - sum(c.opening) - (sum(c.new) + sum(c.expansion) + sum(c.reactivation) + sum(c.contraction) + sum(c.churn)) AS fx
FROM
(
    SELECT
        p.as_of AS as_of,
        p.line AS line,
        {{.Converted "p.opening" "g.worth" "b.worth"}} AS opening,
        {{.Converted "p.new" "f.worth" "a.worth"}} AS new,
        {{.Converted "p.expansion" "f.worth" "a.worth"}} AS expansion,
        {{.Converted "p.reactivation" "f.worth" "a.worth"}} AS reactivation,
        {{.Converted "p.contraction" "f.worth" "a.worth"}} AS contraction,
        {{.Converted "p.churn" "f.worth" "a.worth"}} AS churn,
        {{.Converted "p.closing" "f.worth" "a.worth"}} AS closing,
        (p.opening != 0) AND (ifNull(g.worth, 0) = 0 OR ifNull(b.worth, 0) = 0)
            OR (p.new != 0 OR p.expansion != 0 OR p.reactivation != 0 OR p.contraction != 0 OR p.churn != 0 OR p.closing != 0) AND (ifNull(f.worth, 0) = 0 OR ifNull(a.worth, 0) = 0) AS missing
    FROM (SELECT v.*, toDateTime64(v.as_of, 6, 'UTC') AS at, toDateTime64(v.as_of, 6, 'UTC') - INTERVAL {{.NetNewDays}} DAY AS back, {{.Asked}} AS asked FROM {{.DB}}.net_new_arr{{.Suffix}} AS v WHERE asked != '') AS p
    ASOF LEFT JOIN {{.Rates}} AS f ON toString(p.currency) = f.currency AND p.at >= f.since
    ASOF LEFT JOIN {{.Rates}} AS a ON p.asked = a.currency AND p.at >= a.since
    ASOF LEFT JOIN {{.Rates}} AS g ON toString(p.currency) = g.currency AND p.back >= g.since
    ASOF LEFT JOIN {{.Rates}} AS b ON p.asked = b.currency AND p.back >= b.since
) AS c
GROUP BY c.as_of, c.line
HAVING max(c.missing) = 0
COMMENT '{{.Only}}Bridge of net_new_arr over all currencies in one{{if not .Now}}, asked for as net_new_arr_in(currency = \'USD\'); columns as_of, line, currency (that asked for), opening, new, expansion, reactivation, contraction, churn, closing, net_new, fx{{end}}: opening at the exchange rates in force at T - {{.NetNewDays}} days, the rest at those at T, and fx what the rates moved; no row of a line while one of its amounts has no rate (fx_missing); docs/DEFINITIONS.md F2 to F4'
