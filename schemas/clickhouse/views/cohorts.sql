CREATE OR REPLACE VIEW {{.DB}}.cohorts{{.Suffix}}{{.OnCluster}}
{{if .Now}}(
    cohort    Date                   COMMENT 'First of the month of the midnight as of which an account first had ARR in the currency, in any line and of any kind',
    month     UInt16                 COMMENT 'Months since: 0 is that of the cohort',
    currency  LowCardinality(String) COMMENT 'ISO 4217 code of the amounts; never add amounts of different currencies',
    accounts  UInt64                 COMMENT 'Accounts of the cohort, the same in each of its months',
    active    UInt64                 COMMENT 'Of these, those above 0 at the last midnight of the month, or at T if that is earlier',
    arr       Decimal(38, 12)        COMMENT 'ARR of the accounts then, over lines and kinds, in currency units a year; two amounts are multiplied and divided by multiplyDecimal, divideDecimal or as Float64: * and / are wrong without an error from 14 digits on',
    arr_share Nullable(Float64)      COMMENT 'arr / arr of month 0; null where that is 0'
)
{{end}}AS {{.With false}} SELECT
    c.cohort AS cohort,
    c.month AS month,
    c.currency AS currency,
    c.accounts AS accounts,
    c.active AS active,
    c.arr AS arr,
    {{.Ratio "c.arr" "c.opening"}} AS arr_share
FROM
(
    SELECT
        g.cohort AS cohort,
        g.month AS month,
        g.currency AS currency,
        sum(g.accounts) AS accounts,
        sum(g.active) AS active,
        sum(g.arr) AS arr,
        first_value(sum(g.arr)) OVER (PARTITION BY g.cohort, g.currency ORDER BY g.month) AS opening
    FROM
    (
        SELECT f.cohort AS cohort, toUInt16(arrayJoin(range(dateDiff('month', f.cohort, as_of_day) + 1))) AS month, f.currency AS currency, f.accounts AS accounts, toUInt64(0) AS active, toDecimal128(0, 12) AS arr
        FROM (SELECT h.cohort AS cohort, h.currency AS currency, count() AS accounts FROM {{.Cohorts}} AS h GROUP BY h.cohort, h.currency) AS f
        UNION ALL
        SELECT h.cohort, toUInt16(dateDiff('month', h.cohort, v.at)), h.currency, toUInt64(0), countIf(v.worth > 0), sum(v.worth)
        FROM
        (
            SELECT w.account AS account, w.currency AS currency, w.at AS at, sum(w.worth) AS worth
            FROM {{.Worth .MonthEnds}} AS w
            GROUP BY w.account, w.currency, w.at
        ) AS v
        INNER JOIN {{.Cohorts}} AS h ON v.account = h.account AND v.currency = h.currency
        WHERE v.at >= h.cohort
        GROUP BY h.cohort, v.at, h.currency
    ) AS g
    GROUP BY g.cohort, g.month, g.currency
) AS c
COMMENT '{{.Only}}Accounts by the month of their first ARR, and what is left of them in each month since{{if not .Now}}, asked for as cohorts(as_of = \'2026-11-24\'); columns cohort, month, currency, accounts, active, arr, arr_share{{end}}: at the last midnight of each month, the last row of a cohort at T, which is as of arr; docs/DEFINITIONS.md A15'
