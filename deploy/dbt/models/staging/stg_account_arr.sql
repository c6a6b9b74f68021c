SELECT
    account,
    line,
    currency,
    usage_arr,
    subscription_arr,
    arr
FROM {{ source('runrate', 'account_arr_now') }}
