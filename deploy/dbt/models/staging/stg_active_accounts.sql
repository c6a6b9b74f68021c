SELECT
    as_of,
    `window`,
    line,
    accounts
FROM {{ source('runrate', 'active_accounts') }}
