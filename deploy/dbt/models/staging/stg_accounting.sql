SELECT
    topic,
    partition,
    first_offset,
    next_offset,
    accepted,
    duplicate,
    refused,
    control,
    skipped,
    lost
FROM {{ source('runrate', 'accounting') }}
