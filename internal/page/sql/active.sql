-- Distinct accounts with usage, as of each of the past 90 midnights, by window and
-- line; the line * is all lines together, each account counted once.
SELECT
    as_of,
    `window`,
    line,
    accounts
FROM {db}.active_accounts
WHERE as_of > (SELECT toStartOfDay(min(clock)) - INTERVAL 90 DAY FROM {db}.freshness WHERE topic = 'runrate.usage')
ORDER BY line, `window`, as_of
