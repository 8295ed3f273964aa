"""Events in topics of the Kafka cluster that librdkafka brings for tests, read back by confluent's consumer."""

import asyncio
import json
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from broker_post import broker_post, delivery, failure
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event

from neighbours.certificates import written
from neighbours.kafka import (
    MESSAGE_TOO_LARGE,
    NOT_ENOUGH_REPLICAS,
    OUT_OF_ORDER,
    TOPIC_NOT_ALLOWED,
    UNKNOWN_TOPIC,
    Kafka,
)
from neighbours.kafka_login import log_in
from neighbours.relay import relay
from vedette.delivery.brokers import kafka
from vedette.delivery.brokers.base import Place
from vedette.delivery.brokers.kafka import KafkaLink, open_link
from vedette.model.broker import Broker, BrokerKind
from vedette.model.errors import SinkBusy, SinkForbidden, SinkRefused, SinkUnreachable


@pytest.fixture
def cluster() -> Iterator[Kafka]:
    with Kafka() as running:
        yield running


@pytest.fixture
async def link(cluster: Kafka) -> AsyncIterator[KafkaLink]:
    made = link_to(*cluster.servers)
    yield made
    await made.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def anywhere(host: str, port: int) -> list[Place]:
    return [("127.0.0.1", port)]


def broker(*servers: str, **changes: object) -> Broker:
    usual = Broker("events", BrokerKind.KAFKA, servers, prefix="video.")
    return replace(usual, **changes)  # type: ignore[arg-type]


def link_to(*servers: str, **changes: object) -> KafkaLink:
    return open_link(broker(*servers, **changes), anywhere)


def ids(records: list[object]) -> list[str]:
    return [dict(record.headers())["ce_id"].decode() for record in records]  # type: ignore[attr-defined]


async def test_an_event_is_a_record_that_is_a_cloud_event(cluster: Kafka, tmp_path: Path) -> None:
    cluster.topic("video.gate")
    async with broker_post(tmp_path, broker(*cluster.servers)) as post:
        await post.sink.send(delivery(7))
    [record] = await asyncio.to_thread(cluster.read, "video.gate", 1)
    assert record.key() == b"task-1"
    assert json.loads(record.value()) == {"message_id": "event-7", "stream_id": "Tür 1"}
    told = from_binary_event(KafkaMessage(dict(record.headers()), record.key(), record.value()))
    assert told.get_id() == "event-7"
    assert told.get_source() == "/vedette/v1/p1/tasks/task-1"
    assert told.get_type() == "vedette.event.intrusion"
    assert told.get_subject() == "Tür 1"
    assert told.get_datacontenttype() == "application/json"
    assert told.get_extension("sequence") == "00000000000000000007"


async def test_a_task_stays_in_its_partition_and_in_its_order(cluster: Kafka, tmp_path: Path) -> None:
    """Through all of them being away, with events on their way and more to come."""
    cluster.topic("video.gate", partitions=4)
    tasks = ("one", "two", "three")
    async with broker_post(tmp_path, broker(*cluster.servers)) as post:
        sent = {task: await post.enqueue("gate", 30, task=task) for task in tasks}
        await post.delivered(20)
        cluster.down()
        for task in tasks:
            sent[task] += await post.enqueue("gate", 10, task=task)
        await asyncio.sleep(0.5)  # calls in vain
        cluster.up()
        await post.delivered(120)
        assert set(await post.states()) == {"done"}
    records = await asyncio.to_thread(cluster.read, "video.gate", 120)
    for task, wanted in sent.items():
        own = [record for record in records if record.key() == task.encode()]
        assert len({record.partition() for record in own}) == 1
        assert list(dict.fromkeys(ids(own))) == wanted
    assert len(records) - 120 <= len(tasks)  # those whose answers were cut off: this cluster does not tell repeats


