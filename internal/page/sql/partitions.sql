-- Each partition: how its consumer says it does and how far it is, and what runrate
-- monitor sees of it from outside (lag_at is null where none has looked for a minute).
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
    owed_since,
    lag_status,
    lag_reason,
    lag_sentence,
    lag,
    lag_seconds,
    lag_at
FROM {db}.freshness
ORDER BY topic, partition
