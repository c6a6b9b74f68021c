-- subscription_arr, at each hour boundary that both topics have passed, is 12 x MRR.
SELECT as_of, line, currency, sum(amount) AS off
FROM
(
    SELECT a.as_of AS as_of, a.line AS line, a.currency AS currency, a.subscription_arr AS amount
    FROM {{ ref('stg_arr') }} AS a
    UNION ALL
    SELECT m.as_of, m.line, m.currency, -m.mrr * 12
    FROM {{ ref('stg_mrr') }} AS m
    WHERE m.as_of <= ({{ runrate.clock(['usage', 'subscriptions']) }})
) AS b
GROUP BY as_of, line, currency
HAVING off != 0
