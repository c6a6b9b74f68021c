CREATE OR REPLACE VIEW {{.DB}}.freshness{{.OnCluster}}
(
    topic       LowCardinality(String) COMMENT 'Source topic',
    partition   Int32                  COMMENT 'Source partition',
    clock       DateTime64(6, 'UTC')   COMMENT 'Clock of the partition, UTC: its highest tick; 1970-01-01 before the first. In live use about now: behind it, rows come late; ahead of it, a tick was wrong. A view shows an as_of once the lowest clock of the topic has reached it',
    next_offset Int64                  COMMENT 'Offset after the last record folded and written',
    written_at  DateTime64(6, 'UTC')   COMMENT 'When that was written, UTC, by the server clock'
)
AS SELECT
    v.topic AS topic,
    v.partition AS partition,
    v.clock AS clock,
    v.next_offset AS next_offset,
    v.written_at AS written_at
FROM {{.DB}}.progress_versions AS v FINAL
WHERE (v.topic, v.epoch) IN (('{{.Usage}}', {{.Epoch .Usage}}), ('{{.Subscriptions}}', {{.Epoch .Subscriptions}}))
COMMENT 'How fresh the figures are, one row per source partition'
