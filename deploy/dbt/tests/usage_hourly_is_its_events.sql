{{ config(tags=['events']) }}
-- The panes of the last runrate_days are the sums of their events, to the last decimal.
SELECT hour, line, product, segment, region, currency, sum(revenue) AS off_revenue, sum(cost) AS off_cost, sum(events) AS off_events
FROM
(
    SELECT toStartOfHour(e.time) AS hour, e.line AS line, e.product AS product, e.segment AS segment, e.region AS region, e.currency AS currency,
        sum(e.revenue) AS revenue, sum(e.cost) AS cost, toInt64(countIf(e.type = 'usage.recorded')) AS events, 1 AS side
    FROM {{ ref('stg_usage_events') }} AS e
    WHERE e.time >= ({{ runrate.clock(['usage']) }}) - INTERVAL {{ var('runrate_days') }} DAY
    GROUP BY hour, line, product, segment, region, currency
    UNION ALL
    SELECT h.hour, h.line, h.product, h.segment, h.region, h.currency, -h.revenue, -h.cost, -toInt64(h.events), -1
    FROM {{ ref('stg_usage_hourly') }} AS h
    WHERE h.hour >= ({{ runrate.clock(['usage']) }}) - INTERVAL {{ var('runrate_days') }} DAY
) AS b
WHERE hour >= ({{ runrate.clock(['usage']) }}) - INTERVAL {{ var('runrate_days') }} DAY -- whole panes
GROUP BY hour, line, product, segment, region, currency
HAVING off_revenue != 0 OR off_cost != 0 OR off_events != 0 OR sum(side) != 0
