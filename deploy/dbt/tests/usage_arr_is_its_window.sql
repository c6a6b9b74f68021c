{{ config(tags=['events']) }}
-- usage_arr, at the latest hour boundary, is the multiplier x the revenue of the window, less one-off
-- adjustments: both of the view definitions.
WITH
    (SELECT any(arr_window_days) FROM {{ source('runrate', 'definitions') }}) AS days,
    (SELECT any(arr_multiplier) FROM {{ source('runrate', 'definitions') }}) AS multiplier,
    (SELECT max(as_of) FROM {{ source('runrate', 'arr_now') }}) AS latest
SELECT line, currency, sum(amount) AS off
FROM
(
    SELECT a.line AS line, a.currency AS currency, a.usage_arr AS amount
    FROM {{ source('runrate', 'arr_now') }} AS a
    UNION ALL
    SELECT r.line, r.currency, -r.revenue * multiplier
    FROM {{ ref('stg_rolling_revenue') }} AS r
    WHERE r.as_of = latest AND r.`window` = concat(toString(days), 'd')
    UNION ALL
    SELECT e.line, e.currency, e.revenue * multiplier
    FROM {{ ref('stg_usage_events') }} AS e
    WHERE e.one_off AND e.time < latest AND e.time >= latest - toIntervalDay(days)
) AS b
GROUP BY line, currency
HAVING off != 0
