-- The definitions that figures rest on.

CREATE TABLE IF NOT EXISTS {{.DB}}.definition_versions{{.OnCluster}}
(
    epoch           UInt32 COMMENT 'Logic epoch of runrate.usage that was folded by this definition',
    arr_window_days UInt16 COMMENT 'Length in days of the window that usage ARR is taken from; one of the day windows of rolling_revenue',
    arr_multiplier  UInt32 COMMENT 'usage_arr = arr_multiplier x usage revenue of that window',
    set_at          DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When it was set, by the server clock; the latest counts'
)
ENGINE = {{.Replacing "set_at"}}
ORDER BY epoch
SETTINGS {{.Settings}}
COMMENT 'Definitions of usage ARR that differ from the default of 28 days x 13; read definitions instead';
