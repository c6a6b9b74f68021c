-- From the ARR of 30 days ago to the ARR as of the last midnight that every
-- partition's clock has passed, by line and currency; the line * is all lines together.
SELECT
    a.as_of AS as_of,
    arrayJoin([toString(a.line), '*']) AS line,
    a.currency AS currency,
    sum(a.opening) AS opening,
    sum(a.new) AS new,
    sum(a.expansion) AS expansion,
    sum(a.reactivation) AS reactivation,
    sum(a.contraction) AS contraction,
    sum(a.churn) AS churn,
    sum(a.closing) AS closing,
    sum(a.net_new) AS net_new
FROM {db}.net_new_arr AS a
WHERE a.as_of = (SELECT toStartOfDay(min(clock)) FROM {db}.freshness)
GROUP BY as_of, line, currency
ORDER BY currency, closing DESC, line
