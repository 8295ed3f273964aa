"""NATS and Redis servers that misbehave: nothing leaves for elsewhere, and whoever waits is told."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from vedette.delivery.brokers import nats, resp, wire
from vedette.delivery.brokers.base import Link
from vedette.delivery.brokers.links import open_link
from vedette.delivery.brokers.resp import Refusal
from vedette.delivery.sinks.base import Delivery
from vedette.model.broker import Broker, BrokerKind
from vedette.model.errors import SinkBusy, SinkError, SinkForbidden, SinkRefused, SinkUnreachable
from vedette.model.ids import EventId, TaskId
from vedette.model.output import DisOutput

INFO = {"headers": True, "max_payload": 1 << 20, "jetstream": True}
DELIVERY = Delivery(EventId("e"), TaskId("t"), 1, {"n": 1}, None, DisOutput("gate"))
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(talk: Talk, kind: BrokerKind, **more: object) -> AsyncIterator[Link]:
    """Run a server that talks so, and give a link to it."""
    writers = []

    async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        try:
            await talk(reader, writer)
        except (OSError, EOFError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(met, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    async def resolve(_host: str, _port: int) -> list[tuple[str, int]]:
        return [("127.0.0.1", port)]

    link = open_link(Broker("b", kind, ("broker.example:1",), **more), resolve)  # type: ignore[arg-type]
    try:
        yield link
    finally:
        await link.close()
        server.close()
        for writer in writers:
            writer.transport.abort()
        await server.wait_closed()


async def greeted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, **info: object) -> dict[str, object]:
    """Let a client of NATS in; return what it said of itself."""
    writer.write(b"INFO " + json.dumps(INFO | info).encode() + b"\r\n")
    said = (await reader.readline()).partition(b" ")[2]
    assert await reader.readline() == b"PING\r\n"
    writer.write(b"PONG\r\n")
    return dict(json.loads(said))


async def asked(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    """Return where the answer to the next message goes, and the message."""
    while not (line := await reader.readline()).startswith(b"HPUB"):
        assert line, "the client left"
    _, _, inbox, _, size = line.split()
    return inbox.decode(), await reader.readexactly(int(size) + 2)


async def told(link: Link) -> SinkError:
    with pytest.raises(SinkError) as failure:
        await link.put(DELIVERY, "gate", b"{}")
    return failure.value


async def test_servers_that_a_server_advertises_are_not_called() -> None:
    """Nobody has judged where they are: neither at the greeting nor later, nor when the connection breaks."""
    seen = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = await greeted(reader, writer, connect_urls=["169.254.169.254:4222", "127.0.0.1:1"])
        seen.append(said["protocol"])
        inbox, _ = await asked(reader)
        writer.write(b'INFO {"connect_urls":["169.254.169.254:4222"]}\r\n')
        writer.write(f'MSG {inbox} 1 26\r\n{{"stream":"video","seq":1}}\r\n'.encode())

    async with serving(talk, BrokerKind.NATS) as link:
        await link.put(DELIVERY, "gate", b"{}")
        async with asyncio.timeout(5):
            while len(seen) < 3:  # the server closes each connection, which may be noticed too late
                with suppress(SinkUnreachable):
                    await link.put(DELIVERY, "gate", b"{}")
    assert seen == [0, 0, 0], "the very same place each time, and no news of others wanted"


async def test_a_password_does_not_leave_before_tls() -> None:
    """Neither to a server that offers none, nor to somebody in between who says so."""
    heard = b""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal heard
        writer.write(b"INFO " + json.dumps(INFO).encode() + b"\r\n")
        heard += await reader.read(4096)
        writer.write(b"-ERR 'Unknown Protocol Operation'\r\n")

    async with serving(talk, BrokerKind.NATS, tls=True, username="u", password="hunter2") as link:
        assert isinstance(await told(link), SinkUnreachable)
    assert heard
    assert b"hunter2" not in heard


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (b'{"error":{"code":503,"err_code":10077,"description":"maximum bytes exceeded"}}', SinkBusy, "maximum"),
        (b'{"error":{"code":400,"err_code":10054,"description":"message size exceeds"}}', SinkRefused, "10054"),
        (b'{"error":{"code":500,"description":"insufficient resources"}}', SinkBusy, "insufficient"),
        (b'{"error":"yes"}', SinkBusy, "no stream"),
        (b'{"stream":"video"}', SinkBusy, "no stream"),
        (b"fine", SinkBusy, "no stream"),
        (b"[]", SinkBusy, "no stream"),
    ],
)
async def test_only_a_stream_that_has_the_message_acknowledges(answer: bytes, kind: type[SinkError], said: str) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await greeted(reader, writer)
        inbox, _ = await asked(reader)
        writer.write(f"MSG {inbox} 1 {len(answer)}\r\n".encode() + answer + b"\r\n")
        await reader.read()

    async with serving(talk, BrokerKind.NATS) as link:
        failure = await told(link)
    assert isinstance(failure, kind)
    assert said in failure.message


@pytest.mark.parametrize(
    "greeting",
    [b"HTTP/1.1 400 Bad Request\r\n", b"INFO nothing\r\n", b"INFO []\r\n", b"\xff" * 300_000, b""],
)
async def test_something_that_is_no_nats_is_unreachable(greeting: bytes) -> None:
    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await writer.drain()

    async with serving(talk, BrokerKind.NATS) as link:
        assert isinstance(await told(link), SinkUnreachable)


@pytest.mark.parametrize(
    "sent",
    [b"MSG a b c d e f\r\n", b"MSG inbox 1 99999999\r\n", b"HMSG inbox 1 x y\r\n", b"-ERR 'Stale Connection'\r\n"],
)
async def test_a_connection_that_breaks_fails_all_who_wait_at_once(sent: bytes) -> None:
    """And not only after the time for an answer is over."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await greeted(reader, writer)
        for _ in range(2):
            await asked(reader)
        writer.write(sent)
        await reader.read()

    async with serving(talk, BrokerKind.NATS) as link, asyncio.timeout(5):
        failures = await asyncio.gather(*(link.put(DELIVERY, "gate", b"{}") for _ in range(2)), return_exceptions=True)
    assert [type(failure) for failure in failures] == [SinkUnreachable] * 2


