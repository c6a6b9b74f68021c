CREATE OR REPLACE VIEW {{.DB}}.mrr{{.Suffix}}{{.OnCluster}}
(
    as_of         DateTime('UTC')        COMMENT 'Hour boundary T, UTC; changes with event time before T count',
    line          LowCardinality(String) COMMENT 'Business line',
    plan          LowCardinality(String) COMMENT 'Plan',
    segment       LowCardinality(String) COMMENT 'Customer segment; may be empty',
    region        LowCardinality(String) COMMENT 'Region; may be empty',
    currency      LowCardinality(String) COMMENT 'ISO 4217 code of mrr; never add amounts of different currencies',
    mrr           Decimal(38, 12)        COMMENT 'Monthly recurring revenue in currency units, above 0; two amounts are multiplied and divided by multiplyDecimal, divideDecimal or as Float64: * and / are wrong without an error from 14 digits on',
    subscriptions UInt64                 COMMENT 'Subscriptions with MRR above 0'
)
AS SELECT
    v.as_of AS as_of,
    v.line AS line,
    v.plan AS plan,
    v.segment AS segment,
    v.region AS region,
    v.currency AS currency,
    sum(v.mrr) AS mrr,
    sum(v.subscriptions) AS subscriptions
FROM {{.DB}}.mrr_versions AS v FINAL
WHERE v.epoch = {{.Epoch .Subscriptions}}
  AND v.as_of {{.Hours .Subscriptions}}
GROUP BY v.as_of, v.line, v.plan, v.segment, v.region, v.currency
HAVING sum(v.mrr) > 0
COMMENT '{{.Only}}Monthly recurring revenue, one row per hour boundary passed and key with MRR above 0; docs/DEFINITIONS.md S1 to S4'
