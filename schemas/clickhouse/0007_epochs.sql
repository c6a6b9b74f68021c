-- The record of each epoch: all that its rows rest on beside the log. Before, one
-- table had the switches, and another the number of partitions as a consumer had
-- last found it.

CREATE TABLE IF NOT EXISTS {{.DB}}.epoch_entries{{.OnCluster}}
(
    topic       LowCardinality(String) COMMENT 'Source topic by its name in docs/DEFINITIONS.md',
    epoch       UInt32                 COMMENT 'Logic epoch',
    entry       LowCardinality(String) COMMENT 'opened: what it is folded from; switched: the views show it, unless a higher one was switched to; abandoned: it is never shown',
    kafka_topic LowCardinality(String) COMMENT 'Of opened: name of the topic in Kafka',
    partitions  Int32                  COMMENT 'Of opened: number of its partitions; an as_of shows once the clock of every one has passed it',
    rules       UInt32                 COMMENT 'Of opened: version of the rules of folding',
    settings    String                 COMMENT 'Of opened: settings that rows depend on',
    hand_over   String                 COMMENT 'Of switched: where consumers go on, JSON: by partition the next offset and the pointer to the state there' CODEC(ZSTD(1)),
    reason      String                 COMMENT 'Why',
    at          DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When it was written, by the server clock; nothing depends on it',
    version     UInt64 DEFAULT 1       COMMENT 'An entry is written once'
)
ENGINE = {{.Replacing "version"}}
ORDER BY (topic, epoch, entry)
SETTINGS {{.Settings}}
COMMENT 'The record of each epoch, an entry at a time, never changed; read epochs instead';

RENAME TABLE IF EXISTS {{.DB}}.epochs TO {{.DB}}.epoch_switches{{.OnCluster}};

-- The epoch that was shown keeps the number of partitions that a consumer found
-- last, and is of the rules before there was a number for them.
INSERT INTO {{.DB}}.epoch_entries (topic, epoch, entry, kafka_topic, partitions, rules, settings, reason, at)
SELECT o.topic, o.epoch, 'opened', o.topic, o.partitions, 1,
    if(o.topic = '{{.Usage}}', concat('usage ARR = ', toString(if(d.arr_multiplier = 0, 13, d.arr_multiplier)), ' x ',
        toString(if(d.arr_window_days = 0, 28, d.arr_window_days)), ' days'), ''),
    'from before epochs had a record', o.at
FROM
(
    SELECT t.topic AS topic, argMax(t.partitions, t.set_at) AS partitions, max(t.set_at) AS at, any(s.epoch) AS epoch
    FROM {{.DB}}.topics AS t
    LEFT JOIN (SELECT w.topic AS topic, argMax(w.epoch, (w.switched_at, w.epoch)) AS epoch FROM {{.DB}}.epoch_switches AS w GROUP BY w.topic) AS s
        ON s.topic = t.topic
    GROUP BY t.topic
) AS o
LEFT JOIN (SELECT v.epoch AS epoch, v.arr_multiplier AS arr_multiplier, v.arr_window_days AS arr_window_days FROM {{.DB}}.definition_versions AS v FINAL) AS d
    ON d.epoch = o.epoch;

-- A switch back made the epochs above it ones that are never shown.
INSERT INTO {{.DB}}.epoch_entries (topic, epoch, entry, reason, at)
SELECT w.topic, w.epoch, if(w.epoch <= any(s.epoch), 'switched', 'abandoned'), argMax(w.reason, w.switched_at), max(w.switched_at)
FROM {{.DB}}.epoch_switches AS w
INNER JOIN (SELECT x.topic AS topic, argMax(x.epoch, (x.switched_at, x.epoch)) AS epoch FROM {{.DB}}.epoch_switches AS x GROUP BY x.topic) AS s
    ON s.topic = w.topic
GROUP BY w.topic, w.epoch;
