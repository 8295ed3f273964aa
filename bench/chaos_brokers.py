"""Brokers that are killed and started again on what they have; each is read by a client of its own project."""

import asyncio
import threading
import time
from contextlib import suppress
from typing import Any

import confluent_kafka
from tests.e2e.service import Service

from bench.chaos_judge import Arrival, arrival
from neighbours import kafka, mosquitto, nats, redis

STREAM = "chaos"
_PATIENCE_S, _QUIET_S = 60.0, 3.0


class _Broker:
    kind: str
    ordered = True

    def __init__(self, server: str) -> None:
        self._server = server
        self.name = f"dis: {self.kind}"

    def prepare(self, service: Service) -> None:
        body = {"name": "broker", "kind": self.kind, "servers": [self._server]}
        status, answer = service.ask("POST", "/vedette/v1/{p}/brokers", body)
        if status != 201:
            raise SystemExit(f"the broker was refused: {answer}")

    def output(self) -> dict[str, Any]:
        return {"dis": {"stream_name": STREAM}}


class Nats(_Broker):
    kind = "nats"

    def __init__(self) -> None:
        self._broker = nats.Nats()
        self._broker.start()
        super().__init__(self._broker.server)
        asyncio.run(self._broker.make("kept", STREAM))

    absent = staticmethod(nats.absent)

    def arrivals(self, service: Service) -> list[Arrival]:
        del service
        return [arrival(record.data) for record in asyncio.run(self._broker.records("kept"))]

    def kill(self) -> None:
        self._broker.kill()

    def start(self) -> None:
        self._broker.start()

    def close(self) -> None:
        self._broker.__exit__()


class Redis(_Broker):
    kind = "redis"

    def __init__(self) -> None:
        self._broker = redis.Redis()
        self._broker.start()
        super().__init__(self._broker.server)

    absent = staticmethod(redis.absent)

    def arrivals(self, service: Service) -> list[Arrival]:
        del service
        return [arrival(fields[b"data"]) for fields in asyncio.run(self._broker.entries(STREAM))]

    def kill(self) -> None:
        self._broker.kill()

    def start(self) -> None:
        self._broker.start()

    def close(self) -> None:
        self._broker.__exit__()


class Mqtt(_Broker):
    """A broker of MQTT keeps nothing for those who come later: a reader is there from the beginning, with a session.

    Mosquitto acknowledges before it writes to its disk, so what was acknowledged and not yet read is gone with it.
    """

    kind = "mqtt"
    vouches = False

    def __init__(self) -> None:
        self._broker = mosquitto.Mosquitto("max_queued_messages 0")
        self._broker.start()
        super().__init__(self._broker.server)
        self._reader = mosquitto.Reader(self._broker.port, STREAM, 1)

    absent = staticmethod(mosquitto.absent)

    def arrivals(self, service: Service) -> list[Arrival]:
        counted = service.call("GET", "/vedette/v1/{p}/events?limit=1")["count"]
        with suppress(AssertionError):  # the table says how many are missing
            self._reader.until(lambda got: len({arrival(one.payload).id for one in got}) >= counted, _PATIENCE_S)
        return [arrival(one.payload) for one in self._reader.messages]

    def kill(self) -> None:
        self._broker.kill()

    def start(self) -> None:
        self._broker.start()

    def close(self) -> None:
        self._reader.close()
        self._broker.__exit__()


class Kafka(_Broker):
    """librdkafka's own cluster for tests, in this process: its broker is cut off and comes back, with its records.

    It keeps the last 5 MiB alone, so somebody reads all the time.
    """

    kind = "kafka"

    def __init__(self) -> None:
        self._broker = kafka.Kafka()
        self._broker.topic(STREAM)
        super().__init__(self._broker.servers[0])
        self._bodies: list[bytes] = []
        self._last = time.monotonic()
        self._over = threading.Event()
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        often = {"reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 50, "fetch.wait.max.ms": 50}
        where = {"bootstrap.servers": self._server, "group.id": "reader", "log_level": 0}
        reader = confluent_kafka.Consumer(where | often)
        reader.assign([confluent_kafka.TopicPartition(STREAM, 0, 0)])
        while not self._over.is_set():
            record = reader.poll(0.1)
            if record is not None and record.error() is None:
                self._bodies.append(record.value())
                self._last = time.monotonic()
        reader.close()

    def arrivals(self, service: Service) -> list[Arrival]:
        del service
        while time.monotonic() - self._last < _QUIET_S:
            time.sleep(0.1)
        return [arrival(body) for body in self._bodies]

    def kill(self) -> None:
        self._broker.down()

    def start(self) -> None:
        self._broker.up()

    def close(self) -> None:
        self._over.set()
        self._reading.join()
        self._broker.__exit__()
