"""Sends 50 usage events to Kafka, and each of them again, by the client that is named.

publish.py CLIENT BROKERS
"""

import asyncio
import json
import sys
from datetime import datetime, timezone

client, brokers = sys.argv[1:]
TOPIC = "runrate.usage"
WHEN = datetime(2026, 11, 2, 11, 0, 0, 123000, tzinfo=timezone.utc)


def attributes(n):
    return {
        "specversion": "1.0",
        "type": "usage.recorded",
        "source": client,
        "id": f"event-{n}",
        "time": WHEN,
        "subject": f"acct_{n}",
        "datacontenttype": "application/json",
    }


DATA = {"product": "chat", "quantities": {"in": 1}}


def plain(n):
    """The event as JSON, by hand."""
    event = attributes(n) | {"time": WHEN.isoformat(), "data": DATA}
    return f"acct_{n}", json.dumps(event).encode(), []


def by_sdk(n, structured):
    """The event by the CloudEvents SDK."""
    from cloudevents.core.bindings import kafka
    from cloudevents.core.v1.event import CloudEvent

    event = CloudEvent(attributes=attributes(n), data=DATA)
    key = lambda e: e.get_subject()
    m = kafka.to_structured_event(event, key_mapper=key) if structured else kafka.to_binary_event(event, key_mapper=key)
    return m.key, m.value, list(m.headers.items())


def confluent(make):
    from confluent_kafka import Producer

    failed = []
    settings = {"bootstrap.servers": brokers, "acks": "all", "enable.idempotence": True}
    if form != "defaults":
        settings["partitioner"] = "murmur2_random"
    producer = Producer(settings)
    for n in twice():
        key, value, headers = make(n)
        producer.produce(
            TOPIC, key=key, value=value, headers=headers, on_delivery=lambda e, _: failed.append(e) if e else None
        )
    if producer.flush(30) or failed:
        sys.exit(f"not sent: {failed}")


def kafka_python(make):
    from kafka import KafkaProducer

    producer = KafkaProducer(bootstrap_servers=brokers, acks="all")
    sent = []
    for n in twice():
        key, value, headers = make(n)
        key = key.encode() if isinstance(key, str) else key
        sent.append(producer.send(TOPIC, key=key, value=value, headers=headers))
    for s in sent:
        s.get(timeout=30)
    producer.close()


def aiokafka(make):
    from aiokafka import AIOKafkaProducer

    async def run():
        producer = AIOKafkaProducer(bootstrap_servers=brokers, acks="all")
        await producer.start()
        try:
            for n in twice():
                key, value, headers = make(n)
                key = key.encode() if isinstance(key, str) else key
                await producer.send_and_wait(TOPIC, key=key, value=value, headers=headers)
        finally:
            await producer.stop()

    asyncio.run(run())


def twice():
    for n in range(50):
        yield n
        yield n


send = {"confluent-kafka": confluent, "kafka-python": kafka_python, "aiokafka": aiokafka}
name, _, form = client.partition("/")
send[name]({"": plain, "defaults": plain, "structured": lambda n: by_sdk(n, True), "binary": lambda n: by_sdk(n, False)}[form])
