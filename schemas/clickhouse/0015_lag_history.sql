-- What runrate monitor read of the partitions and said of them, a row per reading. A
-- monitor that begins goes on from the last ones, and so does runrate lag.

CREATE TABLE IF NOT EXISTS {{.DB}}.lag_history{{.OnCluster}}
(
    at               DateTime64(3, 'UTC')           COMMENT 'When it was read, UTC, by the clock of the monitor' CODEC(Delta(8), ZSTD(1)),
    topic            LowCardinality(String)         COMMENT 'Source topic',
    partition        Int32                          COMMENT 'Source partition' CODEC(Delta(4), ZSTD(1)),
    monitor          LowCardinality(String)         COMMENT 'Which monitor read it: host and process; there may be several',
    kafka_topic      LowCardinality(String)         COMMENT 'Name of the topic in Kafka',
    consumer_group   LowCardinality(String)         COMMENT 'Consumer group that folds the topic',
    status           LowCardinality(String)         COMMENT 'What the monitor said: idle, ok, behind, rewound, stalled, stopped, halted, lost or unknown',
    since            DateTime64(3, 'UTC')           COMMENT 'Since when it said so, UTC' CODEC(Delta(8), ZSTD(1)),
    reason           LowCardinality(String)         COMMENT 'Why, in a word; empty where all is well',
    sentence         String                         COMMENT 'Why, in a sentence with numbers' CODEC(ZSTD(1)),
    log_start        Nullable(Int64)                COMMENT 'Offset that the log begins with; null if it could not be read' CODEC(ZSTD(1)),
    committed        Nullable(Int64)                COMMENT 'Next offset that the group has committed; null if none is, or it could not be read' CODEC(ZSTD(1)),
    log_end          Nullable(Int64)                COMMENT 'Last stable offset of the log; null if it could not be read' CODEC(ZSTD(1)),
    lag              Nullable(Int64)                COMMENT 'log_end - committed; below 0 is trouble; null if unknown' CODEC(ZSTD(1)),
    lag_seconds      Nullable(Float64)              COMMENT 'For how long at least the record that is due has been in the log; null if unknown' CODEC(ZSTD(1)),
    clock            Nullable(DateTime64(6, 'UTC')) COMMENT 'Clock of the partition, UTC; null if unknown, or before the first tick' CODEC(ZSTD(1)),
    catch_up_seconds Nullable(Float64)              COMMENT 'Of behind: until it has caught up; null while it does not gain' CODEC(ZSTD(1)),
    changed          UInt8                          COMMENT '1 if the status is another than in the reading before, else 0',
    owner            LowCardinality(String)         COMMENT 'Whether a member of the group had the partition: owned, unowned; unknown while the group rebalanced or could not be asked',
    rebalancing      UInt8                          COMMENT '1 while the group rebalanced, else 0',
    generation       Int64                          COMMENT 'Another number for other members, or other partitions of theirs' CODEC(ZSTD(1)),
    folded           UInt8                          COMMENT '1 if rows of the partition were known to exist, else 0',
    spoke            UInt8                          COMMENT '1 if its consumer had said something in the past minute, else 0',
    halted           LowCardinality(String)         COMMENT 'Why its consumer said that it is halted, in a word; else empty'
)
ENGINE = {{.Replacing "at"}}
PARTITION BY toYYYYMMDD(at)
ORDER BY (at, topic, partition, monitor)
TTL toDateTime(at) + INTERVAL 1 DAY DELETE WHERE changed = 0 AND toSecond(at) >= 5,
    toDateTime(at) + INTERVAL 30 DAY DELETE
SETTINGS {{.Settings}}
COMMENT 'How each partition did, every five seconds, and after a day every minute and where the status changed; deleted after 30 days; docs/DEFINITIONS.md V12'
