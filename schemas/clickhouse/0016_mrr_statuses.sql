-- Which statuses of a subscription count as recurring, where they are other than the
-- default.

CREATE TABLE IF NOT EXISTS {{.DB}}.mrr_status_versions{{.OnCluster}}
(
    epoch    UInt32 COMMENT 'Logic epoch of runrate.subscriptions that was folded by these statuses',
    statuses String COMMENT 'Statuses whose MRR counts, parted by commas',
    set_at   DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When they were set, by the server clock; the latest count'
)
ENGINE = {{.Replacing "set_at"}}
ORDER BY epoch
SETTINGS {{.Settings}}
COMMENT 'Statuses that count as recurring where they differ from active and past_due; read definitions instead';

ALTER TABLE {{.DB}}.subscription_change_versions{{.OnCluster}}
    COMMENT COLUMN mrr 'Monthly recurring revenue in currency units, after discount; 0 in a status that does not count (view definitions)';

ALTER TABLE {{.DB}}.subscription_versions{{.OnCluster}}
    COMMENT COLUMN mrr 'Monthly recurring revenue in currency units, after discount; 0 in a status that does not count (view definitions)';
