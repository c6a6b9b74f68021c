-- What the latest restatement of a midnight says that ARR is, is arr.
SELECT as_of, line, currency, sum(known) AS off
FROM
(
    SELECT r.as_of AS as_of, toString(r.line) AS line, toString(r.currency) AS currency, argMax(r.after, r.known_on) AS known
    FROM {{ ref('stg_restatements') }} AS r
    GROUP BY as_of, line, currency
    UNION ALL
    SELECT a.as_of, toString(a.line) AS line, toString(a.currency) AS currency, -a.arr
    FROM {{ ref('stg_arr') }} AS a
    WHERE (a.as_of, line, currency) IN (SELECT r.as_of, toString(r.line), toString(r.currency) FROM {{ ref('stg_restatements') }} AS r)
) AS b
GROUP BY as_of, line, currency
HAVING off != 0
