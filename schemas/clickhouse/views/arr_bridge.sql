CREATE OR REPLACE VIEW {{.DB}}.arr_bridge{{.Suffix}}{{.OnCluster}}
{{if .Now}}(
    account  String                 COMMENT 'Customer account',
    line     LowCardinality(String) COMMENT 'Business line',
    currency LowCardinality(String) COMMENT 'ISO 4217 code of the amounts; never add amounts of different currencies',
    kind     LowCardinality(String) COMMENT 'usage or subscription: an account that comes to use what it subscribes to is new of the kind usage',
    before   Decimal(38, 12)        COMMENT 'ARR of the account as of T - {{.NetNewDays}} days, in currency units a year',
    now      Decimal(38, 12)        COMMENT 'ARR of the account as of T, in currency units a year',
    movement LowCardinality(String) COMMENT 'new, expansion, reactivation, contraction or churn, as in net_new_arr; unchanged where amount is 0',
    amount   Decimal(38, 12)        COMMENT 'now - before; two amounts are multiplied and divided by multiplyDecimal, divideDecimal or as Float64: * and / are wrong without an error from 14 digits on'
)
{{end}}AS {{.With true}} SELECT
    p.account AS account,
    p.line AS line,
    p.currency AS currency,
    CAST(p.kind AS LowCardinality(String)) AS kind,
    p.before AS before,
    p.now AS now,
    CAST({{.Movement "p.before" "p.now" "p.first"}} AS LowCardinality(String)) AS movement,
    p.now - p.before AS amount
FROM {{.Parts}} AS p
COMMENT '{{.Only}}What each account, line, currency and kind adds to the ARR between T - {{if .Now}}{{.NetNewDays}} days and T{{else}}days and T, asked for as arr_bridge(as_of = \'2026-11-24\', days = 30); columns account, line, currency, kind, before, now, movement, amount{{end}}: over {{.NetNewDays}} days the sums by movement are net_new_arr; docs/DEFINITIONS.md A13'
