CREATE OR REPLACE VIEW {{.DB}}.epochs{{.OnCluster}}
(
    topic       LowCardinality(String) COMMENT 'Source topic',
    epoch       UInt32                 COMMENT 'Logic epoch: one folding of the topic from the beginning of its log',
    shown       Bool                   COMMENT 'Whether the views show it: it is the highest that was switched to, 0 if none was',
    kafka_topic LowCardinality(String) COMMENT 'Name in Kafka of the topic that it is folded from',
    partitions  Int32                  COMMENT 'Number of partitions of that topic, fixed for the epoch; 0 if it is not known',
    rules       UInt32                 COMMENT 'Version of the rules of folding; 0 if it is not known',
    settings    String                 COMMENT 'Settings that its rows depend on; those of usage ARR are in definitions',
    exclusions  Array(String)          COMMENT 'Control records that it leaves out, as topic/partition@offset; runrate rebuild --without',
    log_identity Array(String)         COMMENT 'What it is known by from which log it is folded: the first record of each partition that had one then, as topic/partition@offset=fingerprint',
    opened_at   DateTime64(6, 'UTC')   COMMENT 'When its folding was begun, UTC, by the server clock; 1970-01-01 if that is not known',
    switched_at DateTime64(6, 'UTC')   COMMENT 'When the views were switched to it, UTC, by the server clock; 1970-01-01 if they never were',
    reason      String                 COMMENT 'Why it was switched to or, if it was not, abandoned or begun'
)
AS SELECT
    v.topic AS topic,
    v.epoch AS epoch,
    CAST(v.epoch = if(v.topic = '{{.Usage}}', {{.Epoch .Usage}}, {{.Epoch .Subscriptions}}), 'Bool') AS shown,
    anyIf(v.kafka_topic, v.entry = 'opened') AS kafka_topic,
    maxIf(v.partitions, v.entry = 'opened') AS partitions,
    maxIf(v.rules, v.entry = 'opened') AS rules,
    anyIf(v.settings, v.entry = 'opened') AS settings,
    arrayFilter(w -> w != '', splitByChar(' ', anyIf(v.exclusions, v.entry = 'opened'))) AS exclusions,
    arrayFilter(w -> w != '', splitByChar(' ', anyIf(v.log_identity, v.entry = 'opened'))) AS log_identity,
    maxIf(v.at, v.entry = 'opened') AS opened_at,
    maxIf(v.at, v.entry = 'switched') AS switched_at,
    argMax(v.reason, transform(v.entry, ['opened', 'abandoned', 'switched'], [1, 2, 3], 0)) AS reason
FROM {{.DB}}.epoch_entries AS v FINAL
GROUP BY v.topic, v.epoch
COMMENT 'The record of each epoch, one row per topic and epoch; runrate rebuild makes one; docs/DEFINITIONS.md L3'
