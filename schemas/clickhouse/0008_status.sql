-- What consumers say of their partitions. Progress tells how far a partition is; it
-- cannot tell why it stands still.

CREATE TABLE IF NOT EXISTS {{.DB}}.partition_status_versions{{.OnCluster}}
(
    topic     LowCardinality(String) COMMENT 'Source topic',
    partition Int32                  COMMENT 'Source partition',
    epoch     UInt32                 COMMENT 'Logic epoch that the consumer folds',
    status    LowCardinality(String) COMMENT 'ok, stalled or halted',
    reason    LowCardinality(String) COMMENT 'Of halted: in a word',
    detail    String                 COMMENT 'Of stalled and halted: the cause, and of halted the way out' CODEC(ZSTD(1)),
    since     DateTime64(6, 'UTC')   COMMENT 'Since when that is so, by the clock of the consumer',
    said_at   DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When it was said, by the server clock; consumers say it every ten seconds'
)
ENGINE = {{.Replacing "said_at"}}
ORDER BY (topic, partition, epoch)
SETTINGS {{.Settings}}
COMMENT 'What the consumer of a partition said last; read freshness instead';