@pytest.mark.parametrize(
    ("code", "said"), [(MESSAGE_TOO_LARGE, "larger than"), (TOPIC_NOT_ALLOWED, "does not let this user write")]
)
async def test_what_the_broker_never_takes_is_refused_and_harms_no_other(
    cluster: Kafka, link: KafkaLink, code: int, said: str
) -> None:
    cluster.topic("video.gate")
    await link.put(delivery(1), "video.gate", b"{}")
    cluster.fail(code)
    told = await failure(link.put(delivery(2), "video.gate", b"{}"))
    await link.put(delivery(3), "video.gate", b"{}")
    assert isinstance(told, SinkRefused)
    assert said in told.message
    assert ids(await asyncio.to_thread(cluster.read, "video.gate", 2)) == ["event-1", "event-3"]


@pytest.mark.parametrize("code", [NOT_ENOUGH_REPLICAS, UNKNOWN_TOPIC])
async def test_what_passes_is_tried_again_in_the_same_call(cluster: Kafka, link: KafkaLink, code: int) -> None:
    cluster.topic("video.gate")
    cluster.fail(code)
    await link.put(delivery(1), "video.gate", b"{}")
    assert ids(await asyncio.to_thread(cluster.read, "video.gate", 1)) == ["event-1"]


async def test_after_a_gap_in_its_numbers_another_producer_goes_on(cluster: Kafka, link: KafkaLink) -> None:
    """A broker that lost what it knew of the producer takes nothing more of that one."""
    cluster.topic("video.gate")
    cluster.fail(OUT_OF_ORDER)
    told = await failure(link.put(delivery(1), "video.gate", b"{}"))
    assert isinstance(told, SinkBusy)
    await link.put(delivery(1), "video.gate", b"{}")
    assert ids(await asyncio.to_thread(cluster.read, "video.gate", 1)) == ["event-1"]


