CREATE OR REPLACE VIEW {{.DB}}.dead_letters{{.OnCluster}}
(
    topic     LowCardinality(String) COMMENT 'Source topic',
    partition Int32                  COMMENT 'Source partition',
    `offset`  Int64                  COMMENT 'Offset of the refused record',
    time      DateTime64(6, 'UTC')   COMMENT 'Timestamp of the record itself, UTC; not the event time, which may be undecodable',
    reason    LowCardinality(String) COMMENT 'Rule that refused it: malformed, unknown_type, wrong_partition, invalid, too_new, too_old, unknown_product or unpriced_meter',
    detail    String                 COMMENT 'A sentence that names the attribute and the value at fault',
    payload   String                 COMMENT 'Record value, raw bytes'
)
AS SELECT
    v.topic AS topic,
    v.partition AS partition,
    v.`offset` AS `offset`,
    v.time AS time,
    v.reason AS reason,
    v.detail AS detail,
    v.payload AS payload
FROM {{.DB}}.dead_letter_versions AS v FINAL
WHERE (v.topic, v.epoch) IN (('{{.Usage}}', {{.Epoch .Usage}}), ('{{.Subscriptions}}', {{.Epoch .Subscriptions}}))
COMMENT 'One row per refused record; runrate redrive publishes them again; the rules: docs/DEFINITIONS.md R1 to R8'
