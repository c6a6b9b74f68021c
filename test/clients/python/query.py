"""Prints the sum of revenue that an analyst's client reads, exactly.

query.py CLIENT HOST HTTP_PORT TCP_PORT
"""

import sys
from decimal import Decimal

client, host, http, tcp = sys.argv[1:]
SQL = "SELECT sum(revenue) FROM revenue.usage_events"

if client == "clickhouse-connect":
    import clickhouse_connect

    value = clickhouse_connect.get_client(host=host, port=int(http)).query(SQL).result_rows[0][0]
else:
    from clickhouse_driver import Client

    value = Client(host=host, port=int(tcp)).execute(SQL)[0][0]
assert isinstance(value, Decimal), type(value)
print(f"{value:f}")
