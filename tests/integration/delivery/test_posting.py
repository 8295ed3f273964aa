"""Our own client of HTTP, against servers that say what a test tells them to, byte for byte."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from neighbours.certificates import written
from vedette.delivery.posting import connection, poster
from vedette.delivery.posting.address import address_of
from vedette.delivery.posting.connection import READ_CAP, Answer
from vedette.delivery.posting.poster import Poster, Posters
from vedette.model.errors import SinkUnreachable
from vedette.model.guard import GuardPolicy

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LOOPBACK = GuardPolicy.parse("lan", ["127.0.0.0/8", "::1"])


@dataclass
class Server:
    """Answers each request with the next of its texts, the last again and again; None: closes instead."""

    answers: list[bytes | None]
    scheme: str = "http"
    host: str = "127.0.0.1"
    port: int = 0
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    handlers: list["asyncio.Task[None]"] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}/hook"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self.handlers.append(task)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(line for line in head.split(b"\r\n") if line.startswith(b"Content-Length:"))
                self.requests.append(head + await reader.readexactly(int(length.split(b":")[1])))
                self.asked.set()
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if answer is None:
                    return
                writer.write(answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def talking(*answers: bytes | None, tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[Server, Poster]]:
    one = Server(list(answers), scheme="https" if tls else "http")
    listener = await asyncio.start_server(one.serve, "127.0.0.1", 0, ssl=tls)
    async with listener:
        one.port = listener.sockets[0].getsockname()[1]
        async with Posters(LOOPBACK) as posters:
            yield one, posters.of()
        await asyncio.gather(*one.handlers)


async def call(server: Server, by: Poster, body: bytes = b"{}", timeout_s: float = 5.0) -> Answer:
    return await by.post(address_of(server.url), b"A: b\r\n", body, timeout_s)


async def test_a_request_is_what_the_standard_asks_for() -> None:
    """RFC 9112: the line, the host, the length, an empty line, the body; in one piece."""
    async with talking(OK) as (server, by):
        assert await call(server, by, b"12345") == Answer(200, None)
    host = f"127.0.0.1:{server.port}".encode()
    assert server.requests == [b"POST /hook HTTP/1.1\r\nHost: %b\r\nA: b\r\nContent-Length: 5\r\n\r\n12345" % host]


@pytest.mark.parametrize(
    ("answer", "status", "kept"),
    [
        (OK, 200, True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200, True),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, 200, True),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK, 200, True),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", 200, False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, False),
        (OK + OK, 200, False),
        (OK + b"nonsense", 200, False),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n\x00\x01", 101, False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (2 * READ_CAP) + b"x" * 2 * READ_CAP, 200, False),
    ],
)
async def test_a_connection_is_used_again_only_if_nothing_can_be_mixed_up(
    answer: bytes, status: int, kept: bool
) -> None:
    """Else the rest of one answer would be taken for the next one, and an event be told that was not."""
    async with talking(answer, OK) as (server, by):
        assert (await call(server, by)).status == status
        assert (await call(server, by)).status == 200
        assert server.connections == (1 if kept else 2)


async def test_what_is_said_unasked_costs_the_connection() -> None:
    """A server that sends a second answer later would have it counted for the next event."""
    async with talking(OK) as (server, by):
        await call(server, by)
        [kept] = by._kept.values()
        kept[0].data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await call(server, by)
        assert server.connections == 2


@pytest.mark.parametrize(
    "answer", [b"220 mail ready\r\n", b"HTTP/1.1 2000 x\r\n\r\n", b"HTTP/1.1 200 OK\r\nA: " + b"x" * (READ_CAP + 1000), b"\x00" * 100]
)  # fmt: skip
async def test_what_is_no_answer_is_not_taken_for_one(answer: bytes) -> None:
    """Nor is a head without an end read for ever."""
    async with talking(answer) as (server, by):
        with pytest.raises(SinkUnreachable, match="not HTTP") as caught:
            await call(server, by)
        assert caught.value.connected


async def test_a_new_connection_that_closes_is_not_asked_again() -> None:
    """It may have the event: it is told again later, in its turn, as one attempt more."""
    async with talking(None) as (server, by):
        with pytest.raises(SinkUnreachable, match="broke"):
            await call(server, by)
        assert len(server.requests) == 1


async def test_a_kept_connection_that_breaks_in_its_answer_is_not_asked_again() -> None:
    """It was not closed before the call: the receiver has begun to answer it."""
    async with talking(OK, b"HTTP/1.1 2") as (server, by):
        await call(server, by)
        asked = asyncio.create_task(call(server, by, timeout_s=0.2))
        with pytest.raises(SinkUnreachable):
            await asked
        assert len(server.requests) == 2


async def test_an_answer_without_an_end_is_known_by_its_status(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that comes in drops is waited for a moment, once."""
    monkeypatch.setattr(connection, "READ_S", 0.05)
    async with talking(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nx") as (server, by):
        assert (await call(server, by)).status == 200


async def test_an_answer_that_ends_with_the_connection_is_whole() -> None:
    """HTTP 1.0 knew no other end."""
    async with talking(b"HTTP/1.0 503 Busy\r\nRetry-After: 7\r\n\r\nlater", None) as (server, by):
        asked = asyncio.create_task(call(server, by))
        answer = await asked
        assert answer == Answer(503, "7")


async def test_a_call_that_is_given_up_leaves_nothing_to_mix_up() -> None:
    """The dispatcher cancels what is on its way when the service stops."""
    async with talking(b"", OK) as (server, by):
        given_up = asyncio.create_task(call(server, by))
        async with asyncio.timeout(5):
            await server.asked.wait()
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)
        assert (await call(server, by)).status == 200
        assert server.connections == 2


