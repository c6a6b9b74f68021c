CREATE OR REPLACE VIEW {{.DB}}.mrr_movements{{.OnCluster}}
(
    time         DateTime64(6, 'UTC')   COMMENT 'Event time of the change, UTC',
    account      String                 COMMENT 'Customer account',
    line         LowCardinality(String) COMMENT 'Business line',
    currency     LowCardinality(String) COMMENT 'ISO 4217 code of amount',
    subscription String                 COMMENT 'Subscription whose change moved the sum',
    movement     LowCardinality(String) COMMENT 'new: from 0, never above 0 before; reactivation: from 0, above 0 before; expansion, contraction: between amounts above 0; churn: to 0. Not those of net_new_arr, which compares two midnights',
    amount       Decimal(38, 12)        COMMENT 'Change of the MRR of the account in the line, in currency units; negative for contraction and churn'
)
AS SELECT
    v.time AS time,
    v.account AS account,
    v.line AS line,
    v.currency AS currency,
    v.subscription AS subscription,
    v.movement AS movement,
    v.amount AS amount
FROM {{.DB}}.mrr_movement_versions AS v FINAL
WHERE v.epoch = {{.Epoch .Subscriptions}}
  AND v.movement != ''
COMMENT 'One row per change of an account''s MRR in a line and currency; amounts before T add up to the MRR as of T; new is not that of net_new_arr: docs/DEFINITIONS.md S5 to S8 and A8'
