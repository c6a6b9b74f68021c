SELECT
    as_of,
    line,
    currency
FROM {{ source('runrate', 'fx_missing') }}
