SELECT
    account,
    line,
    currency,
    day,
    revenue,
    one_off,
    cost,
    events
FROM {{ source('runrate', 'account_daily') }}
