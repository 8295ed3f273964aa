"""Files and streams behind real and unreal web servers: nginx, and servers that ask for Digest, drip, or lie."""

import hashlib
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from file_server import Manners, serving

from absence import missing
from conftest import LOOPBACK, QUICK, MakeClip, Read, trace  # the nearest one
from neighbours.web import WebServer, absent
from vedette.media.backoff import Backoff
from vedette.media.reader import Reader
from vedette.media.reconnect import Feed
from vedette.model.errors import SourceError, SourceInvalid, SourceLost, SourceRefused, SourceUnreachable
from vedette.model.source import Address, Liveness

SECRET = "hunter2"
LARGE = {"codec": "mjpeg", "pix_fmt": "yuvj420p", "size": (1280, 720), "g": None, "bf": None}


@pytest.fixture
def _nginx() -> None:
    if reason := absent():
        missing(reason)


nginx = pytest.mark.usefixtures("_nginx")


def _count(reader: Reader) -> int:
    with reader:
        return len(trace(reader.pictures()))


@nginx
@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.ts", "clip.avi", "clip.flv"])
def test_every_container_is_read_from_nginx(make_clip: MakeClip, read: Read, tmp_path: Path, name: str) -> None:
    """MP4 with its index at the end: the muxer's way."""
    make_clip(name)
    with WebServer(tmp_path) as server:
        assert _count(read(server.url(name))) == 75


@nginx
def test_an_index_at_the_end_costs_parts_and_no_second_download(
    make_clip: MakeClip, read: Read, tmp_path: Path
) -> None:
    """The first connection is left as soon as the index is looked for."""
    make_clip(**LARGE)
    with WebServer(tmp_path) as server:
        assert _count(read(server.url("clip.mp4"))) == 75
        asked = server.requests()
    assert all(one.startswith("206 bytes=") for one in asked)
    assert 2 <= len(asked) <= 5


@nginx
def test_a_web_server_that_dies_and_returns_costs_no_picture(make_clip: MakeClip, tmp_path: Path) -> None:
    """Killed in mid-transfer, back half a second later."""
    make_clip(container={"movflags": "faststart"}, **LARGE)
    with WebServer(tmp_path, rate="1m") as server:
        feed = Feed(
            Address(server.url("clip.mp4"), Liveness.EITHER), policy=LOOPBACK, file_roots=(), fps=100, limits=QUICK,
            backoff=Backoff(first_s=0.2, ceiling_s=0.5),
        )  # fmt: skip
        indexes = []
        for frame in feed.frames():
            indexes.append(frame.position.index)
            if len(indexes) == 20:
                server.kill()
                threading.Timer(0.5, server.start).start()
        assert indexes == list(range(75))


@nginx
@pytest.mark.parametrize("login", ["", f"user:{SECRET}@"])
def test_who_is_not_known_to_the_web_server_is_refused(
    make_clip: MakeClip, read: Read, tmp_path: Path, login: str
) -> None:
    """401, and it is said that it is about the login."""
    make_clip()
    with WebServer(tmp_path) as server:
        with pytest.raises(SourceRefused, match="401") as caught:
            read(server.url("closed/clip.mp4", login=login))
        asked = server.requests()
    assert caught.value.login
    assert SECRET not in str(caught.value)
    assert len(asked) == (2 if login else 1), "a wrong password is sent once"


@nginx
def test_a_password_is_given_to_the_web_server_that_asks_for_it(
    make_clip: MakeClip, read: Read, tmp_path: Path
) -> None:
    """Basic; it is asked for once, not for every part."""
    make_clip(**LARGE)
    with WebServer(tmp_path) as server:
        assert _count(read(server.url("closed/clip.mp4", login="user:pass%20word@"))) == 75
        asked = server.requests()
    assert [one[:3] for one in asked].count("401") == 1


