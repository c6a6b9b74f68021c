-- What progress vouches for, so that tables which are older than it are known: those of a
-- backup that was not taken of all at one instant.

ALTER TABLE {{.DB}}.progress_versions{{.OnCluster}}
    ADD COLUMN IF NOT EXISTS wrote String DEFAULT '' COMMENT 'By table, the last flush that wrote rows of the partition to it: the least of their versions, and how many; as JSON. Empty if it is not known';
