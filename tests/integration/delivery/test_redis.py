"""Events in streams of a real Redis, read back by its project's own client."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from broker_post import broker_post, delivery, failure

from absence import missing
from neighbours.certificates import written
from neighbours.redis import PASSWORD, USER, Redis, absent
from vedette.control.brokers import check
from vedette.delivery.brokers.redis import KEPT, KEPT_S
from vedette.model.broker import Broker, BrokerKind
from vedette.model.errors import SinkBusy, SinkRefused, SinkUnreachable
from vedette.model.guard import GuardPolicy

ALLOW = ("127.0.0.0/8",)
IDS = "{video:gate}:vedette-ids"


@pytest.fixture(autouse=True)
def there() -> None:
    if reason := absent():
        missing(reason)


@pytest.fixture
def server() -> Iterator[Redis]:
    with Redis(users=True) as running:
        yield running


def broker(server: Redis, **changes: object) -> Broker:
    usual = Broker("events", BrokerKind.REDIS, (server.server,), username=USER, password=PASSWORD, prefix="video:")
    return replace(usual, **changes)  # type: ignore[arg-type]


async def test_an_event_is_an_entry_with_the_attributes_of_a_cloud_event(server: Redis, tmp_path: Path) -> None:
    """Its user has no more rights than the documented ones."""
    async with broker_post(tmp_path, broker(server)) as post:
        await post.sink.send(delivery(7))
    [entry] = await server.entries("video:gate")
    assert json.loads(entry.pop(b"data")) == {"message_id": "event-7", "stream_id": "Tür 1"}
    assert {name.decode(): value.decode() for name, value in entry.items()} == {
        "ce_specversion": "1.0",
        "ce_id": "event-7",
        "ce_source": "/vedette/v1/p1/tasks/task-1",
        "ce_type": "vedette.event.intrusion",
        "ce_time": "2024-04-23T08:00:00.000Z",
        "ce_subject": "Tür 1",
        "ce_sequence": "00000000000000000007",
        "sequence": "7",
    }


async def test_what_is_delivered_again_is_there_once(server: Redis, tmp_path: Path) -> None:
    """Also over another connection, after a restart of the server, and after its scripts were forgotten."""
    for _ in range(2):
        async with broker_post(tmp_path, broker(server)) as post:
            for number in (1, 2, 1):
                await post.sink.send(delivery(number))
            await server.call("SCRIPT", "FLUSH")
            await post.sink.send(delivery(2))
        server.kill()
        server.start()
    assert [entry[b"ce_id"] for entry in await server.entries("video:gate")] == [b"event-1", b"event-2"]


async def test_ids_are_remembered_for_two_days_and_not_without_bound(server: Redis, tmp_path: Path) -> None:
    """The memory of them is bounded in time and in number, and goes with the last event."""
    now = int((await server.call("TIME"))[0])
    old = now - KEPT_S - 10
    await server.call("EVAL", f"for n = 1, {KEPT} do redis.call('ZADD', '{IDS}', {now - 50}, n) end", "0")
    await server.call("ZADD", IDS, old, "event-1")
    async with broker_post(tmp_path, broker(server)) as post:
        await post.sink.send(delivery(2))
    assert await server.call("ZCARD", IDS) == KEPT
    assert await server.call("ZSCORE", IDS, "event-1") is None, "too old"
    assert await server.call("ZSCORE", IDS, "1") is None, "the oldest of too many"
    assert 0 < await server.call("TTL", IDS) <= KEPT_S


async def test_a_broker_killed_in_the_middle_has_every_event_once_and_in_order(server: Redis, tmp_path: Path) -> None:
    """Two tasks share the connection; the server dies twice, once for longer than a moment."""
    async with broker_post(tmp_path, broker(server)) as post:
        sent = {task: await post.enqueue("gate", 200, task=task) for task in ("one", "two")}
        for enough in (60, 180):
            await post.delivered(enough)
            server.kill()
            if enough == 180:
                await asyncio.sleep(0.5)  # calls in vain, of both tasks
            server.start()
        await post.delivered(400)
        assert set(await post.states()) == {"done"}
        assert len(post.links) == 1
    found: dict[str, list[str]] = {"one": [], "two": []}
    for entry in await server.entries("video:gate"):
        found[json.loads(entry[b"data"])["task"]].append(entry[b"ce_id"].decode())
    assert found == sent


async def test_full_memory_is_waited_for_and_nothing_is_half_done(server: Redis, tmp_path: Path) -> None:
    async with broker_post(tmp_path, broker(server)) as post:
        await post.sink.send(delivery(1))
        await server.call("CONFIG", "SET", "maxmemory", "1")
        told = await failure(post.sink.send(delivery(2)))
        assert isinstance(told, SinkBusy)
        assert "OOM" in told.message
        await server.call("CONFIG", "SET", "maxmemory", "0")
        await post.sink.send(delivery(2))
    assert len(await server.entries("video:gate")) == 2


async def test_a_replica_is_waited_for_to_become_the_master(server: Redis, tmp_path: Path) -> None:
    await server.call("REPLICAOF", "127.0.0.1", "9")
    async with broker_post(tmp_path, broker(server)) as post:
        told = await failure(post.sink.send(delivery(1)))
        assert isinstance(told, SinkBusy)
        await server.call("REPLICAOF", "NO", "ONE")
        await post.sink.send(delivery(1))


@pytest.mark.parametrize("key", ["video:gate", IDS])
async def test_a_key_that_holds_something_else_is_left_alone(server: Redis, tmp_path: Path, key: str) -> None:
    """Whatever fails, fails before something is written: a second try would append a second time."""
    await server.call("SET", key, "mine")
    async with broker_post(tmp_path, broker(server)) as post:
        told = await failure(post.sink.send(delivery(1)))
    assert isinstance(told, SinkRefused)
    assert "something else" in told.message
    assert await server.call("KEYS", "*") == [key.encode()]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"password": "wrong"}, "WRONGPASS"),
        ({"username": "nobody"}, "WRONGPASS"),
        ({"username": "", "password": ""}, "NOAUTH"),
    ],
)
async def test_a_wrong_log_in_is_refused_and_said_without_the_password(
    server: Redis, tmp_path: Path, changes: dict[str, str], said: str
) -> None:
    async with broker_post(tmp_path, broker(server, **changes)) as post:
        told = await failure(post.sink.send(delivery(1)))
    assert isinstance(told, SinkRefused)
    assert said in told.message
    assert PASSWORD not in told.message


async def test_a_missing_right_is_refused(server: Redis, tmp_path: Path) -> None:
    await server.call("ACL", "SETUSER", USER, "-xadd")
    async with broker_post(tmp_path, broker(server)) as post:
        told = await failure(post.sink.send(delivery(1)))
    assert isinstance(told, SinkRefused)


async def test_a_password_needs_no_user_name(tmp_path: Path) -> None:
    with Redis("secret") as server:
        await check(GuardPolicy(), ALLOW, broker(server, username="", password="secret"), "gate")


async def test_a_check_tells_what_is_wrong_and_writes_nothing(server: Redis) -> None:
    await check(GuardPolicy(), ALLOW, broker(server), "gate")
    assert await server.call("KEYS", "*") == []
    await server.call("SET", "video:gate", "mine")
    told = await failure(check(GuardPolicy(), ALLOW, broker(server), "gate"))
    assert "something else" in told.message


async def test_the_certificate_must_be_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown, hidden = written("broker.example", tmp_path)
    with Redis(tls=(shown, hidden)) as server:
        safe = broker(server, username="", password="", tls=True)
        unknown = await failure(check(GuardPolicy(), ALLOW, safe, "gate"))
        assert isinstance(unknown, SinkUnreachable)
        assert "self-signed" in unknown.message
        await check(GuardPolicy(), ALLOW, replace(safe, tls_verify=False), "gate")
        monkeypatch.setenv("SSL_CERT_FILE", str(shown))
        await check(GuardPolicy(), ALLOW, safe, "gate")
