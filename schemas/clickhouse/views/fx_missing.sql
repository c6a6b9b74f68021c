CREATE OR REPLACE VIEW {{.DB}}.fx_missing{{.Suffix}}{{.OnCluster}}
(
    as_of    DateTime('UTC')        COMMENT 'Hour boundary T, UTC, passed by the clock of both topics',
    line     LowCardinality(String) COMMENT 'Business line',
    currency LowCardinality(String) COMMENT 'ISO 4217 code of a currency that has ARR there and no exchange rate at T: publish a set with one by runrate rates publish'
)
AS SELECT
    p.as_of AS as_of,
    p.line AS line,
    p.currency AS currency
FROM {{.DB}}.arr{{.Suffix}} AS p
ASOF LEFT JOIN {{.Rates}} AS f ON toString(p.currency) = f.currency AND toDateTime64(p.as_of, 6, 'UTC') >= f.since
WHERE (p.usage_arr != 0 OR p.subscription_arr != 0) AND ifNull(f.worth, 0) = 0
COMMENT '{{.Only}}Rows of arr that no exchange rate converts, so that arr_in has no row of that line then; docs/DEFINITIONS.md F4'
