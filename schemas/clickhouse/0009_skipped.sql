-- Offsets that no producer's record is counted under: transaction markers and aborted
-- records, which are read and skipped; and records that are gone and were given up.

ALTER TABLE {{.DB}}.progress_versions{{.OnCluster}}
    ADD COLUMN IF NOT EXISTS skipped UInt64 DEFAULT 0 COMMENT 'Transaction markers and records of aborted transactions';

ALTER TABLE {{.DB}}.progress_versions{{.OnCluster}}
    ADD COLUMN IF NOT EXISTS lost UInt64 DEFAULT 0 COMMENT 'Records of gaps that were accepted';

ALTER TABLE {{.DB}}.progress_versions{{.OnCluster}}
    COMMENT COLUMN next_offset 'Offset after the last record folded; next_offset - first_offset = accepted + duplicate + refused + control + skipped + lost';
