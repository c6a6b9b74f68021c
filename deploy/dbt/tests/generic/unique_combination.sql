{# Of these columns together there is one row each. #}
{% test unique_combination(model, columns) %}
SELECT {% for c in columns %}`{{ c }}`, {% endfor %}count() AS rows_of_it
FROM {{ model }}
GROUP BY {% for c in columns %}`{{ c }}`{{ ", " if not loop.last }}{% endfor %}
HAVING count() > 1
{% endtest %}
