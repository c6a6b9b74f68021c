CREATE OR REPLACE VIEW {{.DB}}.arr_as_known{{.Suffix}}{{.OnCluster}}
{{if .Now}}(
    line             LowCardinality(String) COMMENT 'Business line',
    currency         LowCardinality(String) COMMENT 'ISO 4217 code of the amounts; never add amounts of different currencies',
    usage_arr        Decimal(38, 12)        COMMENT 'usage_arr of arr as of the midnight, by the events folded before the clock of their partition passed known_on; here by all',
    subscription_arr Decimal(38, 12)        COMMENT 'subscription_arr of arr as of the midnight, by the events folded before then',
    arr              Decimal(38, 12)        COMMENT 'usage_arr + subscription_arr'
)
{{end}}AS SELECT
    p.line AS line,
    p.currency AS currency,
    sum(p.usage_part) AS usage_arr,
    sum(p.subscription_part) AS subscription_arr,
    sum(p.usage_part) + sum(p.subscription_part) AS arr
FROM
(
    SELECT a.line AS line, a.currency AS currency, a.usage_arr AS usage_part, a.subscription_arr AS subscription_part, 1 AS shown
    FROM {{.DB}}.arr AS a
    WHERE a.as_of = toDateTime({{.Midnight}}, 'UTC')
    UNION ALL
    SELECT l.line, l.currency, if(l.kind = 'usage', -l.worth, toDecimal128(0, 12)), if(l.kind = 'usage', toDecimal128(0, 12), -l.worth), 0
    FROM {{.Late}} AS l
    WHERE l.folded >= {{.KnownOn}}
      AND l.day < {{.Midnight}}
      AND l.until >= {{.Midnight}}
) AS p
GROUP BY p.line, p.currency
HAVING max(p.shown) = 1 OR usage_arr != 0 OR subscription_arr != 0
COMMENT '{{.Only}}ARR as of a midnight passed{{if not .Now}} as it was known at another, asked for as arr_as_known(as_of = \'2026-11-24\', known_on = \'2026-11-26\'); columns line, currency, usage_arr, subscription_arr, arr{{end}}: without what late events folded from known_on on have changed; with known_on after the clock it is arr; docs/DEFINITIONS.md A16'
