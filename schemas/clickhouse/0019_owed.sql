-- Since when what late events change of closed windows is not written. It is no part of
-- progress: that is a function of the log, and when a flush pays is not.

ALTER TABLE {{.DB}}.partition_status_versions{{.OnCluster}}
    ADD COLUMN IF NOT EXISTS owed_since Nullable(DateTime64(6, 'UTC')) COMMENT 'Since when amendments of late events are owed, by the clock of the consumer; null: nothing is owed';
