-- Where the log of an epoch was copied from, if it was: nobody may write to that any more.

ALTER TABLE {{.DB}}.epoch_entries{{.OnCluster}}
    ADD COLUMN IF NOT EXISTS copied_from String DEFAULT '' COMMENT 'Of opened: the topic that its topic was copied from, and where that ended, JSON; empty if it was not copied';
