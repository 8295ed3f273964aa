"""The user's server is asked for an address: what is sent, what is understood, and how long it is waited for."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from neighbours.certificates import self_signed
from vedette.media import restful
from vedette.media.asking import LARGEST
from vedette.media.lookup import finder
from vedette.model.errors import SourceError, SourceInvalid, SourceRefused, SourceUnreachable
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness, Lookup, RestfulLookup

LOOPBACK = GuardPolicy.parse("lan", ["127.0.0.0/8"])
Write = Callable[[BaseHTTPRequestHandler, threading.Event], None]
CAMERA = "rtsp://10.10.10.1/test.sdp?token=secret"


@dataclass
class Server:
    """Answers every call the same way, and keeps what it was asked.

    Attributes:
        write: writes the answer instead, if it is there, until the test is over.
    """

    status: int = 200
    body: bytes = json.dumps({"data": {"rtspurl": CAMERA}}).encode()
    headers: dict[str, str] = field(default_factory=dict)
    write: Write | None = None
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    port: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/cameras/7?of=gate"


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    it = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            it.asked.append((self.command, self.path, dict(self.headers)))
            if it.write is not None:
                with suppress(OSError):
                    it.write(self, it.over)
                return
            self.send_response(it.status)
            for name, value in it.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(it.body)

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.handle_error = lambda *_: None  # type: ignore[method-assign] # a client that hangs up is the test
    if getattr(request, "param", "") == "tls":
        http.socket = self_signed("camera.test").wrap_socket(http.socket, server_side=True)
    it.port = int(http.server_address[1])
    threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield it
    it.over.set()
    http.shutdown()
    http.server_close()


def ask(url: str, path: str = "data/rtspurl", *, within_s: float = 5.0, verify: bool = False, **headers: str) -> str:
    return restful.find(RestfulLookup(url, headers, verify, path), LOOPBACK, within_s=within_s)


def test_the_question_is_as_documented(server: Server) -> None:
    """A GET of the very URL with the user's headers, and the content type besides."""
    assert ask(server.url, **{"X-Auth": "mine", "Accept": "application/json"}) == CAMERA
    ((method, path, headers),) = server.asked
    assert (method, path) == ("GET", "/cameras/7?of=gate")
    assert headers["Content-Type"] == "application/json"
    assert headers["X-Auth"] == "mine"
    assert headers["Accept"] == "application/json"
    assert headers["Host"] == f"127.0.0.1:{server.port}"


def test_credentials_in_the_url_are_sent_as_a_header(server: Server) -> None:
    ask(server.url.replace("//", "//me:p%40ss@"))
    assert server.asked[0][2]["Authorization"] == "Basic bWU6cEBzcw=="


@pytest.mark.parametrize(
    ("answer", "path"),
    [
        ({"url": CAMERA}, "url"),
        ({"data": {"rtspurl": CAMERA}}, "data/rtspurl"),
        ({"data": [{"url": ""}, {"url": CAMERA}]}, "data/1/url"),
        ([[CAMERA]], "0/0"),
        ({"0": {"url": CAMERA}}, "0/url"),
    ],
)
def test_the_path_leads_through_objects_and_arrays(server: Server, answer: Any, path: str) -> None:
    server.body = json.dumps(answer).encode()
    assert ask(server.url, path) == CAMERA


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "no JSON"),
        (b"<html>", "no JSON"),
        (b"\xff\xfe\x00", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"null", "'data'"),
        (b'{"data":{}}', "'data/rtspurl'"),
        (b'{"data":[]}', "'data/rtspurl'"),
        (b'{"data":{"rtspurl":""}}', "empty"),
        (b'{"data":{"rtspurl":" "}}', "empty"),
        (b'{"data":{"rtspurl":7}}', "no text"),
        (b'{"data":{"rtspurl":{"url":"rtsp://a.test/"}}}', "no text"),
    ],
)
def test_an_answer_that_names_no_address_is_refused_with_the_reason(server: Server, body: bytes, told: str) -> None:
    server.body = body
    with pytest.raises(SourceRefused, match=told):
        ask(server.url)


def test_a_step_of_digits_never_leaves_the_array(server: Server) -> None:
    server.body = json.dumps([CAMERA]).encode()
    for path in ("1", "-1", "9999999", "²"):
        with pytest.raises(SourceRefused):
            ask(server.url, path)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, SourceRefused), (403, SourceRefused), (404, SourceRefused), (204, SourceRefused), (301, SourceRefused), (500, SourceUnreachable), (503, SourceUnreachable), (429, SourceUnreachable)],
)  # fmt: skip
def test_a_status_tells_whether_asking_again_helps(server: Server, status: int, kind: type[SourceError]) -> None:
    server.status, server.body = status, b""
    with pytest.raises(kind, match=str(status)) as caught:
        ask(server.url.replace("//", "//me:hidden@"))
    assert "hidden" not in caught.value.message
    assert "gate" not in caught.value.message, "a query may be signed"


def test_a_redirect_is_not_followed(server: Server) -> None:
    """The headers are secrets meant for this server."""
    server.status, server.headers = 302, {"Location": server.url}
    with pytest.raises(SourceRefused, match="redirect"):
        ask(server.url)
    assert len(server.asked) == 1


