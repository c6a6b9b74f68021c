CREATE OR REPLACE VIEW {{.DB}}.net_new_arr{{.Suffix}}{{.OnCluster}}
(
    as_of        DateTime('UTC')        COMMENT 'Midnight T, UTC, passed by the clock of both topics; compared with T - {{.NetNewDays}} days',
    line         LowCardinality(String) COMMENT 'Business line',
    currency     LowCardinality(String) COMMENT 'ISO 4217 code of the amounts; never add amounts of different currencies',
    opening      Decimal(38, 12)        COMMENT 'ARR as of T - {{.NetNewDays}} days, in currency units a year',
    new          Decimal(38, 12)        COMMENT 'From accounts whose ARR of the kind was first above 0 after T - {{.NetNewDays}} days; who came and went since is not in it, unlike in mrr_movements',
    expansion    Decimal(38, 12)        COMMENT 'Rise of accounts that were above 0; changes that stay at or below 0, too, by their sign',
    reactivation Decimal(38, 12)        COMMENT 'From accounts at or below 0 at T - {{.NetNewDays}} days that had been above 0 before; who left and came back since counts by the difference alone, unlike in mrr_movements',
    contraction  Decimal(38, 12)        COMMENT 'Fall of accounts, but not to 0; negative',
    churn        Decimal(38, 12)        COMMENT 'From accounts that fell from above 0 to 0 or below; negative',
    closing      Decimal(38, 12)        COMMENT 'ARR as of T: the same as in the view arr; two amounts are multiplied and divided by multiplyDecimal, divideDecimal or as Float64: * and / are wrong without an error from 14 digits on',
    net_new      Decimal(38, 12)        COMMENT 'closing - opening = new + expansion + reactivation + contraction + churn'
)
AS SELECT
    v.as_of AS as_of,
    v.line AS line,
    v.currency AS currency,
    sum(v.opening) AS opening,
    sum(v.new) AS new,
    sum(v.expansion) AS expansion,
    sum(v.reactivation) AS reactivation,
    sum(v.contraction) AS contraction,
    sum(v.churn) AS churn,
    sum(v.closing) AS closing,
    sum(v.closing) - sum(v.opening) AS net_new
FROM {{.DB}}.net_new_arr_versions AS v FINAL
WHERE (v.topic, v.epoch) IN (('{{.Usage}}', {{.Epoch .Usage}}), ('{{.Subscriptions}}', {{.Epoch .Subscriptions}}))
  AND v.accounts > 0
  AND v.as_of {{.Midnights .Usage .Subscriptions}}
GROUP BY v.as_of, v.line, v.currency
COMMENT '{{.Only}}Bridge from the ARR of {{.NetNewDays}} days ago to the ARR now, usage and subscriptions together, one row per midnight passed, line and currency; rows overlap; docs/DEFINITIONS.md A5 to A9'