async def test_a_server_that_falls_silent_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next event gets another connection."""
    monkeypatch.setattr(nats, "ACK_S", 0.05)
    met = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.append(1)
        await greeted(reader, writer)
        await reader.read()

    async with serving(talk, BrokerKind.NATS) as link:
        for _ in range(2):
            failure = await told(link)
            assert isinstance(failure, SinkUnreachable)
            assert failure.connected, "an attempt of this event, for it may have arrived"
    assert len(met) == 2


async def test_a_greeting_that_does_not_come_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "CONNECT_S", 0.05)

    async def talk(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(talk, BrokerKind.NATS) as link:
        failures = await asyncio.gather(*(told(link) for _ in range(3)))
    assert all("did not answer" in failure.message for failure in failures)


async def test_one_tries_while_nobody_answers_and_the_others_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred tasks that wait for a dead broker would hold up the deliveries of everybody else."""
    monkeypatch.setattr(wire, "CONNECT_S", 0.05)
    met, alive = [], asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.append(1)
        if alive.is_set():
            await greeted(reader, writer)
            while True:
                inbox, _ = await asked(reader)
                writer.write(f'MSG {inbox} 1 26\r\n{{"stream":"video","seq":1}}\r\n'.encode())
        await reader.read()

    async with serving(talk, BrokerKind.NATS) as link:
        await asyncio.gather(*(told(link) for _ in range(3)))  # all wait for the first try
        trying = asyncio.create_task(told(link))
        await asyncio.sleep(0)
        for _ in range(3):
            assert "did not answer" in (await told(link)).message
            assert not trying.done(), "they did not wait"
        await trying
        assert len(met) == 2
        alive.set()
        for _ in range(2):
            await link.put(DELIVERY, "gate", b"{}")
        assert len(met) == 3


