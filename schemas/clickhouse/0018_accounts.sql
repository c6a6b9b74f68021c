-- What each account used by day, and since when it has ARR: what the views by account are
-- made of.

CREATE TABLE IF NOT EXISTS {{.DB}}.account_day_versions{{.OnCluster}}
(
    epoch     UInt32                 COMMENT 'Logic epoch; views show the current epoch of the topic only',
    partition Int32                  COMMENT 'Source partition of runrate.usage; an account lives on one',
    account   String                 COMMENT 'Customer account' CODEC(ZSTD(1)),
    line      LowCardinality(String) COMMENT 'Business line',
    currency  LowCardinality(String) COMMENT 'ISO 4217 code of the amounts',
    day       Date                   COMMENT 'Day of event time, UTC, that the clock of the partition has passed the end of' CODEC(Delta(2), ZSTD(1)),
    revenue   Decimal(38, 12)        COMMENT 'Usage revenue and adjustments of the day, in currency units' CODEC(ZSTD(1)),
    one_off   Decimal(38, 12)        COMMENT 'Of revenue, adjustments that are not made annual' CODEC(ZSTD(1)),
    cost      Decimal(38, 12)        COMMENT 'Cost of the day, in currency units' CODEC(ZSTD(1)),
    events    UInt64                 COMMENT 'Accepted usage.recorded events of the day' CODEC(ZSTD(1)),
    version   UInt64                 COMMENT 'Offset of the last record that changed the row' CODEC(Delta(8), ZSTD(1))
)
ENGINE = {{.Replacing "version"}}
PARTITION BY (epoch, toYYYYMM(day))
ORDER BY (epoch, account, line, currency, day)
SETTINGS {{.Settings}}
COMMENT 'Usage of each account by day, a row per version; read account_daily instead';

CREATE TABLE IF NOT EXISTS {{.DB}}.account_first_versions{{.OnCluster}}
(
    topic     LowCardinality(String) COMMENT 'Source topic, which is the kind of ARR: runrate.usage or runrate.subscriptions',
    epoch     UInt32                 COMMENT 'Logic epoch; views show the current epoch of the topic only',
    partition Int32                  COMMENT 'Source partition; an account lives on one of each topic',
    account   String                 COMMENT 'Customer account' CODEC(ZSTD(1)),
    line      LowCardinality(String) COMMENT 'Business line',
    currency  LowCardinality(String) COMMENT 'ISO 4217 code of the amounts',
    first     Date                   COMMENT 'First midnight T, UTC, as of which the ARR of the account of this kind is above 0; 1970-01-01 hides one that late events took back',
    version   UInt64                 COMMENT 'Offset of the last record that changed the row' CODEC(Delta(8), ZSTD(1))
)
ENGINE = {{.Replacing "version"}}
PARTITION BY (topic, epoch)
ORDER BY (topic, epoch, account, line, currency)
SETTINGS {{.Settings}}
COMMENT 'Since when accounts have ARR, a row per version; read arr_bridge, retention, cohorts instead';
