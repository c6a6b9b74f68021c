SELECT
    hour,
    line,
    product,
    segment,
    region,
    currency,
    revenue,
    cost,
    events
FROM {{ source('runrate', 'usage_hourly') }}
