"""Posts 50 usage events to the door, and each of them again, by the CloudEvents SDK.

publish_http.py CLIENT URL KEY
"""

import sys
from datetime import datetime, timezone

import urllib3
from cloudevents.core.bindings import http
from cloudevents.core.v1.event import CloudEvent

client, url, key = sys.argv[1:]
form = client.split("/")[-1]
make = {"structured": http.to_structured_event, "binary": http.to_binary_event}[form]
pool = urllib3.PoolManager()

for n in range(50):
    event = CloudEvent(
        attributes={
            "specversion": "1.0",
            "type": "usage.recorded",
            "source": client,
            "id": f"event-{n}",
            "time": datetime(2026, 11, 2, 11, 0, 0, 123000, tzinfo=timezone.utc),
            "subject": f"acct_{n}",
            "datacontenttype": "application/json",
        },
        data={"product": "chat", "quantities": {"in": 1}},
    )
    message = make(event)
    for _ in range(2):
        answer = pool.request("POST", url, headers={**message.headers, "Authorization": f"Bearer {key}"}, body=message.body)
        if answer.status != 202:
            sys.exit(f"{answer.status}: {answer.data.decode()}")
