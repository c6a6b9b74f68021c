-- Accepted usage and what is added up from it.

-- The sort key has the hour and not the time: with both, ClickHouse would match a
-- filter on time with the latter, which comes too late in the key to prune. It has
-- the identity, which stands for source, id and time; and the partition, so that a
-- worker that comes back reads its own rows and not everybody's.

CREATE TABLE IF NOT EXISTS {{.DB}}.usage_event_versions{{.OnCluster}}
(
    epoch      UInt32                          COMMENT 'Logic epoch: which build of the fold wrote the row; views show the current epoch of the topic only',
    partition  Int32                           COMMENT 'Source partition of runrate.usage; a function of the account',
    account    String                          COMMENT 'Customer account: the CloudEvents subject and the record key' CODEC(ZSTD(1)),
    time       DateTime64(6, 'UTC')            COMMENT 'Event time, UTC, to the microsecond; 1970-01-01 to 2100-01-01' CODEC(Delta(8), ZSTD(1)),
    line       LowCardinality(String)          COMMENT 'Business line that the price book gives the product',
    product    LowCardinality(String)          COMMENT 'Product as the event names it',
    segment    LowCardinality(String)          COMMENT 'Customer segment; empty if the event has none',
    region     LowCardinality(String)          COMMENT 'Region; empty if the event has none',
    currency   LowCardinality(String)          COMMENT 'ISO 4217 code: the currency of the price book, or of the adjustment',
    quantities Map(LowCardinality(String), UInt64) COMMENT 'Meter to count, each 0..2^53; empty for an adjustment' CODEC(ZSTD(1)),
    revenue    Decimal(38, 12)                 COMMENT 'Revenue in currency units, after discount, sum over the meters; signed for an adjustment; magnitude below 10^15' CODEC(ZSTD(1)),
    cost       Decimal(38, 12)                 COMMENT 'Cost in currency units, sum over the meters; 0 for an adjustment' CODEC(ZSTD(1)),
    source     String                          COMMENT 'CloudEvents source' CODEC(ZSTD(1)),
    id         String                          COMMENT 'CloudEvents id, unique within account, source and time' CODEC(ZSTD(1)),
    type       LowCardinality(String)          COMMENT 'CloudEvents type: usage.recorded or adjustment.recorded',
    identity   FixedString(16)                 COMMENT 'Digest of account, source, id and time, by which a retried event is known again',
    version    UInt64                          COMMENT 'Offset of the record that was accepted' CODEC(Delta(8), ZSTD(1)),
    INDEX by_account account TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = {{.Replacing "version"}}
PARTITION BY (epoch, toYYYYMM(time))
ORDER BY (epoch, toStartOfHour(time), partition, account, identity)
SETTINGS {{.Settings}}
COMMENT 'Accepted usage and adjustment events, a row per event and version; read usage_events instead';

CREATE TABLE IF NOT EXISTS {{.DB}}.usage_hour_versions{{.OnCluster}}
(
    epoch     UInt32                 COMMENT 'Logic epoch; views show the current epoch of the topic only',
    partition Int32                  COMMENT 'Source partition of runrate.usage that the total is of',
    hour      DateTime('UTC')        COMMENT 'Start of the hour pane: event time in [hour, hour + 1h)' CODEC(Delta(4), ZSTD(1)),
    line      LowCardinality(String) COMMENT 'Business line',
    product   LowCardinality(String) COMMENT 'Product',
    segment   LowCardinality(String) COMMENT 'Customer segment; may be empty',
    region    LowCardinality(String) COMMENT 'Region; may be empty',
    currency  LowCardinality(String) COMMENT 'ISO 4217 code of revenue and cost',
    revenue   Decimal(38, 12)        COMMENT 'Revenue of the pane in currency units' CODEC(ZSTD(1)),
    cost      Decimal(38, 12)        COMMENT 'Cost of the pane in currency units' CODEC(ZSTD(1)),
    events    UInt64                 COMMENT 'Accepted usage.recorded events in the pane' CODEC(ZSTD(1)),
    version   UInt64                 COMMENT 'Offset of the last record that changed the row' CODEC(Delta(8), ZSTD(1))
)
ENGINE = {{.Replacing "version"}}
PARTITION BY (epoch, toYYYYMM(hour))
ORDER BY (epoch, hour, line, product, segment, region, currency, partition)
SETTINGS {{.Settings}}
COMMENT 'Hourly usage totals, a row per source partition and version; read usage_hourly instead';

CREATE TABLE IF NOT EXISTS {{.DB}}.rolling_revenue_versions{{.OnCluster}}
(
    epoch     UInt32                 COMMENT 'Logic epoch; views show the current epoch of the topic only',
    partition Int32                  COMMENT 'Source partition of runrate.usage that the total is of',
    as_of     DateTime('UTC')        COMMENT 'End T of the window, an hour boundary: event time in [T - window, T)' CODEC(Delta(4), ZSTD(1)),
    `window`  LowCardinality(String) COMMENT 'Length of the window: 1h, 24h, 7d, 28d, 30d, 90d or 365d',
    line      LowCardinality(String) COMMENT 'Business line',
    product   LowCardinality(String) COMMENT 'Product',
    segment   LowCardinality(String) COMMENT 'Customer segment; may be empty',
    region    LowCardinality(String) COMMENT 'Region; may be empty',
    currency  LowCardinality(String) COMMENT 'ISO 4217 code of revenue and cost',
    revenue   Decimal(38, 12)        COMMENT 'Revenue of the window in currency units' CODEC(ZSTD(1)),
    cost      Decimal(38, 12)        COMMENT 'Cost of the window in currency units' CODEC(ZSTD(1)),
    events    UInt64                 COMMENT 'Accepted usage.recorded events in the window' CODEC(ZSTD(1)),
    version   UInt64                 COMMENT 'Offset of the last record that changed the row' CODEC(Delta(8), ZSTD(1))
)
ENGINE = {{.Replacing "version"}}
PARTITION BY (epoch, toYYYYMM(as_of))
ORDER BY (epoch, `window`, as_of, line, product, segment, region, currency, partition)
SETTINGS {{.Settings}}
COMMENT 'Rolling usage totals, a row per source partition and version; read rolling_revenue instead';

CREATE TABLE IF NOT EXISTS {{.DB}}.active_account_versions{{.OnCluster}}
(
    epoch     UInt32                 COMMENT 'Logic epoch; views show the current epoch of the topic only',
    partition Int32                  COMMENT 'Source partition of runrate.usage; an account lives on one, so counts add up over partitions',
    as_of     DateTime('UTC')        COMMENT 'End T of the window, a midnight: event time in [T - window, T)' CODEC(Delta(4), ZSTD(1)),
    `window`  LowCardinality(String) COMMENT 'Length of the window: 1d, 7d, 28d or 90d',
    line      LowCardinality(String) COMMENT 'Business line; * is all lines together',
    accounts  UInt64                 COMMENT 'Distinct accounts with an accepted usage.recorded event in the window' CODEC(ZSTD(1)),
    version   UInt64                 COMMENT 'Offset of the last record that changed the row' CODEC(Delta(8), ZSTD(1))
)
ENGINE = {{.Replacing "version"}}
PARTITION BY (epoch, toYYYYMM(as_of))
ORDER BY (epoch, `window`, as_of, line, partition)
SETTINGS {{.Settings}}
COMMENT 'Active account counts, a row per source partition and version; read active_accounts instead';
