-- Subscriptions, their recurring revenue and its movements.

CREATE TABLE IF NOT EXISTS {{.DB}}.subscription_change_versions{{.OnCluster}}
(
    epoch            UInt32                 COMMENT 'Logic epoch that accepted the event',
    partition        Int32                  COMMENT 'Source partition of runrate.subscriptions; a function of the account',
    account          String                 COMMENT 'Customer account' CODEC(ZSTD(1)),
    time             DateTime64(6, 'UTC')   COMMENT 'Event time: the state holds from then on' CODEC(Delta(8), ZSTD(1)),
    subscription     String                 COMMENT 'Subscription id, unique within the account' CODEC(ZSTD(1)),
    line             LowCardinality(String) COMMENT 'Business line',
    plan             LowCardinality(String) COMMENT 'Plan',
    status           LowCardinality(String) COMMENT 'trialing, active, past_due, paused, unpaid or canceled',
    segment          LowCardinality(String) COMMENT 'Customer segment; may be empty',
    region           LowCardinality(String) COMMENT 'Region; may be empty',
    currency         LowCardinality(String) COMMENT 'ISO 4217 code of unit_amount and mrr',
    quantity         UInt64                 COMMENT 'Units, such as seats' CODEC(ZSTD(1)),
    unit_amount      Decimal(38, 12)        COMMENT 'Price of a unit for one billing interval, in currency units, before discount' CODEC(ZSTD(1)),
    billing_interval LowCardinality(String) COMMENT 'day, week, month or year',
    interval_count   UInt32                 COMMENT 'Billing intervals that unit_amount pays for',
    discount_percent Decimal(38, 12)        COMMENT 'Discount, 0..100' CODEC(ZSTD(1)),
    mrr              Decimal(38, 12)        COMMENT 'Monthly recurring revenue in currency units, after discount; 0 unless active or past_due' CODEC(ZSTD(1)),
    source           String                 COMMENT 'Producer of the event' CODEC(ZSTD(1)),
    id               String                 COMMENT 'Event id given by the producer' CODEC(ZSTD(1)),
    identity         FixedString(16)        COMMENT 'First 16 bytes of SHA-256 over account, source, id and time: the same event has the same one' CODEC(NONE),
    version          UInt64                 COMMENT 'Offset of the event' CODEC(Delta(8), ZSTD(1))
)
ENGINE = {{.Replacing "version"}}
PARTITION BY (epoch, toYYYYMM(time))
ORDER BY (epoch, toStartOfHour(time), partition, account, identity)
SETTINGS {{.Settings}}
COMMENT 'Ledger of accepted subscription.changed events, what the subscription views are derived from; a row per version';

CREATE TABLE IF NOT EXISTS {{.DB}}.subscription_versions{{.OnCluster}}
(
    epoch        UInt32                 COMMENT 'Logic epoch; views show the current epoch of the topic only',
    partition    Int32                  COMMENT 'Source partition of runrate.subscriptions; a function of the account',
    account      String                 COMMENT 'Customer account' CODEC(ZSTD(1)),
    subscription String                 COMMENT 'Subscription id, unique within the account' CODEC(ZSTD(1)),
    line         LowCardinality(String) COMMENT 'Business line',
    plan         LowCardinality(String) COMMENT 'Plan',
    status       LowCardinality(String) COMMENT 'trialing, active, past_due, paused, unpaid or canceled',
    segment      LowCardinality(String) COMMENT 'Customer segment; may be empty',
    region       LowCardinality(String) COMMENT 'Region; may be empty',
    currency     LowCardinality(String) COMMENT 'ISO 4217 code of mrr',
    mrr          Decimal(38, 12)        COMMENT 'Monthly recurring revenue in currency units, after discount; 0 unless active or past_due' CODEC(ZSTD(1)),
    since        DateTime64(6, 'UTC')   COMMENT 'Event time of the latest change' CODEC(Delta(8), ZSTD(1)),
    version      UInt64                 COMMENT 'Offset of the last record that changed the row' CODEC(Delta(8), ZSTD(1))
)
ENGINE = {{.Replacing "version"}}
PARTITION BY epoch
ORDER BY (epoch, account, subscription)
SETTINGS {{.Settings}}
COMMENT 'Subscriptions after their latest change, a row per version; read subscriptions instead';

CREATE TABLE IF NOT EXISTS {{.DB}}.mrr_movement_versions{{.OnCluster}}
(
    epoch        UInt32                 COMMENT 'Logic epoch; views show the current epoch of the topic only',
    partition    Int32                  COMMENT 'Source partition of runrate.subscriptions; a function of the account',
    time         DateTime64(6, 'UTC')   COMMENT 'Event time of the change' CODEC(Delta(8), ZSTD(1)),
    change       UInt64                 COMMENT 'Offset of the change; orders changes of equal time' CODEC(Delta(8), ZSTD(1)),
    account      String                 COMMENT 'Customer account' CODEC(ZSTD(1)),
    line         LowCardinality(String) COMMENT 'Business line',
    currency     LowCardinality(String) COMMENT 'ISO 4217 code of amount',
    subscription String                 COMMENT 'Subscription whose change moved the sum' CODEC(ZSTD(1)),
    movement     LowCardinality(String) COMMENT 'new, expansion, reactivation, contraction or churn; empty hides a row that was derived again to nothing',
    amount       Decimal(38, 12)        COMMENT 'Signed change of the MRR of the account in the line, in currency units' CODEC(ZSTD(1)),
    version      UInt64                 COMMENT 'Offset of the last record that changed the row' CODEC(Delta(8), ZSTD(1))
)
ENGINE = {{.Replacing "version"}}
PARTITION BY (epoch, toYYYYMM(time))
ORDER BY (epoch, line, time, account, currency, change)
SETTINGS {{.Settings}}
COMMENT 'Movements of MRR, a row per version; read mrr_movements instead';

CREATE TABLE IF NOT EXISTS {{.DB}}.mrr_versions{{.OnCluster}}
(
    epoch         UInt32                 COMMENT 'Logic epoch; views show the current epoch of the topic only',
    partition     Int32                  COMMENT 'Source partition of runrate.subscriptions that the total is of',
    as_of         DateTime('UTC')        COMMENT 'Hour boundary T; changes with event time before T count' CODEC(Delta(4), ZSTD(1)),
    line          LowCardinality(String) COMMENT 'Business line',
    plan          LowCardinality(String) COMMENT 'Plan',
    segment       LowCardinality(String) COMMENT 'Customer segment; may be empty',
    region        LowCardinality(String) COMMENT 'Region; may be empty',
    currency      LowCardinality(String) COMMENT 'ISO 4217 code of mrr',
    mrr           Decimal(38, 12)        COMMENT 'Monthly recurring revenue in currency units; 0 hides the row' CODEC(ZSTD(1)),
    subscriptions UInt64                 COMMENT 'Subscriptions with MRR above 0' CODEC(ZSTD(1)),
    version       UInt64                 COMMENT 'Offset of the last record that changed the row' CODEC(Delta(8), ZSTD(1))
)
ENGINE = {{.Replacing "version"}}
PARTITION BY (epoch, toYYYYMM(as_of))
ORDER BY (epoch, as_of, line, plan, segment, region, currency, partition)
SETTINGS {{.Settings}}
COMMENT 'MRR by hour, a row per source partition and version; read mrr instead';
