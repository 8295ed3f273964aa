"""The webhook against real receivers."""

import asyncio
import base64
import json
import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from vedette.delivery.posting.poster import Posters
from vedette.delivery.sinks.base import Delivery
from vedette.delivery.sinks.webhook import WebhookSink
from vedette.delivery.terms import Terms
from vedette.model.errors import SinkBusy, SinkError, SinkForbidden, SinkGone, SinkRefused, SinkUnreachable
from vedette.model.guard import GuardPolicy
from vedette.model.ids import EventId, ProjectId, TaskId
from vedette.model.output import WebhookOutput

Start = Callable[..., Awaitable[Any]]
LOOPBACK = GuardPolicy.parse("lan", ["127.0.0.0/8"])
JPEG = b"\xff\xd8" + bytes(range(256)) * 200 + b"\xff\xd9"


def delivery(url: str, headers: dict[str, str] | None = None, picture: bytes | None = None) -> Delivery:
    message = {"event_type": 196609, "message_id": "E-1", "data": {"event_set": []}}
    return Delivery(EventId("E-1"), TaskId("t"), 1, message, picture, WebhookOutput(url, headers or {"a": "b"}))


async def send(what: Delivery, policy: GuardPolicy = LOOPBACK, timeout_s: float = 5.0) -> None:
    async with Posters(policy) as posters:
        await WebhookSink(posters, timeout_s=timeout_s).send(what)


async def test_the_manuals_own_receiver_gets_the_whole_body(plain: Any) -> None:
    """It reads Content-Length bytes; a chunked body would arrive as nothing, with a 200."""
    await send(delivery(f"http://127.0.0.1:{plain.port}/", {"X-Auth-Token": "Tok en"}, JPEG))
    [environ], [body] = plain.environs, plain.bodies
    message = json.loads(body)
    assert base64.b64decode(message.pop("image_base64")) == JPEG
    assert message == {"event_type": 196609, "message_id": "E-1", "data": {"event_set": []}}
    assert "HTTP_TRANSFER_ENCODING" not in environ
    assert environ["CONTENT_TYPE"] == "application/json"
    assert environ["HTTP_X_AUTH_TOKEN"] == "Tok en"
    assert environ["HTTP_X_VEDETTE_EVENT_ID"] == "E-1"
    assert environ["HTTP_X_VEDETTE_ATTEMPT"] == "1"


@pytest.fixture
def rules(tmp_path: Path) -> Iterator[str]:
    """Debian's `webhook` daemon with a rule that wants the header a: b; its address."""
    program = shutil.which("webhook")
    if program is None:
        give_way = pytest.fail if os.environ.get("VEDETTE_TEST_STRICT") == "1" else pytest.skip
        give_way("Debian's webhook program is not installed (apt-get install webhook)")
    rule = {"match": {"type": "value", "value": "b", "parameter": {"source": "header", "name": "a"}}}
    keep = [{"source": "payload", "name": "message_id"}]
    hook = {"id": "v", "execute-command": "/bin/echo", "trigger-rule": rule, "pass-arguments-to-command": keep}
    hook |= {"include-command-output-in-response": True, "trigger-rule-mismatch-http-response-code": 401}
    (tmp_path / "hooks.json").write_text(json.dumps([hook]))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = ["-hooks", str(tmp_path / "hooks.json"), "-ip", "127.0.0.1", "-port", str(port), "-verbose"]
    with subprocess.Popen(
        [str(program), *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as daemon:
        assert daemon.stdout is not None
        for line in daemon.stdout:
            if "serving hooks on" in line:
                break
        yield f"http://127.0.0.1:{port}/hooks/v"
        daemon.terminate()
        daemon.stdout.read()


async def test_a_daemon_with_rules_takes_what_has_the_users_header(rules: str) -> None:
    """A receiver that nobody here wrote; without the right header it answers 401, which is a refusal."""
    await send(delivery(rules, {"a": "b"}))
    with pytest.raises(SinkRefused, match="401"):
        await send(delivery(rules, {"a": "c"}))


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (200, None), (201, None), (204, None), (299, None),
        (301, SinkRefused), (302, SinkRefused), (307, SinkRefused), (308, SinkRefused), (304, SinkRefused),
        (400, SinkRefused), (401, SinkRefused), (403, SinkRefused), (404, SinkRefused), (413, SinkRefused), (422, SinkRefused),
        (410, SinkGone),
        (408, SinkBusy), (425, SinkBusy), (429, SinkBusy), (500, SinkBusy), (502, SinkBusy), (503, SinkBusy), (599, SinkBusy),
    ],
)  # fmt: skip
async def test_each_status_has_its_meaning(receivers: Start, status: int, error: type[SinkError] | None) -> None:
    """Any 2xx is done; what may pass is busy; what will not pass is refused; 410 is the end."""
    receiver = await receivers(status)
    if error is None:
        await send(delivery(receiver.url))
    else:
        with pytest.raises(error) as caught:
            await send(delivery(receiver.url))
        assert type(caught.value) is error
        assert str(status) in caught.value.message
    assert len(receiver.seen) == 1


