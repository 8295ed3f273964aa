"""What may be opened, and to which address the connection goes."""

import socket
from collections.abc import Callable

import pytest

from vedette.media.resolve import Pinned, pin
from vedette.model.errors import SourceRefused, SourceUnreachable, SourceUnsupported
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness

Names = Callable[..., None]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """Answer name look-ups from a list."""

    def answer(*addresses: str) -> None:
        def look_up(host: str, port: int, **_: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
            if not addresses:
                raise socket.gaierror(-2, "Name or service not known")
            return [(2, 1, 6, "", (one, port)) for one in addresses]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)

    return answer


def pinned(url: str, mode: str = "lan", *allow: str) -> Pinned:
    return pin(Address(url, Liveness.LIVE), GuardPolicy.parse(mode, list(allow)), ())


def test_the_connection_goes_to_the_judged_address_with_everything_else_kept(names: Names) -> None:
    """FFmpeg would look the name up again, and could be told another address."""
    names("192.168.7.4")
    what = pinned("rtsp://me:p%40ss@camera.test:8554/Streaming/101?profile=1")
    assert what.url(what.addresses[0]) == "rtsp://me:p%40ss@192.168.7.4:8554/Streaming/101?profile=1"
    names("2001:db8::9")
    what = pinned("rtsp://camera.test/live")
    assert what.url(what.addresses[0]) == "rtsp://[2001:db8::9]:554/live"


def test_rtmp_servers_hear_the_name_they_are_known_by(names: Names) -> None:
    """Servers choose the virtual host by the tcUrl."""
    names("192.168.7.4")
    assert pinned("rtmp://media.test/live/key").tcurl == "rtmp://media.test:1935/live"
    assert pinned("rtmp://media.test/live/room/key?a=b").tcurl == "rtmp://media.test:1935/live/room"


@pytest.mark.parametrize(
    "answers", [("127.0.0.1",), ("192.168.1.2", "169.254.169.254"), ("::1",), ("::ffff:127.0.0.1",)]
)
def test_one_forbidden_answer_condemns_the_name(names: Names, answers: tuple[str, ...]) -> None:
    """A resolver that mixes good and bad answers is the usual trick."""
    names(*answers)
    with pytest.raises(SourceRefused, match=r"camera\.test.*VEDETTE_GUARD_ALLOW"):
        pinned("http://camera.test/clip.mp4")


def test_private_networks_are_closed_to_strangers_only(names: Names) -> None:
    """At home the cameras are there; a hosted service keeps out, but for what the operator exempts."""
    names("10.1.2.3")
    assert pinned("rtsp://camera.test/").addresses == ("10.1.2.3",)
    with pytest.raises(SourceRefused):
        pinned("rtsp://camera.test/", "hosted")
    assert pinned("rtsp://camera.test/", "hosted", "10.1.2.0/24").addresses == ("10.1.2.3",)


def test_a_name_that_cannot_be_resolved_may_be_there_later(names: Names) -> None:
    """DNS fails for minutes, cameras are renamed: it is tried again."""
    names()
    with pytest.raises(SourceUnreachable, match="cannot be resolved"):
        pinned("rtsp://camera.test/")


@pytest.mark.parametrize("url", ["rtsps://host/a", "concat:a|b", "gopher://host", "pipe:0", "clip.mp4", ""])
def test_other_schemes_are_not_read(url: str) -> None:
    """FFmpeg knows dozens of protocols; each would be a door."""
    with pytest.raises((SourceUnsupported, SourceRefused)):
        pinned(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://",
        "http:///clip",
        "http://host:99999/x",
        "rtsp://host:0/x",
        "http://[::1/x",
        "rtsp://a b/c",
        "rtsp://host/a\nb",
    ],
)
def test_what_is_no_url_is_refused(url: str) -> None:
    """Nothing of it is worth a retry."""
    with pytest.raises(SourceRefused):
        pinned(url)


def test_credentials_are_in_no_repr_and_no_message(names: Names) -> None:
    """What is logged by mistake must not hold them."""
    names("192.168.7.4")
    what = pinned("rtsp://me:hunter2@camera.test/key-hunter2")
    assert "hunter2" not in repr(what)
    assert what.shown == "rtsp://camera.test:554"
    names("127.0.0.1")
    with pytest.raises(SourceRefused) as caught:
        pinned("rtsp://me:hunter2@camera.test/key-hunter2")
    assert "hunter2" not in caught.value.message
