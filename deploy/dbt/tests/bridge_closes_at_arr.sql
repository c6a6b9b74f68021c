-- The bridge of each midnight opens at the ARR of 30 days before and closes at that of the midnight.
SELECT as_of, line, currency, sum(opening) AS off_opening, sum(closing) AS off_closing
FROM
(
    SELECT n.as_of AS as_of, n.line AS line, n.currency AS currency, n.opening AS opening, n.closing AS closing
    FROM {{ ref('stg_net_new_arr') }} AS n
    UNION ALL
    SELECT a.as_of, a.line, a.currency, 0, -a.arr
    FROM {{ ref('stg_arr') }} AS a
    WHERE a.as_of = toStartOfDay(a.as_of)
    UNION ALL
    SELECT a.as_of + INTERVAL 30 DAY AS at, a.line, a.currency, -a.arr, 0
    FROM {{ ref('stg_arr') }} AS a
    WHERE a.as_of = toStartOfDay(a.as_of) AND at <= ({{ runrate.clock(['usage', 'subscriptions']) }})
) AS b
GROUP BY as_of, line, currency
HAVING off_opening != 0 OR off_closing != 0
