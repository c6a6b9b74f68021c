-- The accounts' ARR of the latest midnight adds up to the ARR of the line.
SELECT line, currency, sum(amount) AS off
FROM
(
    SELECT a.line AS line, a.currency AS currency, a.arr AS amount
    FROM {{ ref('stg_account_arr') }} AS a
    UNION ALL
    SELECT r.line, r.currency, -r.arr
    FROM {{ ref('stg_arr') }} AS r
    WHERE r.as_of = toStartOfDay(({{ runrate.clock(['usage', 'subscriptions']) }}))
) AS b
GROUP BY line, currency
HAVING off != 0