async def test_all_servers_forbidden_is_told_as_such() -> None:
    async def resolve(host: str, _port: int) -> list[tuple[str, int]]:
        raise SinkForbidden(f"{host} is not allowed")

    link = open_link(Broker("b", BrokerKind.NATS, ("a.example:1", "b.example:1")), resolve)
    assert isinstance(await told(link), SinkForbidden)


async def replies(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *sent: bytes) -> None:
    """Answer one command after the other."""
    for reply in sent:
        words = int((await reader.readline())[1:])
        for _ in range(words):
            await reader.readexactly(int((await reader.readline())[1:]) + 2)
        writer.write(reply)
    await reader.read()


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (b"-LOADING Redis is loading the dataset in memory\r\n", SinkBusy),
        (b"-BUSY Redis is busy running a script\r\n", SinkBusy),
        (b"-READONLY You can't write against a read only replica.\r\n", SinkBusy),
        (b"-MISCONF Redis is configured to save RDB snapshots\r\n", SinkBusy),
        (b"-ERR max number of clients reached\r\n", SinkBusy),
        (b"-ERR Error running script (call to f_12): @user_script:5: -OOM command not allowed\r\n", SinkBusy),
        (b"-ERR Error running script (call to f_12): @user_script:3: WRONGTYPE Operation\r\n", SinkRefused),
        (b"-NOPERM this user has no permissions to run the 'eval' command\r\n", SinkRefused),
        (b"-MOVED 3999 169.254.169.254:6381\r\n", SinkRefused),
        (b"-ERR unknown command\r\n", SinkRefused),
        (b"$-1\r\n", SinkUnreachable),
        (b"*1\r\n", SinkUnreachable),
        (b"$99999999\r\n", SinkUnreachable),
        (b"HTTP/1.1 400 Bad Request\r\n", SinkUnreachable),
        (b"", SinkUnreachable),
    ],
)
async def test_what_a_redis_replies_says_whether_to_try_again(reply: bytes, kind: type[SinkError]) -> None:
    """Up to Redis 6 the cause stands in the middle of a script's error; where a cluster points to, nobody goes."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if reply:
            await replies(reader, writer, reply)

    async with serving(talk, BrokerKind.REDIS) as link:
        assert type(await told(link)) is kind


async def test_replies_find_who_asked_though_one_of_them_is_gone() -> None:
    """They come in the order of the questions, and one who gave up must not leave its reply to the next."""
    gate = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await gate.wait()
        await replies(reader, writer, b"-ERR for the one who left\r\n", b"$3\r\n1-0\r\n")

    async with serving(talk, BrokerKind.REDIS) as link:
        leaving = asyncio.create_task(link.put(DELIVERY, "gate", b"{}"))
        staying = asyncio.create_task(link.put(DELIVERY, "gate", b"{}"))
        while len(link._line._waiting if link._line else ()) < 2:  # type: ignore[attr-defined]  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        leaving.cancel()
        await asyncio.wait([leaving])
        gate.set()
        await staying


async def test_a_redis_that_falls_silent_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resp, "REPLY_S", 0.05)
    met = []

    async def talk(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        met.append(1)
        await reader.read()

    async with serving(talk, BrokerKind.REDIS) as link:
        for _ in range(2):
            assert isinstance(await told(link), SinkUnreachable)
    assert len(met) == 2


def test_the_code_of_an_error_is_found_in_both_forms() -> None:
    assert Refusal("NOAUTH Authentication required.").code == "NOAUTH"
    assert Refusal("ERR Protocol error: unauthenticated multibulk length").code == "NOAUTH"
    assert Refusal("ERR Error running script (call to f_1): @user_script:9: -READONLY You can't").code == "READONLY"
    assert Refusal("ERR syntax error").code == "ERR"


async def test_links_show_no_password() -> None:
    """A log of an unforeseen failure may hold any of these."""
    broker = Broker("b", BrokerKind.NATS, ("a.example:1",), password="hunter2")
    assert "hunter2" not in repr(broker)
