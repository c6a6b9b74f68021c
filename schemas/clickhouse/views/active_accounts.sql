CREATE OR REPLACE VIEW {{.DB}}.active_accounts{{.Suffix}}{{.OnCluster}}
(
    as_of    DateTime('UTC')        COMMENT 'End T of the window, a midnight, UTC: event time in [T - window, T)',
    `window` LowCardinality(String) COMMENT 'Length of the window: {{.ActiveWindows}}',
    line     LowCardinality(String) COMMENT 'Business line; * is all lines together, counted once per account',
    accounts UInt64                 COMMENT 'Exact number of distinct accounts with an accepted usage.recorded event in the window; not to be added over lines or windows'
)
AS SELECT
    v.as_of AS as_of,
    v.`window` AS `window`,
    v.line AS line,
    sum(v.accounts) AS accounts
FROM {{.DB}}.active_account_versions AS v FINAL
WHERE v.epoch = {{.Epoch .Usage}}
  AND v.as_of {{.Midnights .Usage}}
GROUP BY v.as_of, v.`window`, v.line
COMMENT '{{.Only}}Active accounts, one row per midnight passed, window and line; docs/DEFINITIONS.md W8'