async def test_connections_that_nobody_uses_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver's list of connections is not ours to fill."""
    monkeypatch.setattr(poster, "KEPT_S", 0.03)
    async with talking(OK) as (server, by):
        await call(server, by)
        async with asyncio.timeout(5):
            await asyncio.gather(*server.handlers)  # they end when we hang up
        assert not by._kept


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's side of TLS under a certificate for `receiver` and 127.0.0.1 that this machine trusts."""
    shown, hidden = written("receiver", tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(shown))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown, hidden)
    return context


async def test_tls_is_spoken_on_connections_that_are_kept(trusted: ssl.SSLContext) -> None:
    """With pictures, that is more than one record of TLS."""
    async with talking(OK, tls=trusted) as (server, by):
        for size in (2, 200_000, 2):
            assert (await call(server, by, bytes(size))).status == 200
        assert server.connections == 1
        assert server.requests[1].endswith(bytes(200_000))


async def test_a_certificate_for_another_name_is_not_accepted(trusted: ssl.SSLContext) -> None:
    """Trusted, but not who was called."""
    async with talking(OK, tls=trusted) as (server, by):
        server.host = "localhost"
        with pytest.raises(SinkUnreachable, match="TLS"):
            await call(server, by)
        assert server.requests == []


async def test_a_server_that_speaks_no_tls_is_named() -> None:
    """The usual mistake: https where there is only http."""

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    listener = await asyncio.start_server(plain, "127.0.0.1", 0)
    async with listener, Posters(LOOPBACK) as posters:
        port = listener.sockets[0].getsockname()[1]
        with pytest.raises(SinkUnreachable, match="TLS"):
            await posters.of().post(address_of(f"https://127.0.0.1:{port}/"), b"", b"{}", 5.0)


async def test_many_calls_at_once_have_a_connection_each_and_keep_them() -> None:
    """Whoever comes next takes the one that was used last."""
    async with talking(OK) as (server, by):
        await asyncio.gather(*(call(server, by, bytes(200_000)) for _ in range(8)))
        for _ in range(8):
            await call(server, by)
        assert 1 <= server.connections <= 8
        assert all(request.endswith(bytes(200_000)) for request in server.requests[:8])


@pytest.mark.parametrize(
    ("url", "head"),
    [
        ("http://Host.example", b"POST / HTTP/1.1\r\nHost: host.example\r\n"),
        ("http://host.example:80/a", b"POST /a HTTP/1.1\r\nHost: host.example\r\n"),
        ("https://host.example:8443/a?b=c d#e", b"POST /a?b=c+d HTTP/1.1\r\nHost: host.example:8443\r\n"),
        ("http://[::1]:81/", b"POST / HTTP/1.1\r\nHost: [::1]:81\r\n"),
        ("http://bücher.example/é", b"POST /%C3%A9 HTTP/1.1\r\nHost: xn--bcher-kva.example\r\n"),
        ("http://u:p%3Aq@h/", b"POST / HTTP/1.1\r\nHost: h\r\nAuthorization: Basic dTpwOnE=\r\n"),
    ],
)
def test_an_address_is_written_as_the_standard_asks_for(url: str, head: bytes) -> None:
    """No fragment, no user in the line; names in ASCII; the usual port unsaid (RFC 9110, 7.2)."""
    assert address_of(url).head == head


@pytest.mark.parametrize(
    "url", ["ftp://h/", "http://", "http:///x", "http://h:99999/", "http://h:0x/", "//h/", "h", "http://[::1"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    """It is said when it is written, and again here."""
    with pytest.raises(ValueError, match=r".*"):
        address_of(url)
