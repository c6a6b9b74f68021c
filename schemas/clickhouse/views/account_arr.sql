CREATE OR REPLACE VIEW {{.DB}}.account_arr{{.Suffix}}{{.OnCluster}}
{{if .Now}}(
    account          String                 COMMENT 'Customer account',
    line             LowCardinality(String) COMMENT 'Business line',
    currency         LowCardinality(String) COMMENT 'ISO 4217 code of the amounts; never add amounts of different currencies',
    usage_arr        Decimal(38, 12)        COMMENT 'Usage revenue of the account, less one-off adjustments, of the window of the view definitions ({{.DefaultARR.WindowDays}} days) x its multiplier ({{.DefaultARR.Multiplier}}), in currency units a year; 0 if there is none',
    subscription_arr Decimal(38, 12)        COMMENT '12 x MRR of the account, in currency units a year; 0 if there is none',
    arr              Decimal(38, 12)        COMMENT 'usage_arr + subscription_arr; two amounts are multiplied and divided by multiplyDecimal, divideDecimal or as Float64: * and / are wrong without an error from 14 digits on'
)
{{end}}AS {{.With false}} SELECT
    w.account AS account,
    w.line AS line,
    w.currency AS currency,
    sumIf(w.worth, w.kind = 'usage') AS usage_arr,
    sumIf(w.worth, w.kind = 'subscription') AS subscription_arr,
    sum(w.worth) AS arr
FROM {{.Worth "[as_of_day]"}} AS w
GROUP BY w.account, w.line, w.currency
HAVING usage_arr != 0 OR subscription_arr != 0
COMMENT '{{.Only}}ARR by account, line and currency{{if not .Now}} as of a midnight passed, asked for as account_arr(as_of = \'2026-11-24\'); columns account, line, currency, usage_arr, subscription_arr, arr{{end}}: rows not all 0, whose sums by line and currency are the view arr; docs/DEFINITIONS.md A12'
