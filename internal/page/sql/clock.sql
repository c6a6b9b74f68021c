-- What all other numbers are as of: the last hour and midnight that the clock of
-- every partition has passed. now is ClickHouse's.
SELECT
    toStartOfHour(min(f.clock)) AS hour,
    toStartOfDay(min(f.clock)) AS midnight,
    min(f.clock) AS clock,
    count() AS partitions,
    now64(3, 'UTC') AS now
FROM {db}.freshness AS f
HAVING count() > 0
