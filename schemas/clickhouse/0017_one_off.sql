-- Adjustments that are not made annual, and by which price book an event was booked. Rows of
-- other rules of folding (consumers/fold, Rules) have neither, and are folded anew.

ALTER TABLE {{.DB}}.usage_event_versions{{.OnCluster}}
    ADD COLUMN IF NOT EXISTS one_off UInt8 DEFAULT 0 COMMENT '1 if it is an adjustment that is not made annual: revenue has it, usage ARR does not';

ALTER TABLE {{.DB}}.usage_event_versions{{.OnCluster}}
    ADD COLUMN IF NOT EXISTS price_book LowCardinality(String) DEFAULT '' COMMENT 'Version of the price book that was in force at the record; empty in a row from before it was kept';

ALTER TABLE {{.DB}}.usage_hour_versions{{.OnCluster}}
    ADD COLUMN IF NOT EXISTS one_off Decimal(38, 12) DEFAULT 0 COMMENT 'Of revenue, what one-off adjustments are, in currency units' CODEC(ZSTD(1));

ALTER TABLE {{.DB}}.rolling_revenue_versions{{.OnCluster}}
    ADD COLUMN IF NOT EXISTS one_off Decimal(38, 12) DEFAULT 0 COMMENT 'Of revenue, what one-off adjustments are, in currency units: usage ARR is a multiple of the rest' CODEC(ZSTD(1));
