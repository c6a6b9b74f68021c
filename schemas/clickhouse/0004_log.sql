-- What became of the log: refused records and progress.

CREATE TABLE IF NOT EXISTS {{.DB}}.dead_letter_versions{{.OnCluster}}
(
    topic     LowCardinality(String) COMMENT 'Source topic',
    epoch     UInt32                 COMMENT 'Logic epoch; views show the current epoch of the topic only',
    partition Int32                  COMMENT 'Source partition',
    `offset`  Int64                  COMMENT 'Offset of the refused record in its partition' CODEC(Delta(8), ZSTD(1)),
    time      DateTime64(6, 'UTC')   COMMENT 'Timestamp of the record itself, held within 1970-01-01..2100-01-01' CODEC(Delta(8), ZSTD(1)),
    reason    LowCardinality(String) COMMENT 'Rule that refused it: malformed, unknown_type, wrong_partition, invalid, too_new, too_old, unknown_product or unpriced_meter',
    detail    String                 COMMENT 'A sentence that names the attribute and the value at fault' CODEC(ZSTD(1)),
    key       String                 COMMENT 'Record key, raw bytes' CODEC(ZSTD(1)),
    payload   String                 COMMENT 'Record value, raw bytes' CODEC(ZSTD(3)),
    version   UInt64                 COMMENT 'Offset of the record' CODEC(Delta(8), ZSTD(1))
)
ENGINE = {{.Replacing "version"}}
PARTITION BY (topic, epoch)
ORDER BY (topic, epoch, partition, `offset`)
SETTINGS {{.Settings}}
COMMENT 'Refused records, a row per version; read dead_letters instead';

CREATE TABLE IF NOT EXISTS {{.DB}}.progress_versions{{.OnCluster}}
(
    topic        LowCardinality(String) COMMENT 'Source topic',
    epoch        UInt32                 COMMENT 'Logic epoch; views show the current epoch of the topic only',
    partition    Int32                  COMMENT 'Source partition',
    first_offset Int64                  COMMENT 'Offset of the first record ever folded',
    next_offset  Int64                  COMMENT 'Offset after the last record folded; next_offset - first_offset = accepted + duplicate + refused + control',
    accepted     UInt64                 COMMENT 'Records accepted',
    duplicate    UInt64                 COMMENT 'Records whose event was accepted before',
    refused      UInt64                 COMMENT 'Records refused, to be found in dead_letters',
    control      UInt64                 COMMENT 'Control records: ticks and price books',
    clock        DateTime64(6, 'UTC')   COMMENT 'Highest tick seen; 1970-01-01 if ticked is 0',
    ticked       UInt8                  COMMENT '1 once a tick was seen, else 0',
    written_at   DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When the row was written, by the server clock',
    version      UInt64                 COMMENT 'next_offset'
)
ENGINE = {{.Replacing "version"}}
ORDER BY (topic, epoch, partition)
SETTINGS {{.Settings}}
COMMENT 'How far each partition is folded, a row per flush until merged; written last, after the rows it vouches for; read accounting and freshness instead';

CREATE TABLE IF NOT EXISTS {{.DB}}.topics{{.OnCluster}}
(
    topic      LowCardinality(String) COMMENT 'Source topic',
    partitions Int32                  COMMENT 'Number of its partitions; an as_of shows once the clock of every one has passed it',
    set_at     DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When a consumer wrote the row, by the server clock; the latest counts'
)
ENGINE = {{.Replacing "set_at"}}
ORDER BY topic
SETTINGS {{.Settings}}
COMMENT 'Number of partitions of each source topic, written by a consumer when it starts';

CREATE TABLE IF NOT EXISTS {{.DB}}.epochs{{.OnCluster}}
(
    topic       LowCardinality(String) COMMENT 'Source topic',
    epoch       UInt32                 COMMENT 'Logic epoch that the views show of this topic from then on; 0 if the table has none',
    reason      String                 COMMENT 'Why it was switched',
    switched_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When it was switched, by the server clock; the latest counts'
)
ENGINE = {{.Replacing "switched_at"}}
ORDER BY (topic, switched_at)
SETTINGS {{.Settings}}
COMMENT 'Switches between logic epochs: one insert makes all views show another fold of the same log';
