-- Which log an epoch was folded from: what the log itself can prove of that.

ALTER TABLE {{.DB}}.epoch_entries{{.OnCluster}}
    ADD COLUMN IF NOT EXISTS log_identity String DEFAULT '' COMMENT 'Of opened: the first record of each partition that had one, as topic/partition@offset=fingerprint, parted by blanks';
