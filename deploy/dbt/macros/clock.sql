{#
  The clock of one topic of runrate, or of both: up to when its numbers are whole. It is the lowest of
  all partitions. 1970-01-01, which no threshold takes for fresh, if a partition is not there, has no
  clock, or is ahead of now by more than a minute: then a tick was wrong.
  topics: 'usage' and 'subscriptions', or one of them.
#}
{% macro clock(topics) -%}
{%- set db = var('runrate_database') -%}
{%- set named = "('runrate." ~ topics | join("', 'runrate.") ~ "')" -%}
SELECT if(
    count() > 0
    AND count() = (SELECT sum(e.partitions) FROM {{ db }}.epochs AS e WHERE e.shown AND e.topic IN {{ named }})
    AND uniqExact(f.topic) = {{ topics | length }}
    AND max(f.clock) <= now64(6, 'UTC') + INTERVAL 60 SECOND,
    min(f.clock), toDateTime64(0, 6, 'UTC')) AS clock
FROM {{ db }}.freshness AS f
WHERE f.topic IN {{ named }}
{%- endmacro %}
