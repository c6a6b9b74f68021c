CREATE OR REPLACE VIEW {{.DB}}.losses{{.OnCluster}}
(
    topic       LowCardinality(String) COMMENT 'Source topic',
    partition   Int32                  COMMENT 'Source partition',
    from_offset Int64                  COMMENT 'Offset of the first record that is lost',
    to_offset   Int64                  COMMENT 'Offset after the last record that is lost',
    records     UInt64                 COMMENT 'How many are lost: to_offset - from_offset; they add up to lost in accounting once the partition has gone on',
    reason      String                 COMMENT 'Why the loss was accepted',
    accepted_at DateTime64(6, 'UTC')   COMMENT 'When it was accepted, UTC, by the server clock'
)
AS SELECT
    v.topic AS topic,
    v.partition AS partition,
    v.from_offset AS from_offset,
    v.to_offset AS to_offset,
    toUInt64(v.to_offset - v.from_offset) AS records,
    v.reason AS reason,
    v.at AS accepted_at
FROM {{.DB}}.epoch_gaps AS v FINAL
WHERE (v.topic, v.epoch) IN (('{{.Usage}}', {{.Epoch .Usage}}), ('{{.Subscriptions}}', {{.Epoch .Subscriptions}}))
COMMENT 'Records that the log has lost and that were given up, one row per accepted gap; docs/DEFINITIONS.md V16'
