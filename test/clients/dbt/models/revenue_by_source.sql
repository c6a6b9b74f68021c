SELECT source, sum(revenue) AS revenue FROM {{ ref('runrate', 'stg_usage_events') }} GROUP BY source
