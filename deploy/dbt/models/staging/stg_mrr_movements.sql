SELECT
    time,
    account,
    line,
    currency,
    subscription,
    movement,
    amount
FROM {{ source('runrate', 'mrr_movements') }}