async def test_retry_after_is_told(receivers: Start) -> None:
    """The dispatcher obeys it."""
    receiver = await receivers(429, **{"Retry-After": "17"})
    with pytest.raises(SinkBusy) as caught:
        await send(delivery(receiver.url))
    assert caught.value.retry_after_s == 17


async def test_a_redirect_is_not_followed(receivers: Start) -> None:
    """It would lead where no guard has looked, and carry the user's headers there."""
    elsewhere = await receivers(200)
    receiver = await receivers(307, Location=elsewhere.url)
    with pytest.raises(SinkRefused, match="redirects are not followed"):
        await send(delivery(receiver.url))
    assert elsewhere.seen == []


async def test_a_proxy_of_the_environment_is_not_used(receivers: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would resolve the name again, behind the guard."""
    proxy, receiver = await receivers(200), await receivers(200)
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    await send(delivery(receiver.url))
    assert (len(proxy.seen), len(receiver.seen)) == (0, 1)


async def test_nobody_at_the_address_is_unreachable() -> None:
    """A refused connection may be a restart; it is tried again."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(SinkUnreachable, match=r"127\.0\.0\.1"):
            await send(delivery(f"http://127.0.0.1:{free.getsockname()[1]}/secret-path?token=hunter2"))


async def test_a_receiver_that_never_answers_is_unreachable_in_time(receivers: Start) -> None:
    """The whole call has one limit."""
    forever = asyncio.Event()

    async def silent(_request: web.Request) -> web.Response:
        await forever.wait()
        return web.Response()

    receiver = await receivers(silent)
    with pytest.raises(SinkUnreachable, match=r"0\.2 s"):
        await send(delivery(receiver.url), timeout_s=0.2)
    forever.set()


async def test_an_answer_that_is_no_http_is_unreachable() -> None:
    """Something else listens there; perhaps not for long."""

    async def babble(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail ready\r\n")
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with server:
        with pytest.raises(SinkUnreachable):
            await send(delivery(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"))


async def test_a_long_or_endless_answer_is_not_read(receivers: Start) -> None:
    """The status counts; a receiver cannot fill our memory, nor hold the call with a trickle."""
    endless = asyncio.Event()

    async def flood(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(64):
            await response.write(b"x" * 16_384)
        await endless.wait()
        return response

    receiver = await receivers(flood)
    async with asyncio.timeout(4):
        await send(delivery(receiver.url))
    endless.set()


async def test_connections_are_used_again(receivers: Start) -> None:
    """With TLS a connection costs thirteen times a request."""
    receiver = await receivers(200)
    async with Posters(LOOPBACK) as posters:
        for _ in range(5):
            await WebhookSink(posters).send(delivery(receiver.url))
    assert len(receiver.connections) == 1


async def test_a_kept_connection_that_was_closed_meanwhile_is_no_failure() -> None:
    """Servers close idle connections whenever they like; the call is repeated at once."""
    calls, handlers = 0, set[asyncio.Task[Any] | None]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        handlers.add(asyncio.current_task())
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(
            next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")).split(b":")[1]
        )
        await reader.readexactly(length)
        calls += 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        if await reader.read(1):  # the next request on this connection finds it closed
            calls += 100
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        async with Posters(LOOPBACK) as posters:
            sink = WebhookSink(posters)
            for _ in range(3):
                await sink.send(delivery(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"))
        await asyncio.gather(*(handler for handler in handlers if handler))
    assert calls % 100 == 3


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "127.0.0.1",
        "http://",
        "http://[::1",
        "http://x:99999/",
    ],
)
async def test_only_http_and_https_addresses_are_called(url: str) -> None:
    """Anything else is refused by name, never passed to a library that might know it."""
    with pytest.raises(SinkRefused) as caught:
        await send(delivery(url))
    assert "passwd" not in caught.value.message


async def test_a_header_that_would_break_the_request_is_refused(receivers: Start) -> None:
    """A line break in a value would be a second header, or a second request."""
    receiver = await receivers(200)
    with pytest.raises(SinkRefused):
        await send(delivery(receiver.url, {"a": "b\r\nX-Evil: 1"}))
    assert receiver.seen == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://[::ffff:127.0.0.1]:{port}/", "http://0.0.0.0:{port}/",
        "http://127.0.0.1.:{port}/", "http://2130706433:{port}/", "http://0x7f.0.0.1:{port}/", "http://127.1:{port}/",
        "http://169.254.169.254/latest/", "http://[::1]:{port}/", "http://user:pw@127.0.0.1:{port}/", "http://[fd00:ec2::254]/",
    ],
)  # fmt: skip
async def test_the_guard_refuses_forbidden_addresses_however_they_are_written(receivers: Start, url: str) -> None:
    """By default no task may reach what listens on the service's own machine."""
    receiver = await receivers(200)
    with pytest.raises(SinkRefused) as caught:
        await send(delivery(url.format(port=receiver.port)), GuardPolicy())
    assert receiver.seen == []
    assert "pw" not in caught.value.message
    if isinstance(caught.value, SinkForbidden):
        assert "VEDETTE_GUARD_ALLOW" in caught.value.message


@pytest.mark.parametrize(
    ("host", "allow"), [("localhost", "localhost"), ("localhost", "127.0.0.0/8"), ("127.0.0.1", "127.0.0.1")]
)
async def test_the_operator_can_exempt_hosts_and_networks(receivers: Start, host: str, allow: str) -> None:
    """A receiver on the same machine is what the demo uses."""
    receiver = await receivers(200)
    await send(delivery(f"http://{host}:{receiver.port}/"), GuardPolicy.parse("lan", [allow]))
    assert len(receiver.seen) == 1


async def test_the_connection_goes_to_the_judged_address(receivers: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that answers differently the second time (DNS rebinding) is not asked a second time."""
    receiver = await receivers(200)
    asked: list[str] = []

    def look_up(host: str, port: int, *_args: object, **_rest: object) -> list[Any]:
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else "169.254.169.254"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr("vedette.delivery.guard.socket.getaddrinfo", look_up)
    await send(delivery(f"http://rebind.example:{receiver.port}/"))
    assert asked == ["rebind.example"]
    assert len(receiver.seen) == 1


async def test_of_a_names_addresses_only_permitted_ones_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """One good address beside a forbidden one must not open the way to the latter."""

    def look_up(_host: str, port: int, *_args: object, **_rest: object) -> list[Any]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("169.254.169.254", "127.0.0.1")
        ]

    monkeypatch.setattr("vedette.delivery.guard.socket.getaddrinfo", look_up)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(SinkUnreachable, match=str(port)) as caught:
        await send(delivery(f"http://two.example:{port}/"))
    assert "169.254" not in str(caught.value.__cause__)


async def test_a_project_reaches_what_it_alone_was_exempted_for(receivers: Start) -> None:
    """Also not through the connection that the other project's call has left open."""
    receiver = await receivers(200)

    async def terms(project_id: ProjectId) -> Terms:
        return Terms(allow=("127.0.0.1",)) if project_id == "open" else Terms()

    async with Posters(GuardPolicy()) as posters:
        sink = WebhookSink(posters, terms=terms)
        for _ in range(2):
            await sink.send(replace(delivery(receiver.url), project_id=ProjectId("open")))
        with pytest.raises(SinkForbidden, match="vedette project allow"):
            await sink.send(replace(delivery(receiver.url), project_id=ProjectId("closed")))
        with pytest.raises(SinkForbidden):
            await sink.send(replace(delivery("http://169.254.169.254/"), project_id=ProjectId("open")))
    assert len(receiver.seen) == 2
    assert len(receiver.connections) == 1


@pytest.fixture
def certificate(tmp_path: Path) -> ssl.SSLContext:
    """A server's side of TLS with a certificate that nobody else has signed."""
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "k",
            "-out",
            "c",
            "-subj",
            "/CN=localhost",
        ],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "c", tmp_path / "k")
    return context


async def test_a_certificate_that_nobody_signed_is_not_accepted(certificate: ssl.SSLContext) -> None:
    """TLS is verified; the open runtime of the original does not, which makes its TLS worthless."""
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0, ssl=certificate)
    async with server:
        with pytest.raises(SinkUnreachable, match="TLS"):
            await send(delivery(f"https://localhost:{server.sockets[0].getsockname()[1]}/"))
