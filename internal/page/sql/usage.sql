-- Usage of the past 72 hours by the hour, line and currency; the line * is all
-- lines together. The last hour is running, and late events amend the others.
SELECT
    a.hour AS hour,
    arrayJoin([toString(a.line), '*']) AS line,
    a.currency AS currency,
    sum(a.revenue) AS revenue,
    sum(a.cost) AS cost,
    sum(a.events) AS events
FROM {db}.usage_hourly AS a
WHERE a.hour > (SELECT toStartOfHour(min(clock)) - INTERVAL 72 HOUR FROM {db}.freshness WHERE topic = 'runrate.usage')
  AND a.hour <= (SELECT toStartOfHour(min(clock)) FROM {db}.freshness WHERE topic = 'runrate.usage')
GROUP BY hour, line, currency
ORDER BY currency, line, hour
