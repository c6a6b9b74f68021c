CREATE OR REPLACE VIEW {{.DB}}.retention{{.Suffix}}{{.OnCluster}}
{{if .Now}}(
    line                 LowCardinality(String) COMMENT 'Business line, kinds apart as in net_new_arr; * is all lines, each account added up over lines and kinds first, so that moving between them is neither churn nor new',
    currency             LowCardinality(String) COMMENT 'ISO 4217 code of the amounts; never add amounts of different currencies',
    opening              Decimal(38, 12)        COMMENT 'ARR as of T - {{.NetNewDays}} days, in currency units a year',
    new                  Decimal(38, 12)        COMMENT 'From accounts that were first above 0 after T - {{.NetNewDays}} days',
    expansion            Decimal(38, 12)        COMMENT 'Rise of accounts that were above 0; changes that stay at or below 0, too, by their sign',
    reactivation         Decimal(38, 12)        COMMENT 'From accounts at or below 0 at T - {{.NetNewDays}} days that had been above 0 before',
    contraction          Decimal(38, 12)        COMMENT 'Fall of accounts, but not to 0; negative',
    churn                Decimal(38, 12)        COMMENT 'From accounts that fell from above 0 to 0 or below; negative',
    closing              Decimal(38, 12)        COMMENT 'ARR as of T; two amounts are multiplied and divided by multiplyDecimal, divideDecimal or as Float64: * and / are wrong without an error from 14 digits on',
    nrr                  Nullable(Float64)      COMMENT 'Net revenue retention: (opening + expansion + contraction + churn) / opening; 1 is 100 %; null where opening is 0',
    grr                  Nullable(Float64)      COMMENT 'Gross revenue retention: (opening + contraction + churn) / opening; null where opening is 0',
    quick_ratio          Nullable(Float64)      COMMENT '(new + expansion + reactivation) / -(contraction + churn); null where nothing was lost',
    accounts_opening     UInt64                 COMMENT 'Accounts above 0 as of T - {{.NetNewDays}} days, over kinds',
    accounts_new         UInt64                 COMMENT 'Accounts above 0 as of T that were first above 0 after T - {{.NetNewDays}} days',
    accounts_reactivated UInt64                 COMMENT 'Accounts above 0 as of T, not as of T - {{.NetNewDays}} days, and above 0 before that',
    accounts_churned     UInt64                 COMMENT 'Accounts above 0 as of T - {{.NetNewDays}} days and not as of T',
    accounts_closing     UInt64                 COMMENT 'Accounts above 0 as of T: opening + new + reactivated - churned',
    logo_churn           Nullable(Float64)      COMMENT 'accounts_churned / accounts_opening; null where that is 0',
    arpa                 Nullable(Decimal(38, 12)) COMMENT 'closing / accounts_closing, in currency units a year, rounded half to even at the 12th decimal; null where that is 0'
)
{{end}}AS {{.With true}} SELECT
    s.line AS line,
    s.currency AS currency,
    s.opening AS opening,
    s.new AS new,
    s.expansion AS expansion,
    s.reactivation AS reactivation,
    s.contraction AS contraction,
    s.churn AS churn,
    s.closing AS closing,
    {{.Ratio "s.opening + s.expansion + s.contraction + s.churn" "s.opening"}} AS nrr,
    {{.Ratio "s.opening + s.contraction + s.churn" "s.opening"}} AS grr,
    {{.Ratio "s.new + s.expansion + s.reactivation" "-(s.contraction + s.churn)"}} AS quick_ratio,
    s.accounts_opening AS accounts_opening,
    s.accounts_new AS accounts_new,
    s.accounts_reactivated AS accounts_reactivated,
    s.accounts_churned AS accounts_churned,
    s.accounts_closing AS accounts_closing,
    if(s.accounts_opening = 0, NULL, s.accounts_churned / s.accounts_opening) AS logo_churn,
    if(s.accounts_closing = 0, NULL, {{.Converted "s.closing" "toDecimal128(1, 12)" "toDecimal128(s.accounts_closing, 12)"}}) AS arpa
FROM
(
    SELECT
        a.line AS line,
        a.currency AS currency,
        sum(a.before) AS opening,
        sum(if(a.line = '*', if(a.moved = 'new', a.now - a.before, toDecimal128(0, 12)), a.new_apart)) AS new,
        sum(if(a.line = '*', if(a.moved = 'expansion', a.now - a.before, toDecimal128(0, 12)), a.expansion_apart)) AS expansion,
        sum(if(a.line = '*', if(a.moved = 'reactivation', a.now - a.before, toDecimal128(0, 12)), a.reactivation_apart)) AS reactivation,
        sum(if(a.line = '*', if(a.moved = 'contraction', a.now - a.before, toDecimal128(0, 12)), a.contraction_apart)) AS contraction,
        sum(if(a.line = '*', if(a.moved = 'churn', a.now - a.before, toDecimal128(0, 12)), a.churn_apart)) AS churn,
        sum(a.now) AS closing,
        countIf(a.before > 0) AS accounts_opening,
        countIf(a.moved = 'new') AS accounts_new,
        countIf(a.moved = 'reactivation') AS accounts_reactivated,
        countIf(a.moved = 'churn') AS accounts_churned,
        countIf(a.now > 0) AS accounts_closing
    FROM
    (
        SELECT
            b.account AS account,
            b.line AS line,
            b.currency AS currency,
            sum(b.was) AS before,
            sum(b.is) AS now,
            {{.Movement "before" "now" "minIf(b.first, b.first > toDate(0))"}} AS moved,
            sumIf(b.is - b.was, b.moved = 'new') AS new_apart,
            sumIf(b.is - b.was, b.moved = 'expansion') AS expansion_apart,
            sumIf(b.is - b.was, b.moved = 'reactivation') AS reactivation_apart,
            sumIf(b.is - b.was, b.moved = 'contraction') AS contraction_apart,
            sumIf(b.is - b.was, b.moved = 'churn') AS churn_apart
        FROM
        (
            SELECT
                p.account AS account, CAST(arrayJoin([toString(p.line), '*']) AS LowCardinality(String)) AS line, p.currency AS currency,
                p.before AS was, p.now AS is, p.first AS first, {{.Movement "p.before" "p.now" "p.first"}} AS moved
            FROM {{.Parts}} AS p
        ) AS b
        GROUP BY b.account, b.line, b.currency
    ) AS a
    GROUP BY a.line, a.currency
) AS s
COMMENT '{{.Only}}Retention between T - {{if .Now}}{{.NetNewDays}} days and T{{else}}days and T, asked for as retention(as_of = \'2026-11-24\', days = 365); columns line (* is all), currency, opening, new, expansion, reactivation, contraction, churn, closing, nrr, grr, quick_ratio, accounts_opening, accounts_new, accounts_reactivated, accounts_churned, accounts_closing, logo_churn, arpa{{end}}: one row per line and currency with ARR then or now; ratios are rounded, amounts never; docs/DEFINITIONS.md A14'
