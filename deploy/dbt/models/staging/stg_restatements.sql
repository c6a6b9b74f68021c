SELECT
    as_of,
    line,
    currency,
    known_on,
    before,
    after
FROM {{ source('runrate', 'restatements') }}
