-- What was published again of the dead letters. A row is written before a copy is
-- sent and another once it is acknowledged, so that a run that ended between the two
-- is known, and none changes an earlier row.

CREATE TABLE IF NOT EXISTS {{.DB}}.redrive_versions{{.OnCluster}}
(
    topic       LowCardinality(String) COMMENT 'Source topic of the dead letter',
    partition   Int32                  COMMENT 'Source partition of the dead letter',
    `offset`    Int64                  COMMENT 'Offset of the dead letter' CODEC(Delta(8), ZSTD(1)),
    time        DateTime64(6, 'UTC')   COMMENT 'Timestamp of the dead letter, as in dead_letters; another log under the same offsets has others' CODEC(Delta(8), ZSTD(1)),
    account     String                 COMMENT 'Account of its event' CODEC(ZSTD(1)),
    event_time  DateTime64(6, 'UTC')   COMMENT 'Time of its event' CODEC(Delta(8), ZSTD(1)),
    identity    FixedString(16)        COMMENT 'Digest of account, source, id and time of its event, as in the ledgers' CODEC(NONE),
    digest      FixedString(16)        COMMENT 'First 16 bytes of SHA-256 of its payload: a copy of it has the same one' CODEC(NONE),
    to_topic    LowCardinality(String) COMMENT 'Topic that the copy goes to: the one of its type',
    after       Int64                  COMMENT 'End of the log of the partition that the copy goes to, before it was sent: the offset of the copy is not below it' CODEC(ZSTD(1)),
    sent        UInt8                  COMMENT '1 once the copy was acknowledged; 0 before it is sent, or where none is, as its event had been accepted',
    redriven_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When the row was written, by the server clock'
)
ENGINE = {{.Replacing "redriven_at"}}
ORDER BY (topic, partition, `offset`, redriven_at, sent)
SETTINGS {{.Settings}}
COMMENT 'What runrate redrive did, two rows a copy; never changed, only added to; read dead_letters.state instead';
