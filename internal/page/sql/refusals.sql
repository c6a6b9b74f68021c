-- Refused records by reason: how many there are, how many nothing was done about
-- yet, when the last came, and why that one was refused.
SELECT
    reason,
    count() AS records,
    countIf(state = 'open') AS open,
    max(time) AS last,
    argMax(detail, time) AS latest
FROM {db}.dead_letters
GROUP BY reason
ORDER BY records DESC, reason
