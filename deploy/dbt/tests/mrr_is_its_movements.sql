-- What moved before the latest hour boundary adds up to the MRR as of it.
WITH
    (SELECT max(as_of) FROM {{ source('runrate', 'mrr_now') }}) AS latest
SELECT line, currency, sum(amount) AS off
FROM
(
    SELECT m.line AS line, m.currency AS currency, m.mrr AS amount
    FROM {{ source('runrate', 'mrr_now') }} AS m
    UNION ALL
    SELECT v.line, v.currency, -v.amount
    FROM {{ ref('stg_mrr_movements') }} AS v
    WHERE v.time < latest
) AS b
GROUP BY line, currency
HAVING off != 0
