SELECT
    as_of,
    line,
    currency,
    nrr,
    grr,
    quick_ratio
FROM {{ source('runrate', 'retention_30d') }}