class _Digest(BaseHTTPRequestHandler):
    """A camera's web server: Digest, each nonce for a few requests."""

    body = b""
    uses = 2

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        server = self.server
        fields = dict(re.findall(r'(\w+)="?([^",]+)"?', self.headers.get("Authorization", "")))
        server.asked.append(fields)  # type: ignore[attr-defined]
        good = "response" in fields and fields["response"] == self._expected(fields)
        count = int(fields.get("nc", "0"), 16)
        if not good or fields["nonce"] != server.nonce or count > self.uses:  # type: ignore[attr-defined]
            server.nonce = f"nonce{len(server.asked)}"  # type: ignore[attr-defined]
            stale = ', stale="true"' if good else ""
            self.send_response(401)
            challenge = f'Digest realm="cam", qop="auth", nonce="{server.nonce}", opaque="x y"{stale}'  # type: ignore[attr-defined]
            self.send_header("WWW-Authenticate", 'Basic realm="cam"')
            self.send_header("WWW-Authenticate", challenge)
            self.end_headers()
            return
        begin = int(self.headers["Range"].removeprefix("bytes=").partition("-")[0])
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {begin}-{len(self.body) - 1}/{len(self.body)}")
        self.end_headers()
        try:
            self.wfile.write(self.body[begin:])
        except OSError:  # the reader has hung up
            return

    def _expected(self, fields: dict[str, str]) -> str:
        def md5(text: str) -> str:
            return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

        who, what = md5("admin:cam:12 34"), md5(f"GET:{self.path}")
        return md5(f"{who}:{fields['nonce']}:{fields['nc']}:{fields['cnonce']}:auth:{what}")


@contextmanager
def _digest(body: bytes) -> Iterator[tuple[str, list[dict[str, str]]]]:
    handler = type("Handler", (_Digest,), {"body": body})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.asked, server.nonce = [], ""  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}/clip?a=b", server.asked  # type: ignore[attr-defined]
        finally:
            server.shutdown()
            thread.join()


def test_a_camera_that_asks_for_digest_is_answered_so_and_never_with_basic(make_clip: MakeClip, read: Read) -> None:
    """Over several parts, under challenges that grow stale meanwhile."""
    with _digest(make_clip(**LARGE).read_bytes()) as (place, asked):
        assert _count(read(f"http://admin:12%2034@{place}")) == 75
    assert all("response" in one for one in asked[1:])
    assert asked[0] == {}


def test_a_wrong_digest_is_sent_once(make_clip: MakeClip, read: Read) -> None:
    """Cameras lock out who logs in wrongly a few times."""
    with _digest(make_clip().read_bytes()) as (place, asked), pytest.raises(SourceRefused, match="401") as caught:
        read(f"http://admin:{SECRET}@{place}")
    assert len(asked) == 2
    assert caught.value.login
    assert SECRET not in str(caught.value)


@contextmanager
def _dripping(head: bytes) -> Iterator[str]:
    """A server that answers one byte at a time, faster than any time-out of a socket."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            try:
                peer, _ = listener.accept()
                with peer:
                    for sign in head:
                        peer.sendall(bytes([sign]))
                        if over.wait(0.05):
                            return
            except OSError:
                return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/clip"
        finally:
            over.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_a_server_that_drips_its_header_is_left(read: Read) -> None:
    """Each byte would start the time-out anew: the header as a whole has one, too."""
    with _dripping(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 5000) as url, pytest.raises(SourceUnreachable):
        read(url)


@pytest.mark.parametrize("told", [0.5, 2.0])
def test_a_length_that_is_wrong_is_not_taken_for_the_truth(make_clip: MakeClip, read: Read, told: float) -> None:
    """Half of it, or twice: there is an error, or every picture, but never a part that is called a success."""
    body = make_clip(container={"movflags": "faststart"}, crf="10").read_bytes()
    size = int(len(body) * told)
    manners = Manners(body, content_range=f"bytes 0-{size - 1}/{size}")
    with serving(manners) as url, pytest.raises(SourceError) as caught:
        _count(read(url))
    assert isinstance(caught.value, (SourceInvalid, SourceLost, SourceUnreachable)) or "before its end" in str(
        caught.value
    )


def test_a_login_does_not_follow_a_redirect_to_another_port(read: Read) -> None:
    """The same host may give its ports to different people."""
    there, here = Manners(b"", status=401), Manners(b"")
    with serving(there) as target, serving(here) as url:
        here.location = target
        with pytest.raises(SourceRefused, match="401"):
            read(url.replace("://", f"://me:{SECRET}@"))
    assert ["Authorization" in one for one in there.requests] == [False]
