CREATE OR REPLACE VIEW {{.DB}}.fx_rates{{.OnCluster}}
(
    version        String                 COMMENT 'Version of the set of rates, as it calls itself',
    `offset`       Int64                  COMMENT 'Offset of its record in partition 0 of the usage topic; the set with the highest is in force, for all as_of. Of an accepted gap, the last offset in it',
    time           DateTime64(6, 'UTC')   COMMENT 'Time of the event that published it, UTC, by which sets are ordered',
    reference      LowCardinality(String) COMMENT 'ISO 4217 code of the reference currency, whose rate is 1',
    currency       LowCardinality(String) COMMENT 'ISO 4217 code of the currency that has the rate',
    effective_from DateTime64(6, 'UTC')   COMMENT 'From when on it applies, until the next of the currency, UTC',
    rate           Decimal(38, 12)        COMMENT 'Units of the reference that one unit of the currency is worth'
)
AS SELECT
    s.version AS version,
    s.`offset` AS `offset`,
    s.time AS time,
    s.reference AS reference,
    s.r.1 AS currency,
    parseDateTime64BestEffort(s.r.2, 6, 'UTC') AS effective_from,
    toDecimal128(s.r.3, 12) AS rate
FROM
(
    SELECT
        JSONExtractString(v.payload, 'version') AS version,
        JSONExtractString(v.payload, 'reference') AS reference,
        v.`offset` AS `offset`,
        v.time AS time,
        arrayJoin({{.RatesOf "v.payload"}}) AS r
    FROM {{.DB}}.control_versions AS v FINAL
    WHERE v.topic = '{{.Usage}}' AND v.epoch = {{.Epoch .Usage}} AND v.partition = 0 AND v.kind = 'rates'
) AS s
COMMENT 'One row per rate of every set of exchange rates that came into force; docs/DEFINITIONS.md V18'
