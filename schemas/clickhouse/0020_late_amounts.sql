-- What late events added, by the day of the clock on which they were folded: what is known of
-- a midnight less this is what was known of it before.

CREATE TABLE IF NOT EXISTS {{.DB}}.late_amount_versions{{.OnCluster}}
(
    topic     LowCardinality(String) COMMENT 'Source topic, which is the kind of ARR: runrate.usage or runrate.subscriptions',
    epoch     UInt32                 COMMENT 'Logic epoch; views show the current epoch of the topic only',
    partition Int32                  COMMENT 'Source partition that the sum is of',
    line      LowCardinality(String) COMMENT 'Business line',
    currency  LowCardinality(String) COMMENT 'ISO 4217 code of amount',
    day       Date                   COMMENT 'Day of event time, UTC, whose end the clock had passed when the events were folded' CODEC(Delta(2), ZSTD(1)),
    folded    Date                   COMMENT 'Day of the clock of the partition when they were folded, UTC; after day' CODEC(Delta(2), ZSTD(1)),
    amount    Decimal(38, 12)        COMMENT 'Of usage, revenue without one-off adjustments; of subscriptions, the change of MRR on day; in currency units' CODEC(ZSTD(1)),
    version   UInt64                 COMMENT 'Offset of the last record that changed the row' CODEC(Delta(8), ZSTD(1))
)
ENGINE = {{.Replacing "version"}}
PARTITION BY (topic, epoch, toYYYYMM(folded))
ORDER BY (topic, epoch, folded, day, line, currency, partition)
SETTINGS {{.Settings}}
COMMENT 'What late events added to ARR, a row per source partition and version; read arr_as_known and restatements instead';
