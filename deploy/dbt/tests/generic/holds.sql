{# A condition that each row meets; null is not met. #}
{% test holds(model, condition) %}
SELECT *
FROM {{ model }}
WHERE NOT ifNull({{ condition }}, false)
{% endtest %}
