-- Each window, at the latest hour boundary, is the sum of its panes.
WITH
    (SELECT max(as_of) FROM {{ source('runrate', 'rolling_revenue_now') }}) AS latest
SELECT w, line, product, segment, region, currency, sum(revenue) AS off_revenue, sum(cost) AS off_cost, sum(events) AS off_events
FROM
(
    SELECT r.`window` AS w, r.line AS line, r.product AS product, r.segment AS segment, r.region AS region, r.currency AS currency,
        r.revenue AS revenue, r.cost AS cost, toInt64(r.events) AS events, 1 AS side
    FROM {{ source('runrate', 'rolling_revenue_now') }} AS r
    UNION ALL
    SELECT l.1, h.line, h.product, h.segment, h.region, h.currency, -sum(h.revenue), -sum(h.cost), -toInt64(sum(h.events)), -1
    FROM {{ ref('stg_usage_hourly') }} AS h
    ARRAY JOIN [('1h', 1), ('24h', 24), ('7d', 168), ('28d', 672), ('30d', 720), ('90d', 2160), ('365d', 8760)] AS l
    WHERE h.hour < latest AND h.hour >= latest - toIntervalHour(l.2)
    GROUP BY l.1, h.line, h.product, h.segment, h.region, h.currency
) AS b
GROUP BY w, line, product, segment, region, currency
HAVING off_revenue != 0 OR off_cost != 0 OR off_events != 0 OR sum(side) != 0
