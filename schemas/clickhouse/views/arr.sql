CREATE OR REPLACE VIEW {{.DB}}.arr{{.Suffix}}{{.OnCluster}}
(
    as_of            DateTime('UTC')        COMMENT 'Hour boundary T, UTC, passed by the clock of both topics',
    line             LowCardinality(String) COMMENT 'Business line',
    currency         LowCardinality(String) COMMENT 'ISO 4217 code of the amounts; never add amounts of different currencies',
    usage_arr        Decimal(38, 12)        COMMENT 'Usage revenue, less one-off adjustments, of the window of the view definitions ({{.DefaultARR.WindowDays}} days) x its multiplier ({{.DefaultARR.Multiplier}}), in currency units a year; 0 if there is none',
    subscription_arr Decimal(38, 12)        COMMENT '12 x MRR, in currency units a year; 0 if there is none',
    arr              Decimal(38, 12)        COMMENT 'usage_arr + subscription_arr; two amounts are multiplied and divided by multiplyDecimal, divideDecimal or as Float64: * and / are wrong without an error from 14 digits on'
)
AS SELECT
    p.as_of AS as_of,
    p.line AS line,
    p.currency AS currency,
    sum(p.usage_part) AS usage_arr,
    sum(p.subscription_part) AS subscription_arr,
    sum(p.usage_part) + sum(p.subscription_part) AS arr
FROM
(
    SELECT
        u.as_of AS as_of,
        u.line AS line,
        u.currency AS currency,
        (u.revenue - u.one_off) * (SELECT d.arr_multiplier FROM {{.DB}}.definitions AS d) AS usage_part,
        toDecimal128(0, 12) AS subscription_part
    FROM {{.DB}}.rolling_revenue_versions AS u FINAL
    WHERE u.epoch = {{.Epoch .Usage}}
      AND u.`window` = (SELECT concat(toString(d.arr_window_days), 'd') FROM {{.DB}}.definitions AS d)
      AND u.as_of {{.Hours .Usage .Subscriptions}}
    UNION ALL
    SELECT
        s.as_of AS as_of,
        s.line AS line,
        s.currency AS currency,
        toDecimal128(0, 12) AS usage_part,
        s.mrr * 12 AS subscription_part
    FROM {{.DB}}.mrr_versions AS s FINAL
    WHERE s.epoch = {{.Epoch .Subscriptions}}
      AND s.mrr > 0
      AND s.as_of {{.Hours .Usage .Subscriptions}}
) AS p
GROUP BY p.as_of, p.line, p.currency
COMMENT '{{.Only}}Annual recurring revenue, one row per hour boundary passed, line and currency with usage in the window or MRR above 0; usage_arr by the view definitions; docs/DEFINITIONS.md A1 to A4'
