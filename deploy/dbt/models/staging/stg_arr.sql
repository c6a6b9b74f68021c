SELECT
    as_of,
    line,
    currency,
    usage_arr,
    subscription_arr,
    arr
FROM {{ source('runrate', 'arr') }}
