CREATE OR REPLACE VIEW {{.DB}}.freshness{{.OnCluster}}
(
    topic       LowCardinality(String) COMMENT 'Source topic',
    partition   Int32                  COMMENT 'Source partition',
    clock       DateTime64(6, 'UTC')   COMMENT 'Clock of the partition, UTC: its highest tick; 1970-01-01 before the first. In live use about now: behind it, rows come late; ahead of it, a tick was wrong. A view shows an as_of once the lowest clock of the topic has reached it',
    next_offset Int64                  COMMENT 'Offset after the last record folded and written',
    written_at  DateTime64(6, 'UTC')   COMMENT 'When that was written, UTC, by the server clock; 1970-01-01 before the first time',
    owed_since  Nullable(DateTime64(6, 'UTC')) COMMENT 'Since when amendments of late events are owed, UTC; null: nothing is owed. Until they are paid, within five seconds, rolling_revenue and arr lack what the latest late events changed; while a partition is restored, it counts as owed',
    status      LowCardinality(String) COMMENT 'What its consumer said last: ok; stalled: a step is tried again and again (detail); halted: it must not go on (reason, detail). unknown if that is more than 60 seconds ago, or was never',
    reason      LowCardinality(String) COMMENT 'Why it is, or was last, halted, in a word: log_gap, foreign_log, commit_lost, snapshot_lost, partitions_changed, settings_changed, rules_changed, placement, overflow, corrupt, store; else empty',
    detail      String                 COMMENT 'The cause in a sentence and, of halted, the way out; else empty',
    since       Nullable(DateTime64(6, 'UTC')) COMMENT 'Since when the consumer says so, UTC, by its clock; null if it never did',
    lag_status  LowCardinality(String) COMMENT 'What runrate monitor says of it, from outside: idle, ok, behind, rewound, stalled, stopped, halted, lost or unknown; unknown if no monitor has read it for 60 seconds',
    lag_reason  LowCardinality(String) COMMENT 'Why, in a word; else empty',
    lag_sentence String                COMMENT 'Why, in a sentence with numbers; else empty',
    committed   Nullable(Int64)        COMMENT 'Next offset that its group has committed, as the monitor read it; null if none is, or it is unknown',
    log_end     Nullable(Int64)        COMMENT 'Last stable offset of its log, as the monitor read it; null if unknown',
    lag         Nullable(Int64)        COMMENT 'log_end - committed, records that are not folded; below 0 is trouble; null if unknown',
    lag_seconds Nullable(Float64)      COMMENT 'For how long at least the record that is due has been in the log; null if unknown',
    lag_at      Nullable(DateTime64(3, 'UTC')) COMMENT 'When the monitor read that, UTC; null if that is more than 60 seconds ago. lag_history has all that it read'
)
AS SELECT
    a.topic AS topic,
    a.partition AS partition,
    max(a.clock) AS clock,
    max(a.next_offset) AS next_offset,
    max(a.written_at) AS written_at,
    max(a.owed_since) AS owed_since,
    if(max(a.said_at) < now64(6, 'UTC') - INTERVAL 60 SECOND, 'unknown', max(a.status)) AS status,
    max(a.reason) AS reason,
    max(a.detail) AS detail,
    max(a.since) AS since,
    if(any(l.said.1) = '', 'unknown', any(l.said.1)) AS lag_status,
    any(l.said.2) AS lag_reason,
    any(l.said.3) AS lag_sentence,
    any(l.said.4) AS committed,
    any(l.said.5) AS log_end,
    any(l.said.6) AS lag,
    any(l.said.7) AS lag_seconds,
    any(l.said.8) AS lag_at
FROM
(
    SELECT v.topic AS topic, v.epoch AS epoch, v.partition AS partition, v.clock AS clock, v.next_offset AS next_offset, v.written_at AS written_at,
        '' AS status, '' AS reason, '' AS detail, CAST(NULL, 'Nullable(DateTime64(6, \'UTC\'))') AS since, fromUnixTimestamp64Micro(toInt64(0), 'UTC') AS said_at,
        CAST(NULL, 'Nullable(DateTime64(6, \'UTC\'))') AS owed_since
    FROM {{.DB}}.progress_versions AS v FINAL
    UNION ALL
    SELECT s.topic, s.epoch, s.partition, fromUnixTimestamp64Micro(toInt64(0), 'UTC'), toInt64(0), fromUnixTimestamp64Micro(toInt64(0), 'UTC'),
        s.status, s.reason, s.detail, CAST(s.since, 'Nullable(DateTime64(6, \'UTC\'))'), s.said_at, s.owed_since
    FROM {{.DB}}.partition_status_versions AS s FINAL
) AS a
LEFT JOIN
(
    -- The last word of each monitor, and of these the latest that is known.
    SELECT m.topic AS topic, m.partition AS partition, argMax(m.said, (m.said.1 != 'unknown', m.at)) AS said
    FROM
    (
        SELECT h.topic AS topic, h.partition AS partition, max(h.at) AS at,
            argMax((CAST(h.status, 'String'), CAST(h.reason, 'String'), h.sentence, h.committed, h.log_end, h.lag, h.lag_seconds,
                CAST(h.at, 'Nullable(DateTime64(3, \'UTC\'))')), h.at) AS said
        FROM {{.DB}}.lag_history AS h
        WHERE h.at >= now64(3, 'UTC') - INTERVAL 60 SECOND
        GROUP BY h.topic, h.partition, h.monitor
    ) AS m
    GROUP BY m.topic, m.partition
) AS l ON l.topic = a.topic AND l.partition = a.partition
WHERE (a.topic, a.epoch) IN (('{{.Usage}}', {{.Epoch .Usage}}), ('{{.Subscriptions}}', {{.Epoch .Subscriptions}}))
GROUP BY a.topic, a.partition
COMMENT 'How fresh the figures are, and what stands still, one row per source partition; docs/DEFINITIONS.md V12'
