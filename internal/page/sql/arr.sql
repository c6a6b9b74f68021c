-- ARR as of the last hour that every partition's clock has passed, by line and
-- currency; the line * is all lines together.
SELECT
    a.as_of AS as_of,
    arrayJoin([toString(a.line), '*']) AS line,
    a.currency AS currency,
    sum(a.usage_arr) AS usage_arr,
    sum(a.subscription_arr) AS subscription_arr,
    sum(a.arr) AS arr
FROM {db}.arr AS a
WHERE a.as_of = (SELECT toStartOfHour(min(clock)) FROM {db}.freshness)
GROUP BY as_of, line, currency
ORDER BY currency, arr DESC, line
