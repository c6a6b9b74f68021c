-- What is in force besides the events, by offset, so that it is known after retention
-- has deleted the records; and what an epoch leaves out or was told to do without.

CREATE TABLE IF NOT EXISTS {{.DB}}.control_versions{{.OnCluster}}
(
    topic       LowCardinality(String) COMMENT 'Source topic',
    epoch       UInt32                 COMMENT 'Logic epoch; views show the current epoch of the topic only',
    partition   Int32                  COMMENT 'Source partition',
    kind        LowCardinality(String) COMMENT 'What it set: clock or price_book',
    `offset`    Int64                  COMMENT 'Offset of the control record; it is in force for those that follow. Of an accepted gap, the last offset in it' CODEC(Delta(8), ZSTD(1)),
    time        DateTime64(6, 'UTC')   COMMENT 'Time of the event: the clock, or the time that price books are ordered by' CODEC(Delta(8), ZSTD(1)),
    recorded_at DateTime64(6, 'UTC')   COMMENT 'Timestamp of the record, held within 1970-01-01..2100-01-01' CODEC(Delta(8), ZSTD(1)),
    payload     String                 COMMENT 'The price book as JSON; empty for the clock' CODEC(ZSTD(3)),
    version     UInt64                 COMMENT 'The offset' CODEC(Delta(8), ZSTD(1))
)
ENGINE = {{.Replacing "version"}}
PARTITION BY (topic, epoch)
ORDER BY (topic, epoch, partition, kind, `offset`)
SETTINGS {{.Settings}}
COMMENT 'Control records that changed what is in force; read control_records instead';

ALTER TABLE {{.DB}}.epoch_entries{{.OnCluster}}
    ADD COLUMN IF NOT EXISTS exclusions String DEFAULT '' COMMENT 'Of opened: control records that are left out, as topic/partition@offset, parted by blanks';

ALTER TABLE {{.DB}}.epoch_entries{{.OnCluster}}
    ADD COLUMN IF NOT EXISTS controls UInt8 DEFAULT 0 COMMENT 'Of opened: 1 if control_versions has every control record that changed what is in force, 0 if the epoch is older than that table';

CREATE TABLE IF NOT EXISTS {{.DB}}.epoch_gaps{{.OnCluster}}
(
    topic       LowCardinality(String) COMMENT 'Source topic',
    epoch       UInt32                 COMMENT 'Logic epoch; views show the current epoch of the topic only',
    partition   Int32                  COMMENT 'Source partition',
    from_offset Int64                  COMMENT 'Offset of the first record that is lost',
    to_offset   Int64                  COMMENT 'Offset after the last record that is lost',
    in_force    String                 COMMENT 'What is in force at its end, as far as it is known, JSON: a list of control records' CODEC(ZSTD(3)),
    reason      String                 COMMENT 'Why the loss was accepted',
    at          DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When it was accepted, by the server clock; nothing depends on it',
    version     UInt64 DEFAULT 1       COMMENT 'A gap is written once'
)
ENGINE = {{.Replacing "version"}}
ORDER BY (topic, epoch, partition, from_offset)
SETTINGS {{.Settings}}
COMMENT 'Gaps of the log that an epoch was told to go on over, never changed; read losses instead';
