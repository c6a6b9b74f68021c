CREATE OR REPLACE VIEW {{.DB}}.control_records{{.OnCluster}}
(
    topic       LowCardinality(String) COMMENT 'Source topic',
    partition   Int32                  COMMENT 'Source partition',
    `offset`    Int64                  COMMENT 'Offset of the record in its partition: with topic and partition what runrate rebuild --without takes. Of an accepted gap, the last offset in it',
    kind        LowCardinality(String) COMMENT 'What it changed: clock, price_book or rates',
    time        DateTime64(6, 'UTC')   COMMENT 'Time of the event, UTC: what the clock was raised to, or the time that price books and rates are ordered by',
    recorded_at DateTime64(6, 'UTC')   COMMENT 'Timestamp of the record, UTC'
)
AS SELECT
    v.topic AS topic,
    v.partition AS partition,
    v.`offset` AS `offset`,
    v.kind AS kind,
    v.time AS time,
    v.recorded_at AS recorded_at
FROM {{.DB}}.control_versions AS v FINAL
WHERE (v.topic, v.epoch) IN (('{{.Usage}}', {{.Epoch .Usage}}), ('{{.Subscriptions}}', {{.Epoch .Subscriptions}}))
COMMENT 'Ticks that raised the clock, and price books and exchange rates that came into force, one row per record; docs/DEFINITIONS.md V15'
