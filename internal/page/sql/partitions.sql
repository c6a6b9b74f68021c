-- Each partition: how its consumer says it does, and how far it is.
SELECT
    topic,
    partition,
    status,
    reason,
    detail,
    since,
    clock,
    dateDiff('second', clock, now64(6, 'UTC')) AS clock_behind_seconds,
    next_offset,
    written_at,
    owed_since
FROM {db}.freshness
ORDER BY topic, partition
