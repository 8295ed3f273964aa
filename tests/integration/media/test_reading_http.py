"""Files behind http: with ranges and without, over connections that break, from servers that misbehave."""

import threading

import pytest
from file_server import Manners, serving

from conftest import LOOPBACK, MakeClip, Read, trace  # the nearest one
from vedette.media.http import HttpFile
from vedette.media.reader import Reader
from vedette.model.errors import SourceError, SourceInvalid, SourceLost, SourceRefused, SourceUnreachable
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness

SECRET = "hunter2"


def _count(reader: Reader) -> int:
    with reader:
        return len(trace(reader.pictures()))


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("length", [True, False])
def test_a_file_with_its_index_in_front_is_read_from_any_server(
    make_clip: MakeClip, read: Read, ranges: bool, length: bool
) -> None:
    """The plainest server must do for a file that can be read from front to back."""
    body = make_clip(container={"movflags": "faststart"}).read_bytes()
    with serving(Manners(body, ranges=ranges, length=length)) as url:
        assert _count(read(url)) == 75


@pytest.mark.parametrize("ranges", [True, False])
def test_a_file_with_its_index_at_the_end_is_read_too(make_clip: MakeClip, read: Read, ranges: bool) -> None:
    """That is how most tools write MP4. Without ranges the body is fetched again instead."""
    with serving(Manners(make_clip().read_bytes(), ranges=ranges)) as url:
        assert _count(read(url)) == 75


@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_transfer_is_taken_up_where_it_broke(make_clip: MakeClip, read: Read, ranges: bool) -> None:
    """Long files outlive connections."""
    body = make_clip(container={"movflags": "faststart"}, crf="10").read_bytes()
    manners = Manners(body, ranges=ranges, break_after=len(body) // 4, cuts=2)
    with serving(manners) as url:
        assert _count(read(url)) == 75
    assert len(manners.requests) == 3


def test_a_server_that_always_breaks_is_lost_not_finished(make_clip: MakeClip, read: Read) -> None:
    """FFmpeg takes the end of a transfer for the end of the file; we do not."""
    body = make_clip(container={"movflags": "faststart"}, crf="10").read_bytes()
    with serving(Manners(body, ranges=False, break_after=len(body) // 2)) as url, pytest.raises(SourceLost):
        _count(read(url))


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, SourceRefused), (403, SourceRefused), (401, SourceRefused), (410, SourceRefused), (500, SourceUnreachable), (503, SourceUnreachable), (429, SourceUnreachable)],
)  # fmt: skip
def test_what_a_server_refuses_is_told_with_its_status(read: Read, status: int, kind: type[SourceError]) -> None:
    """4xx stays as it is, however often it is asked; 5xx and 429 may pass."""
    with serving(Manners(b"", status=status)) as url, pytest.raises(kind, match=str(status)) as caught:
        read(url)
    assert caught.value.transient == (kind is SourceUnreachable)


def test_credentials_go_to_their_host_and_into_no_message(read: Read) -> None:
    """A password in a URL is sent as Basic, and never shown."""
    manners = Manners(b"", status=401)
    with serving(manners) as url, pytest.raises(SourceRefused) as caught:
        read(url.replace("://", f"://me:{SECRET}@"))
    assert "Basic " in manners.requests[-1]["Authorization"]
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_redirect_is_followed_and_judged_anew(make_clip: MakeClip, read: Read) -> None:
    """From an allowed host into the forbidden network: the usual way around a guard."""
    body = make_clip(container={"movflags": "faststart"}).read_bytes()
    with serving(Manners(body)) as there, serving(Manners(b"", location=there)) as here:
        assert _count(read(here)) == 75
        port = here.rpartition(":")[2]
        only_one = GuardPolicy.parse("lan", ["outpost.test"])
        with pytest.raises(SourceRefused, match="VEDETTE_GUARD_ALLOW"):
            Reader(Address(here, Liveness.FILE), policy=only_one)
        assert port


def test_a_redirect_from_an_exempt_host_to_loopback_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The exemption is the first host's, not that of whatever it points to."""
    with serving(Manners(b"inner")) as there, serving(Manners(b"", location=there)) as here:
        port = int(here.split(":")[2].split("/")[0])
        monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("127.0.0.1", port))])
        policy = GuardPolicy.parse("lan", ["outpost.test"])
        with pytest.raises(SourceRefused, match=r"127\.0\.0\.1 is an address that this service may not reach"):
            Reader(Address(f"http://outpost.test:{port}/clip", Liveness.FILE), policy=policy)


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://host/x", "rtsp://127.0.0.1/x", "http://[::1/x", ""])
def test_a_redirect_to_another_scheme_or_to_itself_ends(read: Read, location: str) -> None:
    """A redirect shall not open files, and a circle shall end."""
    with serving(Manners(b"", location=location)) as url, pytest.raises(SourceRefused, match="redirects"):
        read(url)


def test_a_server_that_accepts_and_says_nothing_times_out(read: Read) -> None:
    """The port is open, the service behind it hangs."""
    manners = Manners(b"x" * 100, silent_after=0)
    with serving(manners) as url, pytest.raises((SourceUnreachable, SourceLost)):
        read(url)


def test_an_endless_body_is_cut_off() -> None:
    """A server that never stops sending must not be followed for ever."""
    with serving(Manners(b"x" * 300_000, ranges=False, length=False)) as url:
        file = HttpFile(Address(url, Liveness.FILE), policy=LOOPBACK, stop=threading.Event(), max_bytes=100_000)
        with pytest.raises(SourceInvalid, match="longer"):
            list(iter(lambda: file.read(65536), b""))
        file.close()


def test_a_body_that_changes_under_the_reader_is_noticed(make_clip: MakeClip, read: Read) -> None:
    """Two halves of two files make no video."""
    body = make_clip(
        codec="mjpeg", pix_fmt="yuvj420p", size=(1280, 720), g=None, bf=None, container={"movflags": "faststart"}
    ).read_bytes()
    manners = Manners(body, break_after=len(body) // 2, cuts=1)
    with serving(manners) as url:
        reader = read(url)
        manners.body = body + b"more"
        with pytest.raises(SourceInvalid, match="changed"):
            _count(reader)


def test_letters_beyond_ascii_in_a_path_are_sent_encoded(make_clip: MakeClip, read: Read) -> None:
    """People name files as they speak; HTTP wants ASCII."""
    manners = Manners(make_clip().read_bytes())
    with serving(manners) as url:
        assert _count(read(url + "-größe%20a.mp4?q=ü")) == 75


@pytest.mark.parametrize("header", ["bytes x-9/10", "bytes " + "9" * 5000 + "-9/10", "lines 0-9/10", ""])
def test_a_range_that_says_nothing_is_not_believed(read: Read, header: str) -> None:
    """An absurd number must not break the reader, either."""
    with serving(Manners(b"x" * 10, content_range=header)) as url, pytest.raises(SourceInvalid):
        read(url)
