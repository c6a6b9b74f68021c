CREATE OR REPLACE VIEW {{.DB}}.definitions{{.OnCluster}}
(
    epoch           UInt32 COMMENT 'Logic epoch of {{.Usage}} that is shown',
    arr_window_days UInt16 COMMENT 'Length in days of the window that usage ARR is taken from',
    arr_multiplier  UInt32 COMMENT 'usage_arr = arr_multiplier x usage revenue of that window',
    mrr_statuses    Array(String) COMMENT 'Statuses of subscriptions whose MRR counts, in the epoch of {{.Subscriptions}} that is shown'
)
AS SELECT
    {{.Epoch .Usage}} AS epoch,
    toUInt16(if(count() = 0, {{.DefaultARR.WindowDays}}, any(v.arr_window_days))) AS arr_window_days,
    toUInt32(if(count() = 0, {{.DefaultARR.Multiplier}}, any(v.arr_multiplier))) AS arr_multiplier,
    (SELECT splitByChar(',', if(count() = 0, '{{.DefaultStatuses}}', any(m.statuses))) FROM {{.DB}}.mrr_status_versions AS m FINAL WHERE m.epoch = {{.Epoch .Subscriptions}}) AS mrr_statuses
FROM {{.DB}}.definition_versions AS v FINAL
WHERE v.epoch = {{.Epoch .Usage}}
COMMENT 'The definitions in force, of usage ARR and of the statuses that count, always one row; runrate rebuild changes them'
