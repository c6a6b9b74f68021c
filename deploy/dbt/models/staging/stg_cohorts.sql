SELECT
    cohort,
    month,
    currency,
    accounts,
    active,
    arr,
    arr_share
FROM {{ source('runrate', 'cohorts_now') }}
