SELECT source, sum(revenue) AS revenue FROM revenue.usage_events GROUP BY source
