CREATE OR REPLACE VIEW {{.DB}}.subscriptions{{.OnCluster}}
(
    subscription String                 COMMENT 'Subscription id, unique within the account',
    account      String                 COMMENT 'Customer account',
    line         LowCardinality(String) COMMENT 'Business line',
    plan         LowCardinality(String) COMMENT 'Plan',
    status       LowCardinality(String) COMMENT 'trialing, active, past_due, paused, unpaid or canceled',
    segment      LowCardinality(String) COMMENT 'Customer segment; may be empty',
    region       LowCardinality(String) COMMENT 'Region; may be empty',
    currency     LowCardinality(String) COMMENT 'ISO 4217 code of mrr',
    mrr          Decimal(38, 12)        COMMENT 'Monthly recurring revenue in currency units, after discount; 0 in a status that does not count (view definitions; active and past_due do by default)',
    since        DateTime64(6, 'UTC')   COMMENT 'Event time of the latest change, UTC'
)
AS SELECT
    v.subscription AS subscription,
    v.account AS account,
    v.line AS line,
    v.plan AS plan,
    v.status AS status,
    v.segment AS segment,
    v.region AS region,
    v.currency AS currency,
    v.mrr AS mrr,
    v.since AS since
FROM {{.DB}}.subscription_versions AS v FINAL
WHERE v.epoch = {{.Epoch .Subscriptions}}
COMMENT 'One row per account and subscription, as it is now'
