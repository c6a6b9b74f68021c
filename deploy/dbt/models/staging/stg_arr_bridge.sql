SELECT
    account,
    line,
    currency,
    kind,
    before,
    now,
    movement,
    amount
FROM {{ source('runrate', 'arr_bridge_now') }}
