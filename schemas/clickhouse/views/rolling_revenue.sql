CREATE OR REPLACE VIEW {{.DB}}.rolling_revenue{{.Suffix}}{{.OnCluster}}
(
    as_of    DateTime('UTC')        COMMENT 'End T of the window, an hour boundary, UTC: event time in [T - window, T)',
    `window` LowCardinality(String) COMMENT 'Length of the window: {{.RollingWindows}}; filter on it, windows overlap',
    line     LowCardinality(String) COMMENT 'Business line',
    product  LowCardinality(String) COMMENT 'Product',
    segment  LowCardinality(String) COMMENT 'Customer segment; may be empty',
    region   LowCardinality(String) COMMENT 'Region; may be empty',
    currency LowCardinality(String) COMMENT 'ISO 4217 code of revenue and cost; never add amounts of different currencies',
    revenue  Decimal(38, 12)        COMMENT 'Usage revenue and adjustments of the window, in currency units; two amounts are multiplied and divided by multiplyDecimal, divideDecimal or as Float64: * and / are wrong without an error from 14 digits on',
    cost     Decimal(38, 12)        COMMENT 'Cost of the window, in currency units',
    events   UInt64                 COMMENT 'Accepted usage.recorded events in the window'
)
AS SELECT
    v.as_of AS as_of,
    v.`window` AS `window`,
    v.line AS line,
    v.product AS product,
    v.segment AS segment,
    v.region AS region,
    v.currency AS currency,
    sum(v.revenue) AS revenue,
    sum(v.cost) AS cost,
    sum(v.events) AS events
FROM {{.DB}}.rolling_revenue_versions AS v FINAL
WHERE v.epoch = {{.Epoch .Usage}}
  AND v.as_of {{.Hours .Usage}}
GROUP BY v.as_of, v.`window`, v.line, v.product, v.segment, v.region, v.currency
COMMENT '{{.Only}}Usage revenue of rolling windows, one row per hour boundary passed, window and key with an event in it; late events amend it; docs/DEFINITIONS.md W3 to W7'
