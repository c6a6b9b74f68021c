SELECT
    as_of,
    line,
    currency,
    opening,
    new,
    expansion,
    reactivation,
    contraction,
    churn,
    closing,
    net_new
FROM {{ source('runrate', 'net_new_arr') }}
