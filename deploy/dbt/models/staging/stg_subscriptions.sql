SELECT
    subscription,
    account,
    line,
    plan,
    status,
    segment,
    region,
    currency,
    mrr,
    since
FROM {{ source('runrate', 'subscriptions') }}
