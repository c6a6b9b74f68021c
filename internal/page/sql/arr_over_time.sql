-- ARR as of each midnight of the past year, and as of the last hour, by line and
-- currency; the line * is all lines together.
SELECT
    a.as_of AS as_of,
    arrayJoin([toString(a.line), '*']) AS line,
    a.currency AS currency,
    sum(a.arr) AS arr
FROM {db}.arr AS a
WHERE a.as_of > (SELECT toStartOfDay(min(clock)) - INTERVAL 366 DAY FROM {db}.freshness)
  AND (a.as_of = toStartOfDay(a.as_of) OR a.as_of = (SELECT toStartOfHour(min(clock)) FROM {db}.freshness))
GROUP BY as_of, line, currency
ORDER BY currency, line, as_of
