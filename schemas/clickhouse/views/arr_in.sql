CREATE OR REPLACE VIEW {{.DB}}.arr_in{{.Suffix}}{{.OnCluster}}
{{if .Now}}(
    as_of            DateTime('UTC')        COMMENT 'Hour boundary T, UTC, passed by the clock of both topics',
    line             LowCardinality(String) COMMENT 'Business line',
    currency         LowCardinality(String) COMMENT 'ISO 4217 code of the amounts: the reference of the exchange rates in force',
    usage_arr        Decimal(38, 12)        COMMENT 'As of arr, each currency at its rate at T, rounded half to even at the 12th decimal',
    subscription_arr Decimal(38, 12)        COMMENT 'As of arr, each currency at its rate at T, rounded half to even at the 12th decimal',
    arr              Decimal(38, 12)        COMMENT 'usage_arr + subscription_arr'
)
{{end}}AS SELECT
    c.as_of AS as_of,
    c.line AS line,
    CAST({{.Asked}} AS LowCardinality(String)) AS currency,
    sum(c.usage_part) AS usage_arr,
    sum(c.subscription_part) AS subscription_arr,
    sum(c.usage_part) + sum(c.subscription_part) AS arr
FROM
(
    SELECT
        p.as_of AS as_of,
        p.line AS line,
        {{.Converted "p.usage_arr" "f.worth" "a.worth"}} AS usage_part,
        {{.Converted "p.subscription_arr" "f.worth" "a.worth"}} AS subscription_part,
        (p.usage_arr != 0 OR p.subscription_arr != 0) AND (ifNull(f.worth, 0) = 0 OR ifNull(a.worth, 0) = 0) AS missing
    FROM (SELECT v.*, toDateTime64(v.as_of, 6, 'UTC') AS at, {{.Asked}} AS asked FROM {{.DB}}.arr{{.Suffix}} AS v WHERE asked != '') AS p
    ASOF LEFT JOIN {{.Rates}} AS f ON toString(p.currency) = f.currency AND p.at >= f.since
    ASOF LEFT JOIN {{.Rates}} AS a ON p.asked = a.currency AND p.at >= a.since
) AS c
GROUP BY c.as_of, c.line
HAVING max(c.missing) = 0
COMMENT '{{.Only}}Annual recurring revenue over all currencies in one{{if not .Now}}, asked for as arr_in(currency = \'USD\'); columns as_of, line, currency (that asked for), usage_arr, subscription_arr, arr{{end}}: each amount of arr at the exchange rates in force at as_of; no row of a line while one of its amounts has no rate (fx_missing); docs/DEFINITIONS.md F2 to F4'
