CREATE OR REPLACE VIEW {{.DB}}.dead_letters{{.OnCluster}}
(
    topic     LowCardinality(String)       COMMENT 'Source topic',
    partition Int32                        COMMENT 'Source partition',
    `offset`  Int64                        COMMENT 'Offset of the refused record',
    time      DateTime64(6, 'UTC')         COMMENT 'Timestamp of the record itself, UTC; not the event time, which may be undecodable',
    reason    LowCardinality(String)       COMMENT 'Rule that refused it: malformed, unknown_type, wrong_partition, invalid, too_new, too_old, unknown_product or unpriced_meter',
    detail    String                       COMMENT 'A sentence that names the attribute and the value at fault',
    key       String                       COMMENT 'Record key, raw bytes; empty also if there is none',
    headers   Array(Tuple(String, String)) COMMENT 'Record headers, name and raw value, as they came; none of records refused before they were kept',
    payload   String                       COMMENT 'Record value, raw bytes',
    state     LowCardinality(String)       COMMENT 'open: nothing was done about it; redriven: sent again, see the copy if that was refused; accepted: sent again and its event counts; duplicate: its event counts by another record'
)
AS SELECT
    v.topic AS topic,
    v.partition AS partition,
    v.`offset` AS `offset`,
    v.time AS time,
    v.reason AS reason,
    v.detail AS detail,
    v.key AS key,
    v.headers AS headers,
    v.payload AS payload,
    coalesce(nullIf(toString(d.state), ''), 'open') AS state
FROM
(
    -- By itself, since over shards no table is joined with another.
    SELECT l.topic AS topic, l.partition AS partition, l.`offset` AS `offset`, l.time AS time, l.reason AS reason, l.detail AS detail,
        l.key AS key, l.headers AS headers, l.payload AS payload
    FROM {{.DB}}.dead_letter_versions AS l FINAL
    WHERE (l.topic, l.epoch) IN (('{{.Usage}}', {{.Epoch .Usage}}), ('{{.Subscriptions}}', {{.Epoch .Subscriptions}}))
) AS v
LEFT JOIN
(
    SELECT
        r.topic AS topic,
        r.partition AS partition,
        r.`offset` AS `offset`,
        r.time AS time,
        multiIf(a.found = 1 AND a.version >= r.after, 'accepted', a.found = 1, 'duplicate', r.sent = 1, 'redriven', 'open') AS state
    FROM
    (
        SELECT
            w.topic AS topic,
            w.partition AS partition,
            w.`offset` AS `offset`,
            w.time AS time,
            any(w.to_topic) AS to_topic,
            any(w.identity) AS identity,
            min(w.after) AS after,
            max(w.sent) AS sent
        FROM {{.DB}}.redrive_versions AS w
        GROUP BY w.topic, w.partition, w.`offset`, w.time
    ) AS r
    LEFT JOIN
    (
        SELECT '{{.Usage}}' AS topic, e.identity AS identity, toInt64(min(e.version)) AS version, toUInt8(1) AS found
        FROM {{.DB}}.usage_event_versions AS e
        WHERE e.epoch = {{.Epoch .Usage}}
          AND (toStartOfHour(e.time), e.account) IN (SELECT toStartOfHour(w.event_time), w.account FROM {{.DB}}.redrive_versions AS w WHERE w.to_topic = '{{.Usage}}')
          AND e.identity IN (SELECT w.identity FROM {{.DB}}.redrive_versions AS w)
        GROUP BY e.identity
        UNION ALL
        SELECT '{{.Subscriptions}}' AS topic, e.identity AS identity, toInt64(min(e.version)) AS version, toUInt8(1) AS found
        FROM {{.DB}}.subscription_change_versions AS e
        WHERE e.epoch = {{.Epoch .Subscriptions}}
          AND (toStartOfHour(e.time), e.account) IN (SELECT toStartOfHour(w.event_time), w.account FROM {{.DB}}.redrive_versions AS w WHERE w.to_topic = '{{.Subscriptions}}')
          AND e.identity IN (SELECT w.identity FROM {{.DB}}.redrive_versions AS w)
        GROUP BY e.identity
    ) AS a ON a.topic = r.to_topic AND a.identity = r.identity
) AS d ON d.topic = v.topic AND d.partition = v.partition AND d.`offset` = v.`offset` AND d.time = v.time
COMMENT 'One row per refused record; runrate redrive publishes them again, once; the rules: docs/DEFINITIONS.md R1 to R9, V10'
