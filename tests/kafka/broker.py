"""A broker of librdkafka's mock cluster, and a reader of one topic: for tests/clients/support/kafka.mjs.

Says `{"port": n}` first, then one line of JSON for each message: key, value, partition, and what the schema has
against the value. Ends when stdin does.
"""

import json
import sys
import threading

from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition
from jsonschema import Draft202012Validator

TOPIC = sys.argv[1]
# Everything is valid by the empty schema.
SCHEMA = json.load(open(sys.argv[2], encoding="utf-8")) if len(sys.argv) > 2 else {}
PARTITIONS = 4


def say(**fields):
    print(json.dumps(fields), flush=True)


def main():
    # The cluster lives as long as the producer that was told to have one.
    owner = Producer({"test.mock.num.brokers": 1})
    [broker] = owner.list_topics(TOPIC, timeout=10).brokers.values()
    address = f"{broker.host}:{broker.port}"
    reader = Consumer({"bootstrap.servers": address, "group.id": "reader"})
    reader.assign([TopicPartition(TOPIC, number, OFFSET_BEGINNING) for number in range(PARTITIONS)])
    validator = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)
    say(port=broker.port, partitions=len(owner.list_topics(TOPIC, timeout=10).topics[TOPIC].partitions))
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    while not ended.is_set():
        message = reader.poll(0.1)
        if message is None or message.error():
            continue
        value = json.loads(message.value())
        faults = [error.message for error in validator.iter_errors(value)]
        say(key=message.key().decode(), value=value, partition=message.partition(), faults=faults)
    reader.close()


main()
