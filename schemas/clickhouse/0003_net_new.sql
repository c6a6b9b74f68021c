-- The bridge from one ARR to the next, of both topics.

CREATE TABLE IF NOT EXISTS {{.DB}}.net_new_arr_versions{{.OnCluster}}
(
    topic        LowCardinality(String) COMMENT 'Source topic, which is the kind of ARR: runrate.usage or runrate.subscriptions',
    epoch        UInt32                 COMMENT 'Logic epoch; views show the current epoch of the topic only',
    partition    Int32                  COMMENT 'Source partition that the total is of',
    as_of        DateTime('UTC')        COMMENT 'Midnight T, compared with T - 30 days' CODEC(Delta(4), ZSTD(1)),
    line         LowCardinality(String) COMMENT 'Business line',
    currency     LowCardinality(String) COMMENT 'ISO 4217 code of the amounts',
    opening      Decimal(38, 12)        COMMENT 'ARR as of T - 30 days, in currency units' CODEC(ZSTD(1)),
    new          Decimal(38, 12)        COMMENT 'From accounts whose first midnight above 0 is after T - 30 days' CODEC(ZSTD(1)),
    expansion    Decimal(38, 12)        COMMENT 'Rise of accounts that were above 0' CODEC(ZSTD(1)),
    reactivation Decimal(38, 12)        COMMENT 'From accounts not above 0 at T - 30 days that were above 0 before' CODEC(ZSTD(1)),
    contraction  Decimal(38, 12)        COMMENT 'Fall of accounts that stay above 0; negative' CODEC(ZSTD(1)),
    churn        Decimal(38, 12)        COMMENT 'From accounts that fell to 0 or below; negative' CODEC(ZSTD(1)),
    closing      Decimal(38, 12)        COMMENT 'ARR as of T, in currency units' CODEC(ZSTD(1)),
    accounts     UInt64                 COMMENT 'Accounts with anything as of T or T - 30 days; 0 hides a row that late events emptied' CODEC(ZSTD(1)),
    version      UInt64                 COMMENT 'Offset of the last record that changed the row' CODEC(Delta(8), ZSTD(1))
)
ENGINE = {{.Replacing "version"}}
PARTITION BY (topic, epoch, toYYYYMM(as_of))
ORDER BY (topic, epoch, as_of, line, currency, partition)
SETTINGS {{.Settings}}
COMMENT 'Movements of ARR over 30 days, a row per source partition and version; read net_new_arr instead';
