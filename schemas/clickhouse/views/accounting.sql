CREATE OR REPLACE VIEW {{.DB}}.accounting{{.OnCluster}}
(
    topic        LowCardinality(String) COMMENT 'Source topic',
    partition    Int32                  COMMENT 'Source partition',
    first_offset Int64                  COMMENT 'Offset of the first record ever folded',
    next_offset  Int64                  COMMENT 'Offset after the last record folded and written; next_offset - first_offset = accepted + duplicate + refused + control + skipped + lost',
    accepted     UInt64                 COMMENT 'Records accepted',
    duplicate    UInt64                 COMMENT 'Records whose event was accepted before',
    refused      UInt64                 COMMENT 'Records refused: the rows of dead_letters',
    control      UInt64                 COMMENT 'Control records: ticks and price books',
    skipped      UInt64                 COMMENT 'Transaction markers and records of aborted transactions, which are not folded',
    lost         UInt64                 COMMENT 'Records of gaps that were accepted'
)
AS SELECT
    v.topic AS topic,
    v.partition AS partition,
    v.first_offset AS first_offset,
    v.next_offset AS next_offset,
    v.accepted AS accepted,
    v.duplicate AS duplicate,
    v.refused AS refused,
    v.control AS control,
    v.skipped AS skipped,
    v.lost AS lost
FROM {{.DB}}.progress_versions AS v FINAL
WHERE (v.topic, v.epoch) IN (('{{.Usage}}', {{.Epoch .Usage}}), ('{{.Subscriptions}}', {{.Epoch .Subscriptions}}))
COMMENT 'What became of every record, one row per source partition; docs/DEFINITIONS.md L8'
