-- What came with a refused record beside its value: in binary mode the attributes of
-- its event are there, and it cannot be sent again without.

ALTER TABLE {{.DB}}.dead_letter_versions{{.OnCluster}}
    ADD COLUMN IF NOT EXISTS headers Array(Tuple(String, String)) COMMENT 'Record headers, name and raw value, in their order';

ALTER TABLE {{.DB}}.dead_letter_versions{{.OnCluster}}
    ADD COLUMN IF NOT EXISTS headers_kept UInt8 DEFAULT 0 COMMENT '1 if headers are those of the record; 0 in a row from before they were kept';
