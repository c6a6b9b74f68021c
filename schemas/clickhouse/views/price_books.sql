CREATE OR REPLACE VIEW {{.DB}}.price_books{{.OnCluster}}
(
    version        String                 COMMENT 'Version of the price book, as it calls itself',
    `offset`       Int64                  COMMENT 'Offset of its record in partition 0 of the usage topic; it rates the records that follow, until the next book. Of an accepted gap, the last offset in it',
    time           DateTime64(6, 'UTC')   COMMENT 'Time of the event that published it, UTC, by which books are ordered',
    entry          LowCardinality(String) COMMENT 'price or discount',
    line           LowCardinality(String) COMMENT 'Of a price: business line of the product',
    product        LowCardinality(String) COMMENT 'Of a price: product',
    meter          LowCardinality(String) COMMENT 'Of a price: meter',
    account        String                 COMMENT 'Of a discount: customer account',
    effective_from DateTime64(6, 'UTC')   COMMENT 'From when on it applies to events, by their time, UTC',
    currency       LowCardinality(String) COMMENT 'ISO 4217 code of price and cost',
    unit           UInt64                 COMMENT 'Of a price: how many of the meter price and cost are for; 0 of a discount',
    price          Decimal(38, 12)        COMMENT 'Of a price: what unit of them earn, in currency units, before discount',
    cost           Decimal(38, 12)        COMMENT 'Of a price: what unit of them cost, in currency units',
    percent        Decimal(38, 12)        COMMENT 'Of a discount: percent off the price, 0..100'
)
AS SELECT
    b.version AS version,
    b.`offset` AS `offset`,
    b.time AS time,
    b.e.1 AS entry,
    b.e.2 AS line,
    b.e.3 AS product,
    b.e.4 AS meter,
    b.e.5 AS account,
    parseDateTime64BestEffort(b.e.6, 6, 'UTC') AS effective_from,
    b.currency AS currency,
    b.e.7 AS unit,
    toDecimal128(b.e.8, 12) AS price,
    toDecimal128(b.e.9, 12) AS cost,
    toDecimal128(b.e.10, 12) AS percent
FROM
(
    SELECT
        JSONExtractString(v.payload, 'version') AS version,
        JSONExtractString(v.payload, 'currency') AS currency,
        v.`offset` AS `offset`,
        v.time AS time,
        arrayJoin(arrayConcat(
            arrayFlatten(arrayMap(p -> arrayFlatten(arrayMap(m -> arrayMap(
                x -> ('price', p.2, p.1, m.1, '', x.1, x.2, x.3, x.4, '0'), m.2),
                CAST(p.3, 'Array(Tuple(String, Array(Tuple(String, UInt64, String, String))))'))),
                JSONExtract(v.payload, 'products', 'Array(Tuple(product String, line String, meters Map(String, Array(Tuple(effective_from String, unit UInt64, price String, cost String)))))'))),
            arrayMap(d -> ('discount', '', '', '', d.1, d.2, toUInt64(0), '0', '0', d.3),
                JSONExtract(v.payload, 'discounts', 'Array(Tuple(account String, effective_from String, percent String))'))
        )) AS e
    FROM {{.DB}}.control_versions AS v FINAL
    WHERE v.topic = '{{.Usage}}' AND v.epoch = {{.Epoch .Usage}} AND v.partition = 0 AND v.kind = 'price_book'
) AS b
COMMENT 'One row per price and discount of every price book that came into force; docs/DEFINITIONS.md V17'
