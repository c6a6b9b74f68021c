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
    net_new,
    fx
FROM {{ runrate.asked('net_new_arr_in', currency=var('runrate_currency')) }}
