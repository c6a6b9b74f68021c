CREATE OR REPLACE VIEW {{.DB}}.retention_30d{{.Suffix}}{{.OnCluster}}
(
    as_of       DateTime('UTC')        COMMENT 'Midnight T, UTC, passed by the clock of both topics; compared with T - {{.NetNewDays}} days',
    line        LowCardinality(String) COMMENT 'Business line; an account that moves from another line is new here, as in net_new_arr',
    currency    LowCardinality(String) COMMENT 'ISO 4217 code of the amounts that the ratios are of',
    nrr         Nullable(Float64)      COMMENT 'Net revenue retention: (opening + expansion + contraction + churn) / opening of net_new_arr; 1 is 100 %; null where opening is 0',
    grr         Nullable(Float64)      COMMENT 'Gross revenue retention: (opening + contraction + churn) / opening; null where opening is 0',
    quick_ratio Nullable(Float64)      COMMENT '(new + expansion + reactivation) / -(contraction + churn); null where nothing was lost'
)
AS SELECT
    n.as_of AS as_of,
    n.line AS line,
    n.currency AS currency,
    {{.Ratio "n.opening + n.expansion + n.contraction + n.churn" "n.opening"}} AS nrr,
    {{.Ratio "n.opening + n.contraction + n.churn" "n.opening"}} AS grr,
    {{.Ratio "n.new + n.expansion + n.reactivation" "-(n.contraction + n.churn)"}} AS quick_ratio
FROM {{.DB}}.net_new_arr{{.Suffix}} AS n
COMMENT '{{.Only}}Retention over {{.NetNewDays}} days, for charts over time, one row per row of net_new_arr; ratios are rounded, amounts never; docs/DEFINITIONS.md A10'