async def test_a_record_without_an_answer_is_waited_for_and_not_made_again(
    cluster: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker is away for longer than a call; the record is the producer's until it is back."""
    monkeypatch.setattr(kafka, "PUT_S", 0.5)
    cluster.topic("video.gate")
    link = link_to(*cluster.servers)
    await link.put(delivery(0), "video.gate", b"{}")
    cluster.fail(*[NOT_ENOUGH_REPLICAS] * 4)
    told = await failure(link.put(delivery(1), "video.gate", b"{}"))
    assert isinstance(told, SinkUnreachable)
    assert told.connected
    cluster.fail()
    for _ in range(10):
        try:
            await link.put(delivery(1), "video.gate", b"{}")
        except SinkUnreachable:
            continue
        break
    await link.put(delivery(2), "video.gate", b"{}")
    await link.close()
    assert Counter(ids(await asyncio.to_thread(cluster.read, "video.gate", 3))) == Counter(
        ["event-0", "event-1", "event-2"]
    )


async def test_a_record_that_stays_without_an_answer_is_given_up_with_its_producer(
    cluster: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka, "PUT_S", 0.5)
    monkeypatch.setattr(kafka, "STUCK_S", 0.0)
    monkeypatch.setattr(kafka, "RETIRE_S", 0.1)
    cluster.topic("video.gate")
    link = link_to(*cluster.servers)
    cluster.fail(*[NOT_ENOUGH_REPLICAS] * 50)
    assert isinstance(await failure(link.put(delivery(1), "video.gate", b"{}")), SinkUnreachable)
    assert link._producer is None
    cluster.fail()
    await link.put(delivery(1), "video.gate", b"{}")
    await link.close()
    assert set(ids(await asyncio.to_thread(cluster.read, "video.gate", 1))) == {"event-1"}


async def test_a_topic_that_is_missing_is_said_to_be(cluster: Kafka, link: KafkaLink) -> None:
    cluster.ail("video.gate", UNKNOWN_TOPIC)
    for doing in (link.put(delivery(1), "video.gate", b"{}"), link.check("video.gate")):
        told = await failure(doing)
        assert isinstance(told, SinkBusy)
        assert "has no topic video.gate" in told.message


async def test_nobody_there_is_said_at_once(cluster: Kafka, link: KafkaLink) -> None:
    cluster.down()
    told = await failure(link.put(delivery(1), "video.gate", b"{}"))
    assert isinstance(told, SinkUnreachable)
    assert not told.connected
    assert "Connection refused" in told.message


async def test_a_broker_of_before_idempotence_is_written_to_all_the_same(cluster: Kafka, link: KafkaLink) -> None:
    cluster.topic("video.gate")
    cluster.knows(22, -1, -1)
    await link.put(delivery(1), "video.gate", b"{}")
    assert ids(await asyncio.to_thread(cluster.read, "video.gate", 1)) == ["event-1"]


async def test_brokers_that_metadata_names_are_judged_too(cluster: Kafka) -> None:
    """The cluster names a host of its own; nothing but the guard's word makes a connection to it."""
    cluster.topic("video.gate")
    port = int(cluster.servers[0].rpartition(":")[2])
    cluster.calls_itself("broker-1.example", 9092)
    asked: list[Place] = []
    forbidden = {"broker-1.example"}

    async def judge(host: str, to: int) -> list[Place]:
        asked.append((host, to))
        if host in forbidden:
            raise SinkForbidden(f"{host} is forbidden.")
        return [("127.0.0.1", port)]

    link = open_link(broker(*cluster.servers), judge)
    told = await failure(link.put(delivery(1), "video.gate", b"{}"))
    assert isinstance(told, SinkForbidden)
    forbidden.clear()
    await link.put(delivery(1), "video.gate", b"{}")
    await link.close()
    assert set(asked) == {("127.0.0.1", port), ("broker-1.example", 9092)}
    assert ids(await asyncio.to_thread(_read_at, cluster, port)) == ["event-1"]


async def test_the_certificate_is_compared_with_the_name_at_the_judged_address(
    cluster: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.topic("video.gate")
    shown, hidden = written("kafka.example", tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(shown))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(shown, hidden)
    plain = int(cluster.servers[0].rpartition(":")[2])
    async with relay(plain, tls=tls) as between:
        cluster.calls_itself("kafka.example", between.port)
        safe = link_to(f"kafka.example:{between.port}", tls=True)
        await safe.put(delivery(1), "video.gate", b"{}")
        cluster.calls_itself("other.example", between.port)
        other = link_to(f"kafka.example:{between.port}", tls=True)
        told = await failure(other.put(delivery(2), "video.gate", b"{}"))
        await safe.close()
        await other.close()
    assert isinstance(told, SinkUnreachable)
    assert "other.example" in told.message
    assert ids(await asyncio.to_thread(_read_at, cluster, plain)) == ["event-1"]


async def test_the_password_goes_in_the_best_way_that_the_broker_knows(cluster: Kafka) -> None:
    cluster.topic("video.gate")
    port = int(cluster.servers[0].rpartition(":")[2])
    async with log_in(port, b"PLAIN", b"\0writer\0pass word") as guarded:
        cluster.calls_itself("127.0.0.1", guarded.port)
        right = link_to(f"127.0.0.1:{guarded.port}", username="writer", password="pass word")
        await right.put(delivery(1), "video.gate", b"{}")
        await right.close()
        assert guarded.tried[:4] == [b"SCRAM-SHA-512", b"SCRAM-SHA-256", b"PLAIN", b"PLAIN"]
        wrong = link_to(f"127.0.0.1:{guarded.port}", username="writer", password="guessed")
        told = await failure(wrong.put(delivery(2), "video.gate", b"{}"))
        await wrong.close()
    assert isinstance(told, SinkRefused)
    assert "does not let this user in" in told.message
    assert "guessed" not in told.message


def _read_at(cluster: Kafka, port: int) -> list[object]:
    """Read, when the cluster has been told its own address again."""
    cluster.calls_itself("127.0.0.1", port)
    return cluster.read("video.gate", 1)
