CREATE OR REPLACE VIEW {{.DB}}.usage_events{{.OnCluster}}
(
    account    String                 COMMENT 'Customer account',
    time       DateTime64(6, 'UTC')   COMMENT 'Event time, UTC, to the microsecond',
    line       LowCardinality(String) COMMENT 'Business line that the price book gives the product',
    product    LowCardinality(String) COMMENT 'Product',
    segment    LowCardinality(String) COMMENT 'Customer segment; may be empty',
    region     LowCardinality(String) COMMENT 'Region; may be empty',
    currency   LowCardinality(String) COMMENT 'ISO 4217 code of revenue and cost; never add amounts of different currencies',
    quantities Map(String, UInt64)    COMMENT 'Meter to count, each 0..2^53; empty for an adjustment',
    revenue    Decimal(38, 12)        COMMENT 'Revenue in currency units, after discount, sum over the meters; signed for an adjustment; magnitude at most 10^15, so sums of 10^11 events fit',
    cost       Decimal(38, 12)        COMMENT 'Cost in currency units, sum over the meters; 0 for an adjustment',
    source     String                 COMMENT 'CloudEvents source',
    id         String                 COMMENT 'CloudEvents id, unique within account, source and time',
    type       LowCardinality(String) COMMENT 'usage.recorded or adjustment.recorded',
    one_off    Bool                   COMMENT 'Whether it is an adjustment that is not made annual: revenue has it, usage ARR does not',
    partition  Int32                  COMMENT 'Partition of the usage topic that its record is in',
    `offset`   Int64                  COMMENT 'Offset of its record in that partition',
    price_book LowCardinality(String) COMMENT 'Version of the price book in force at its record (price_books); empty in a row from before it was kept'
)
AS SELECT
    v.account AS account,
    v.time AS time,
    v.line AS line,
    v.product AS product,
    v.segment AS segment,
    v.region AS region,
    v.currency AS currency,
    CAST(v.quantities, 'Map(String, UInt64)') AS quantities,
    v.revenue AS revenue,
    v.cost AS cost,
    v.source AS source,
    v.id AS id,
    v.type AS type,
    CAST(v.one_off, 'Bool') AS one_off,
    v.partition AS partition,
    toInt64(v.version) AS `offset`,
    v.price_book AS price_book
FROM {{.DB}}.usage_event_versions AS v FINAL
WHERE v.epoch = {{.Epoch .Usage}}
-- The month, by which the table is partitioned, is a function of the hour in the sort
-- key. ClickHouse does not see that by itself, and would look into every month.
SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT 'One row per accepted usage or adjustment event'
