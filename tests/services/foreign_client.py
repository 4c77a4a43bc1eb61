"""A Kafka client that is not ours (python3-kafka), for tests.

    foreign_client.py produce BROKERS TOPIC COUNT PER_SECOND   reports of 50 devices; PER_SECOND 0: fast
    foreign_client.py place BROKERS TOPIC KEY...               a record per key; prints KEY PARTITION
    foreign_client.py consume BROKERS TOPIC COUNT              prints a line of JSON per record
"""
import json
import sys
import time

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

DEVICES = 50


def report(number):
    return json.dumps({
        "gateway": {"id": 7, "token": "B12F31EBDDF2D982895195964FEAB0065031430B"},
        "device": {"id": number % DEVICES, "auth": 64089519511846157},
        "reading": {"temp": 4.5, "time": 1466380800123 + number, "batt": number % 101},
    }).encode()


def produce(brokers, topic, count, per_second):
    producer = KafkaProducer(bootstrap_servers=brokers, linger_ms=5, acks="all", retries=100)
    start = time.monotonic()
    for number in range(int(count)):
        if float(per_second) > 0 and number % 100 == 0:
            time.sleep(max(0, start + number / float(per_second) - time.monotonic()))
        producer.send(topic, key=str(number % DEVICES).encode(), value=report(number))
    producer.flush()
    print("produced", count)


def place(brokers, topic, *keys):
    producer = KafkaProducer(bootstrap_servers=brokers)
    for key in keys:
        sent = producer.send(topic, key=key.encode(), value=b"v").get(timeout=10)
        print(key, sent.partition)


def consume(brokers, topic, count):
    consumer = KafkaConsumer(bootstrap_servers=brokers, consumer_timeout_ms=20000)
    partitions = [TopicPartition(topic, p) for p in sorted(consumer.partitions_for_topic(topic))]
    consumer.assign(partitions)
    consumer.seek_to_beginning()
    text = lambda raw: None if raw is None else raw.decode()
    for seen, record in enumerate(consumer, 1):
        print(json.dumps({
            "partition": record.partition, "offset": record.offset, "key": text(record.key),
            "value": text(record.value), "timestamp": record.timestamp,
            "headers": [[key, text(value)] for key, value in record.headers],
        }))
        if seen == int(count):
            break


{"produce": produce, "place": place, "consume": consume}[sys.argv[1]](*sys.argv[2:])
