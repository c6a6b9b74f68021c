SELECT
    topic,
    partition,
    `offset`,
    time,
    reason,
    detail,
    key,
    headers,
    payload,
    state
FROM {{ source('runrate', 'dead_letters') }}
