{#
  A view of runrate that takes parameters, as it stands in FROM: asked('arr_in', currency='EUR').
  A text becomes a literal of ClickHouse; any other value stands as it is.
#}
{% macro asked(view) -%}
{%- set given = [] -%}
{%- for name, value in kwargs.items() -%}
    {%- if value is string -%}
        {%- do given.append(name ~ " = '" ~ value | replace("\\", "\\\\") | replace("'", "\\'") ~ "'") -%}
    {%- else -%}
        {%- do given.append(name ~ " = " ~ value) -%}
    {%- endif -%}
{%- endfor -%}
{{ source('runrate', view) }}({{ given | join(", ") }})
{%- endmacro %}
