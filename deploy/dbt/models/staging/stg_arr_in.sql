SELECT
    as_of,
    line,
    currency,
    usage_arr,
    subscription_arr,
    arr
FROM {{ runrate.asked('arr_in', currency=var('runrate_currency')) }}
