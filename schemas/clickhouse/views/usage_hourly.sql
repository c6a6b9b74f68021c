CREATE OR REPLACE VIEW {{.DB}}.usage_hourly{{.OnCluster}}
(
    hour     DateTime('UTC')        COMMENT 'Start of the hour pane, UTC: event time in [hour, hour + 1h)',
    line     LowCardinality(String) COMMENT 'Business line',
    product  LowCardinality(String) COMMENT 'Product',
    segment  LowCardinality(String) COMMENT 'Customer segment; may be empty',
    region   LowCardinality(String) COMMENT 'Region; may be empty',
    currency LowCardinality(String) COMMENT 'ISO 4217 code of revenue and cost; never add amounts of different currencies',
    revenue  Decimal(38, 12)        COMMENT 'Usage revenue and adjustments of the pane, in currency units; two amounts are multiplied and divided by multiplyDecimal, divideDecimal or as Float64: * and / are wrong without an error from 14 digits on',
    cost     Decimal(38, 12)        COMMENT 'Cost of the pane, in currency units',
    events   UInt64                 COMMENT 'Accepted usage.recorded events in the pane'
)
AS SELECT
    v.hour AS hour,
    v.line AS line,
    v.product AS product,
    v.segment AS segment,
    v.region AS region,
    v.currency AS currency,
    sum(v.revenue) AS revenue,
    sum(v.cost) AS cost,
    sum(v.events) AS events
FROM {{.DB}}.usage_hour_versions AS v FINAL
WHERE v.epoch = {{.Epoch .Usage}}
GROUP BY v.hour, v.line, v.product, v.segment, v.region, v.currency
COMMENT 'One row per hour and key with an accepted usage or adjustment event; the running hour grows, past ones are amended by late events'
