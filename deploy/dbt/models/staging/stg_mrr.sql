SELECT
    as_of,
    line,
    plan,
    segment,
    region,
    currency,
    mrr,
    subscriptions
FROM {{ source('runrate', 'mrr') }}
