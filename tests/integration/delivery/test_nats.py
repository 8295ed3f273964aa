"""Events in streams of a real NATS server, read back by its project's own client."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from broker_post import broker_post, delivery, failure

from absence import missing
from neighbours.certificates import written
from neighbours.nats import PASSWORD, TOKEN, USER, Nats, absent
from vedette.control.brokers import check
from vedette.model.broker import Broker, BrokerKind
from vedette.model.errors import SinkBusy, SinkForbidden, SinkRefused, SinkUnreachable
from vedette.model.guard import GuardPolicy

ALLOW = ("127.0.0.0/8",)


@pytest.fixture(autouse=True)
def there() -> None:
    if reason := absent():
        missing(reason)


@pytest.fixture
def server() -> Iterator[Nats]:
    with Nats("user") as running:
        yield running


def broker(server: Nats, **changes: object) -> Broker:
    usual = Broker("events", BrokerKind.NATS, (server.server,), username=USER, password=PASSWORD, prefix="video.")
    return replace(usual, **changes)  # type: ignore[arg-type]


async def test_an_event_is_a_message_with_the_attributes_of_a_cloud_event(server: Nats, tmp_path: Path) -> None:
    await server.make("VIDEO", "video.>")
    async with broker_post(tmp_path, broker(server)) as post:
        await post.sink.send(delivery(7))
    [record] = await server.records("VIDEO")
    assert record.subject == "video.gate"
    assert json.loads(record.data) == {"message_id": "event-7", "stream_id": "Tür 1"}
    assert record.headers == {
        "Nats-Msg-Id": "event-7",
        "Content-Type": "application/json",
        "X-Vedette-Sequence": "7",
        "ce-specversion": "1.0",
        "ce-id": "event-7",
        "ce-source": "/vedette/v1/p1/tasks/task-1",
        "ce-type": "vedette.event.intrusion",
        "ce-time": "2024-04-23T08:00:00.000Z",
        "ce-subject": "T%C3%BCr%201",
        "ce-sequence": "00000000000000000007",
    }


async def test_what_is_delivered_again_is_there_once(server: Nats, tmp_path: Path) -> None:
    """After a crash between the acknowledgement and its mark; also over another connection."""
    await server.make("VIDEO", "video.>")
    for _ in range(2):
        async with broker_post(tmp_path, broker(server)) as post:
            for number in (1, 2, 1):
                await post.sink.send(delivery(number))
    assert [record.headers["Nats-Msg-Id"] for record in await server.records("VIDEO")] == ["event-1", "event-2"]


async def test_a_broker_killed_in_the_middle_has_every_event_once_and_in_order(server: Nats, tmp_path: Path) -> None:
    """Two tasks share the connection; the server dies twice, once for longer than a moment."""
    await server.make("VIDEO", "video.>")
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
    for record in await server.records("VIDEO"):
        found[json.loads(record.data)["task"]].append(record.headers["Nats-Msg-Id"])
    assert found == sent


async def test_a_stream_that_is_missing_is_waited_for(server: Nats, tmp_path: Path) -> None:
    """A server that has just started has none for a moment either, so this is no reason to give up."""
    async with broker_post(tmp_path, broker(server)) as post:
        told = await failure(post.sink.send(delivery(1)))
        assert isinstance(told, SinkBusy)
        assert "covers the subject video.gate" in told.message
        await post.enqueue("gate", 3)
        await server.make("VIDEO", "video.>")
        await post.delivered(3)


async def test_a_server_without_jetstream_is_named_as_the_cause(tmp_path: Path) -> None:
    with Nats(jetstream=False) as server:
        async with broker_post(tmp_path, broker(server, username="", password="")) as post:
            told = await failure(post.sink.send(delivery(1)))
    assert isinstance(told, SinkBusy)
    assert "JetStream is switched off" in told.message


async def test_a_listener_that_is_no_stream_acknowledges_nothing(server: Nats, tmp_path: Path) -> None:
    """Whoever answers for the subject has not said that the event is stored."""
    client = await server.client()

    async def answer(message: object) -> None:
        await message.respond(b"fine")  # type: ignore[attr-defined]

    await client.subscribe("video.gate", cb=answer)
    await client.flush()
    async with broker_post(tmp_path, broker(server)) as post:
        told = await failure(post.sink.send(delivery(1)))
    await client.close()
    assert isinstance(told, SinkBusy)
    assert "no stream" in told.message


async def test_a_full_stream_is_waited_for(server: Nats, tmp_path: Path) -> None:
    await server.make("VIDEO", "video.>", max_msgs=1, discard="new")
    async with broker_post(tmp_path, broker(server)) as post:
        await post.sink.send(delivery(1))
        told = await failure(post.sink.send(delivery(2)))
    assert isinstance(told, SinkBusy)
    assert "maximum messages" in told.message


async def test_an_event_larger_than_the_server_takes_is_refused(tmp_path: Path) -> None:
    """It would end the connection, and other events with it."""
    with Nats(settings="max_payload: 10000") as server:
        await server.make("VIDEO", "video.>")
        async with broker_post(tmp_path, broker(server, username="", password="")) as post:
            told = await failure(post.sink.send(delivery(1, filled="x" * 10_000)))
            assert isinstance(told, SinkRefused)
            assert "max_payload" in told.message
            await post.sink.send(delivery(2))


@pytest.mark.parametrize("changes", [{"password": "wrong"}, {"username": "nobody"}, {"username": "", "password": ""}])
async def test_a_wrong_log_in_is_refused_and_said_without_the_password(
    server: Nats, tmp_path: Path, changes: dict[str, str]
) -> None:
    await server.make("VIDEO", "video.>")
    async with broker_post(tmp_path, broker(server, **changes)) as post:
        told = await failure(post.sink.send(delivery(1)))
    assert isinstance(told, SinkRefused)
    assert "Authorization Violation" in told.message
    assert PASSWORD not in told.message


async def test_a_token_is_a_password_without_a_name(tmp_path: Path) -> None:
    with Nats("token") as server:
        await server.make("VIDEO", "video.>")
        await check(GuardPolicy(), ALLOW, broker(server, username="", password=TOKEN), "gate")


async def test_who_may_not_publish_is_told_so_at_once(tmp_path: Path) -> None:
    rights = '{ publish: ["$JS.API.>", "other"], subscribe: ["_INBOX.>"] }'
    users = f'authorization {{ users: [ {{ user: "{USER}", password: "{PASSWORD}", permissions: {rights} }} ] }}'
    with Nats(settings=users) as server:
        async with broker_post(tmp_path, broker(server)) as post, asyncio.timeout(5):
            told = await failure(post.sink.send(delivery(1)))
    assert isinstance(told, SinkRefused)
    assert "Permissions Violation" in told.message


async def test_a_check_tells_what_is_wrong_and_writes_nothing(server: Nats) -> None:
    none = await failure(check(GuardPolicy(), ALLOW, broker(server), "gate"))
    assert "covers the subject video.gate" in none.message
    await server.make("VIDEO", "video.>")
    await check(GuardPolicy(), ALLOW, broker(server), "gate")
    assert await server.records("VIDEO") == []
    forbidden = await failure(check(GuardPolicy(), (), broker(server), "gate"))
    assert isinstance(forbidden, SinkForbidden)
    unknown = broker(server, servers=("no..name:4222",))
    assert "cannot be resolved" in (await failure(check(GuardPolicy(), ALLOW, unknown, "gate"))).message


async def test_the_next_server_is_used_where_one_is_away(server: Nats, tmp_path: Path) -> None:
    await server.make("VIDEO", "video.>")
    async with broker_post(tmp_path, broker(server, servers=("127.0.0.1:9", server.server))) as post:
        await post.sink.send(delivery(1))
    assert len(await server.records("VIDEO")) == 1


async def test_the_certificate_must_be_valid_and_bear_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown, hidden = written("broker.example", tmp_path)
    with Nats(tls=(shown, hidden)) as server:
        safe = broker(server, username="", password="", tls=True)
        plain = await failure(check(GuardPolicy(), ALLOW, replace(safe, tls=False), "gate"))
        assert isinstance(plain, SinkRefused)
        assert "wants TLS" in plain.message
        unknown = await failure(check(GuardPolicy(), ALLOW, safe, "gate"))
        assert isinstance(unknown, SinkUnreachable)
        assert "self-signed" in unknown.message
        reached = await failure(check(GuardPolicy(), ALLOW, replace(safe, tls_verify=False), "gate"))
        assert "covers the subject" in reached.message
        monkeypatch.setenv("SSL_CERT_FILE", str(shown))
        known = await failure(check(GuardPolicy(), ALLOW, safe, "gate"))
        assert "covers the subject" in known.message
        localhost = replace(safe, servers=(f"localhost:{server.port}",))  # not among the names
        named = await failure(check(GuardPolicy(), ("localhost",), localhost, "gate"))
        assert isinstance(named, SinkUnreachable)
        assert "Hostname mismatch" in named.message


async def test_no_password_leaves_for_a_server_without_tls(server: Nats) -> None:
    """Somebody in between could offer none."""
    told = await failure(check(GuardPolicy(), ALLOW, broker(server, tls=True), "gate"))
    assert isinstance(told, SinkUnreachable)
    assert "TLS" in told.message or "Nobody answers" in told.message


async def test_a_changed_entry_counts_for_the_next_event(server: Nats, tmp_path: Path) -> None:
    await server.make("VIDEO", "video.>", "more.>")
    async with broker_post(tmp_path, broker(server)) as post:
        await post.sink.send(delivery(1))
        post.brokers[0] = replace(post.brokers[0], prefix="more.", updated_at=9)
        await post.sink.send(delivery(2))
    assert [record.subject for record in await server.records("VIDEO")] == ["video.gate", "more.gate"]


async def test_a_broker_that_hangs_delays_no_other(server: Nats, tmp_path: Path) -> None:
    """More tasks wait for it than there are calls at a time."""
    await server.make("VIDEO", "video.>")
    over = asyncio.Event()

    async def hang(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.transport.abort()

    hole = await asyncio.start_server(hang, "127.0.0.1", 0)
    away = broker(server, name="away", streams=("away",), servers=(f"127.0.0.1:{hole.sockets[0].getsockname()[1]}",))
    async with broker_post(tmp_path, away, broker(server, streams=("gate",))) as post:
        await asyncio.gather(*(post.enqueue("away", 1, task=f"task-{n}") for n in range(300)))
        for n in range(10):
            await post.enqueue("gate", 1, task="quick")
            async with asyncio.timeout(3):
                await post.delivered(n + 1)
        over.set()
        hole.close()
