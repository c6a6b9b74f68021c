SELECT
    as_of,
    `window`,
    line,
    product,
    segment,
    region,
    currency,
    revenue,
    cost,
    events
FROM {{ source('runrate', 'rolling_revenue') }}
