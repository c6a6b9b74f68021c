-- What became of every record that was read, by topic: next_offset - first_offset
-- of its partitions is the sum of the six.
SELECT
    topic,
    sum(accepted) AS accepted,
    sum(duplicate) AS duplicate,
    sum(refused) AS refused,
    sum(control) AS control,
    sum(skipped) AS skipped,
    sum(lost) AS lost
FROM {db}.accounting
GROUP BY topic
ORDER BY topic
