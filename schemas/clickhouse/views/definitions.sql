CREATE OR REPLACE VIEW {{.DB}}.definitions{{.OnCluster}}
(
    epoch           UInt32 COMMENT 'Logic epoch of {{.Usage}} that is shown',
    arr_window_days UInt16 COMMENT 'Length in days of the window that usage ARR is taken from',
    arr_multiplier  UInt32 COMMENT 'usage_arr = arr_multiplier x usage revenue of that window'
)
AS SELECT
    {{.Epoch .Usage}} AS epoch,
    toUInt16(if(count() = 0, {{.DefaultARR.WindowDays}}, any(v.arr_window_days))) AS arr_window_days,
    toUInt32(if(count() = 0, {{.DefaultARR.Multiplier}}, any(v.arr_multiplier))) AS arr_multiplier
FROM {{.DB}}.definition_versions AS v FINAL
WHERE v.epoch = {{.Epoch .Usage}}
COMMENT 'The definition of usage ARR in force, always one row'
