"""Kafka: an event is a record of a topic, with the task's id as its key; it is there when all replicas have it.

What a producer has taken and no broker has acknowledged in time stays with it: when the same event is put again, that
record is waited for, not made a second time, and the broker drops what the producer repeats (an idempotent producer,
KIP-98). So a repeat is written twice only if the service, or the producer after an error, began anew in between; both
have the same `ce_id`. Headers are those of CloudEvents' Kafka binding 1.0.2, binary mode.
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any, Final, Never

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import ClusterAuthorizationFailedError, IncompatibleBrokerVersion, KafkaError
from aiokafka.partitioner import DefaultPartitioner

from vedette.delivery.brokers.base import Resolve
from vedette.delivery.brokers.kafka_client import Access, end, producer
from vedette.delivery.brokers.kafka_refusals import told
from vedette.delivery.brokers.wire import CONNECT_S, tls_context
from vedette.delivery.sinks.base import Delivery
from vedette.delivery.sinks.cloud_events import attributes
from vedette.model.broker import Broker
from vedette.model.errors import SinkBusy, SinkError, SinkRefused, SinkUnreachable

PUT_S: Final = 15.0
"""For a record, from the connection to the acknowledgement."""
TOPIC_TRIES: Final = 6
"""Times that a topic is asked for: brokers that make topics when they are asked for need a moment."""
MOST_WAITING: Final = 10_000
"""Records that are remembered until their event is put again."""
RETIRE_S: Final = 10.0
"""For the other records of a producer that failed."""
STUCK_S: Final = 120.0
"""A record that is not acknowledged for this long is given up with its producer: it may look for brokers that moved."""
_Key = tuple[str, str]

logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # every failure is told where it matters: by the delivery


@dataclass(frozen=True, slots=True)
class _Record:
    """A record on its way, with whoever sends it."""

    future: asyncio.Future[Any]
    producer: AIOKafkaProducer
    since: float


class KafkaLink:
    """Puts events into the topics of one cluster."""

    def __init__(self, broker: Broker, resolve: Resolve) -> None:
        self._broker, self._resolve = broker, resolve
        self._where = ",".join(broker.servers)
        self._lock = asyncio.Lock()
        self._producer: AIOKafkaProducer | None = None
        self._idempotent = True
        self._waiting: dict[_Key, _Record] = {}
        self._retiring: set[asyncio.Task[None]] = set()

    async def put(self, delivery: Delivery, subject: str, body: bytes) -> None:
        """Write a record; see `Link.put` for what is raised."""
        key = (subject, delivery.event_id)
        try:
            async with asyncio.timeout(PUT_S):
                if key not in self._waiting:
                    self._remember(key, await self._hand_over(delivery, subject, body))
                await asyncio.shield(self._waiting[key].future)
        except TimeoutError as error:
            raise self._late(key, subject) from error
        except (KafkaError, OSError) as error:
            if (record := self._waiting.pop(key, None)) is not None:
                self._retire(record.producer)  # the broker counts records; after a failed one it takes none of it
            raise told(error, self._where, subject) from error
        self._waiting.pop(key, None)

    async def check(self, subject: str) -> None:
        """Connect, log in, and look for the topic; see `Checkable`."""
        try:
            async with asyncio.timeout(PUT_S):
                await self._partition(await self._started(subject), subject, b"")
        except TimeoutError as error:
            raise SinkUnreachable(f"{self._where} did not answer within {PUT_S:g} s.") from error
        except (KafkaError, OSError) as error:
            raise told(error, self._where, subject) from error

    async def close(self) -> None:
        """End the connections. What is not acknowledged fails."""
        self._retire(self._producer, 0)
        await asyncio.gather(*self._retiring, return_exceptions=True)
        self._waiting.clear()

    def _late(self, key: _Key, subject: str) -> SinkError:
        record = self._waiting.get(key)
        if record is not None and asyncio.get_running_loop().time() - record.since > STUCK_S:
            del self._waiting[key]
            self._retire(record.producer)
        sender = self._producer if record is None else record.producer
        if sender is not None and sender.client.failure is not None:
            return told(sender.client.failure, self._where, subject)
        late = f"{self._where} did not acknowledge the record within {PUT_S:g} s."
        return SinkUnreachable(late, connected=record is not None)

    async def _hand_over(self, delivery: Delivery, subject: str, body: bytes) -> _Record:
        """Give a record to the producer."""
        made = await self._started(subject)
        key = delivery.task_id.encode()
        partition = await self._partition(made, subject, key)
        told_of = [(f"ce_{name}", value.encode()) for name, value in attributes(delivery).items()]
        headers = [("content-type", b"application/json"), *told_of]
        future = await made.send(subject, body, key, partition, headers=headers)
        return _Record(future, made, asyncio.get_running_loop().time())

    async def _partition(self, made: AIOKafkaProducer, topic: str, key: bytes) -> int:
        """Return the partition of a key, whose leader is connected."""
        client = made.client
        for _ in range(TOPIC_TRIES):
            partitions = client.cluster.partitions_for_topic(topic)
            if partitions:
                break
            if not await client.add_topic(topic) or not await client.force_metadata_update():
                self._lost(made)
            if topic in client.cluster.unauthorized_topics:
                raise SinkRefused(f"{self._where} does not let this user write to the topic {topic}.")
            await asyncio.sleep(CONNECT_S / 20)
        else:
            raise SinkBusy(f"{self._where} has no topic {topic} (any more). Create it there.")
        partition = int(DefaultPartitioner()(key, sorted(partitions), None))
        leader = client.cluster.leader_for_partition(TopicPartition(topic, partition))
        if leader in (None, -1):
            client.force_metadata_update()
            raise SinkBusy(f"The partition {partition} of the topic {topic} has no leader at the moment.")
        if not await client.ready(leader):
            self._lost(made)
        return partition

    def _lost(self, made: AIOKafkaProducer) -> Never:
        """Tell that a broker cannot be connected to; the next put begins with the configured servers again."""
        if not any(not record.future.done() for record in self._waiting.values()):
            self._retire(made)
        raise made.client.failure or KafkaError("The brokers tell nothing of themselves.")

    async def _started(self, topic: str) -> AIOKafkaProducer:
        async with self._lock:
            if self._producer is None:
                self._producer = await self._start(topic)
            return self._producer

    async def _start(self, topic: str) -> AIOKafkaProducer:
        broker = self._broker
        context = await asyncio.to_thread(tls_context, broker)
        client_id = f"vedette-{broker.name}"
        access = Access(broker.servers, self._resolve, client_id, context, broker.username, broker.password)
        made = producer(access, topic, idempotent=self._idempotent)
        try:
            await made.start()
        except (IncompatibleBrokerVersion, ClusterAuthorizationFailedError):
            await end(made, 0)
            if not self._idempotent:
                raise
            self._idempotent = False  # an old broker, or one that forbids it: repeats are told by `ce_id` alone
            return await self._start(topic)
        except BaseException:
            await end(made, 0)
            raise
        return made

    def _remember(self, key: _Key, record: _Record) -> None:
        record.future.add_done_callback(
            lambda done: done.cancelled() or done.exception()
        )  # maybe nobody is there to hear
        self._waiting[key] = record
        if len(self._waiting) > MOST_WAITING:
            del self._waiting[next(iter(self._waiting))]

    def _retire(self, old: AIOKafkaProducer | None, patience_s: float = RETIRE_S) -> None:
        """Let a producer finish what others wait for, and end it; the next put makes a new one."""
        if old is not None and old is self._producer:
            self._producer = None
            task = asyncio.create_task(end(old, patience_s))
            self._retiring.add(task)
            task.add_done_callback(self._retiring.discard)


def open_link(broker: Broker, resolve: Resolve) -> KafkaLink:
    """Return the link of a broker; it connects with the first `put`."""
    return KafkaLink(broker, resolve)