def test_nobody_at_home_is_worth_another_try() -> None:
    with pytest.raises(SourceUnreachable, match="does not answer"):
        ask("http://127.0.0.1:9/")


def trickle(before: bytes) -> Write:
    """Say something, then one byte at a time: never long enough silent for a time-out of the socket."""

    def write(handler: BaseHTTPRequestHandler, over: threading.Event) -> None:
        handler.wfile.write(before)
        while not over.wait(0.05):
            handler.wfile.write(b" ")

    return write


def silent(_: BaseHTTPRequestHandler, over: threading.Event) -> None:
    over.wait(30)


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(silent, id="no first byte"),
        pytest.param(trickle(b"HTTP/1.1 200 OK\r\nX-A: "), id="headers that trickle"),
        pytest.param(trickle(b"HTTP/1.1 200 OK\r\n\r\n{"), id="a body that trickles"),
        pytest.param(
            trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{"), id="a body of a length that trickles"
        ),
    ],
)
@pytest.mark.parametrize("server", ["plain", "tls"], indirect=True)
def test_the_time_is_for_the_whole_answer(server: Server, write: Write, request: pytest.FixtureRequest) -> None:
    server.write = write
    scheme = "https" if "tls" in request.node.name else "http"
    began = time.monotonic()
    with pytest.raises(SourceUnreachable, match="timed out"):
        ask(server.url.replace("http:", f"{scheme}:"), within_s=0.6)
    assert time.monotonic() - began < 2.5


def test_the_time_holds_while_the_connection_is_made() -> None:
    """A port that takes connections and never speaks TLS."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        began = time.monotonic()
        with pytest.raises(SourceUnreachable, match="timed out"):
            ask(f"https://127.0.0.1:{mute.getsockname()[1]}/", within_s=0.5)
        assert time.monotonic() - began < 2.5


def test_an_answer_without_an_end_is_not_read(server: Server) -> None:
    server.body = b" " * (LARGEST + 1)
    with pytest.raises(SourceInvalid, match="more than"):
        ask(server.url)


def test_an_answer_that_breaks_off_is_no_answer(server: Server) -> None:
    """What came of it might even be JSON."""
    server.headers = {"Content-Length": "5000"}
    with pytest.raises(SourceUnreachable, match="broke off"):
        ask(server.url)


@pytest.mark.parametrize("server", ["tls"], indirect=True)
def test_the_certificate_is_checked_only_where_that_is_wanted(server: Server) -> None:
    url = server.url.replace("http:", "https:")
    assert ask(url) == CAMERA
    with pytest.raises(SourceRefused, match="certificate"):
        ask(url, verify=True)


def test_the_guard_judges_whom_we_ask(server: Server) -> None:
    with pytest.raises(SourceRefused, match="may not reach"):
        restful.find(RestfulLookup(server.url, {}, False, "url"), GuardPolicy())
    assert not server.asked


@pytest.mark.parametrize("url", ["rtsp://127.0.0.1/live", "file:///etc/passwd", "ftp://127.0.0.1/a.json"])
def test_only_http_is_asked(url: str) -> None:
    with pytest.raises(SourceRefused, match="http or https"):
        ask(url)


@pytest.mark.parametrize("name", ["Content-Length", "transfer-encoding", "Connection", "Upgrade"])
def test_headers_of_the_connection_are_not_the_users(server: Server, name: str) -> None:
    """With a length and no body the server would wait; refused rather than left out in silence."""
    with pytest.raises(SourceRefused, match=name.lower()):
        ask(server.url, **{name: "100"})
    assert not server.asked


@pytest.mark.parametrize("value", ["a\r\nX-Other: b", "\N{SNOWMAN}"])
def test_a_header_that_cannot_be_sent_is_told(server: Server, value: str) -> None:
    with pytest.raises(SourceRefused, match="cannot be sent") as caught:
        ask(server.url, Name=value)
    assert value not in caught.value.message


@pytest.mark.parametrize(
    "named", ["file:///etc/passwd", "FILE:///etc/passwd", " file:///a", "concat:a", "/etc/passwd", "http://["]
)
def test_no_answer_names_a_file_of_ours(server: Server, named: str) -> None:
    """What a stranger's server answers is opened with our rights."""
    server.body = json.dumps({"url": named}).encode()
    find = finder(LOOPBACK, lambda _: pytest.fail("nobody asks a node"))
    address = Address("", Liveness.LIVE, lookup=Lookup(restful=RestfulLookup(server.url, {}, False, "url")))
    with pytest.raises(SourceRefused, match="the answer names"):
        find(address)


def test_what_is_found_is_an_address_like_any_other(server: Server) -> None:
    find = finder(LOOPBACK, lambda _: pytest.fail("nobody asks a node"))
    lookup = Lookup(restful=RestfulLookup(server.url, {}, False, "data/rtspurl"))
    found = find(Address("", Liveness.LIVE, tls_verify=False, lookup=lookup))
    assert found == Address(CAMERA, Liveness.LIVE, tls_verify=False)
    assert find(found) is found
