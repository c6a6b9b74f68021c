CREATE OR REPLACE VIEW {{.DB}}.account_daily{{.OnCluster}}
(
    account  String                 COMMENT 'Customer account',
    line     LowCardinality(String) COMMENT 'Business line',
    currency LowCardinality(String) COMMENT 'ISO 4217 code of the amounts; never add amounts of different currencies',
    day      Date                   COMMENT 'Day of event time, UTC, closed: the clock of the usage topic has passed its end; late events amend it',
    revenue  Decimal(38, 12)        COMMENT 'Usage revenue and adjustments of the account on that day, in currency units; two amounts are multiplied and divided by multiplyDecimal, divideDecimal or as Float64: * and / are wrong without an error from 14 digits on',
    one_off  Decimal(38, 12)        COMMENT 'Of revenue, adjustments that are one-off, which are not made annual',
    cost     Decimal(38, 12)        COMMENT 'Cost of the account on that day, in currency units',
    events   UInt64                 COMMENT 'Accepted usage.recorded events of the account on that day'
)
AS SELECT
    v.account AS account,
    v.line AS line,
    v.currency AS currency,
    v.day AS day,
    v.revenue AS revenue,
    v.one_off AS one_off,
    v.cost AS cost,
    v.events AS events
FROM {{.DB}}.account_day_versions AS v FINAL
WHERE v.epoch = {{.Epoch .Usage}}
  AND v.day < toDate({{.Passed .Usage}})
COMMENT 'Usage of each account by closed day, line and currency, one row where it has any accepted usage or adjustment event; docs/DEFINITIONS.md A11'
