"""HTTP addresses that may stand for a file or for an endless stream: the first connection tells, and it stays so."""

import threading
from collections.abc import Iterator

import av
import pytest
from file_server import Manners, serving

from conftest import LOOPBACK, QUICK, MakeClip, scene  # the nearest one
from neighbours.endless import Broadcast, broadcasting, parts_of, pieces_of
from vedette.media.backoff import Backoff
from vedette.media.reader import Reader
from vedette.media.reconnect import Feed
from vedette.model.errors import SourceLost, SourceRefused
from vedette.model.frame import Frame
from vedette.model.source import Address, Liveness
from vedette.model.stream import StreamState

DEADLINE_S = 10.0


def reader_of(url: str) -> Reader:
    return Reader(Address(url, Liveness.EITHER), policy=LOOPBACK, limits=QUICK)


def feed_of(url: str, **options: object) -> Feed:
    arguments = {"limits": QUICK, "backoff": Backoff(first_s=0.05, ceiling_s=0.2), "fps": 100.0} | options
    return Feed(Address(url, Liveness.EITHER), policy=LOOPBACK, file_roots=(), **arguments)  # type: ignore[arg-type]


def jpegs(count: int) -> list[bytes]:
    encoder = av.CodecContext.create("mjpeg", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = 160, 96, "yuvj420p"
    found = []
    for index in range(count):
        frame = av.VideoFrame.from_ndarray(scene(index, 160, 96), format="bgr24").reformat(format="yuvj420p")
        found += [bytes(packet) for packet in encoder.encode(frame)]
    return found + [bytes(packet) for packet in encoder.encode(None)]


def seen(frames: Iterator[Frame], count: int) -> list[Frame]:
    """Take so many pictures, and no more."""
    return [frame for frame, _ in zip(frames, range(count), strict=False)]


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("name", ["clip.mp4", "clip.ts", "clip.flv", "clip.mkv"])
def test_an_answer_with_a_length_is_a_file_and_every_picture_counts(
    make_clip: MakeClip, name: str, ranges: bool
) -> None:
    """Whatever the URL is called. The analysis is slower than the file, and misses nothing."""
    with serving(Manners(make_clip(name).read_bytes(), ranges=ranges)) as url:
        feed = feed_of(url, first_connection=7 << 16)
        assert feed.liveness is Liveness.EITHER
        frames = list(feed.frames())
        assert [(one.position.connection, one.position.index) for one in frames] == [(0, i) for i in range(75)]
    assert feed.liveness is Liveness.FILE
    assert feed.status().stats.dropped == {}


@pytest.mark.parametrize("chunked", [True, False])
@pytest.mark.parametrize(("name", "kind"), [("clip.flv", "video/x-flv"), ("clip.ts", "video/mp2t")])
def test_an_answer_without_an_end_is_live_and_its_end_is_a_loss(
    make_clip: MakeClip, name: str, kind: str, chunked: bool
) -> None:
    """HTTP-FLV and MPEG-TS of media servers: closed in order or not, the camera is waited for."""
    told = Broadcast(pieces_of(make_clip(name, bf="0").read_bytes(), 10), kind, chunked=chunked)
    with broadcasting(told) as url:
        feed = feed_of(url, first_connection=7 << 16)
        connections = set()
        for frame in feed.frames():
            connections.add(frame.position.connection - (7 << 16))
            if len(connections) == 3:
                break
    assert connections == {0, 1, 2}
    assert feed.liveness is Liveness.LIVE
    assert feed.status().stats.reconnects >= 2


def test_pictures_that_replace_one_another_are_live_with_the_time_of_the_wall() -> None:
    """Multipart MJPEG has no time stamps: 10 pictures a second are 10 a second, not the 25 that FFmpeg takes them for."""
    told = Broadcast(parts_of(jpegs(12)), "multipart/x-mixed-replace; boundary=frame", pause_s=0.1, stays=True)
    with broadcasting(told) as url:
        feed = feed_of(url)
        frames = seen(feed.frames(), 10)
    assert feed.liveness is Liveness.LIVE
    assert 0.6 < (frames[-1].position.time_us - frames[0].position.time_us) / 1e6 < 2.0
    assert feed.status().stats.codec == "mjpeg"


@pytest.mark.parametrize("length", [True, False])
@pytest.mark.parametrize("prelude", [b"", b"\r\n"])
def test_cameras_differ_in_how_they_write_their_parts(length: bool, prelude: bytes) -> None:
    """With a length for each part or without, with an empty line in front or without."""
    parts = parts_of(jpegs(8), length=length)
    told = Broadcast([prelude + parts[0], *parts[1:]], "multipart/x-mixed-replace;boundary=--frame", stays=True)
    with broadcasting(told) as url, reader_of(url) as reader:
        assert reader.live
        pictures = reader.pictures()
        assert [next(pictures).frame.position.index for _ in range(6)] == list(range(6))


@pytest.mark.parametrize("size", ["2147483647", "9223372036854775807"])
def test_a_length_that_parts_come_with_is_not_believed(size: str) -> None:
    """Some cameras give one, because their library wants it."""
    told = Broadcast(
        parts_of(jpegs(8)), "multipart/x-mixed-replace; boundary=frame", more={"Content-Length": size}, stays=True
    )
    with broadcasting(told) as url, reader_of(url) as reader:
        assert reader.live


def test_a_length_beyond_all_measure_means_none(make_clip: MakeClip) -> None:
    """An FLV stream that says it has 9 exabytes."""
    body = pieces_of(make_clip("clip.flv", bf="0").read_bytes(), 10)
    told = Broadcast(body, "video/x-flv", more={"Content-Length": "9223372036854775807"}, stays=True)
    with broadcasting(told) as url, reader_of(url) as reader:
        assert reader.live


def test_a_server_that_refuses_ranges_of_what_is_live_is_asked_again_without(make_clip: MakeClip) -> None:
    """416 for all bytes from the first on can mean nothing else."""
    told = Broadcast(pieces_of(make_clip("clip.ts", bf="0").read_bytes(), 10), no_ranges=True, stays=True)
    with broadcasting(told) as url, reader_of(url) as reader:
        assert reader.live
    assert [("Range" in one) for one in told.requests] == [True, False]


@pytest.mark.parametrize(
    ("name", "container"), [("clip.mp4", {"movflags": "faststart"}), ("clip.mkv", {}), ("clip.avi", {})]
)
@pytest.mark.parametrize("chunked", [True, False])
def test_a_finished_container_is_a_file_though_the_server_tells_no_length(
    make_clip: MakeClip, name: str, container: dict[str, str], chunked: bool
) -> None:
    """Its header says how long it lasts, which only one that was finished knows."""
    told = Broadcast(pieces_of(make_clip(name, container=container).read_bytes(), 10), chunked=chunked)
    with broadcasting(told) as url:
        feed = feed_of(url)
        assert [frame.position.index for frame in feed.frames()] == list(range(75))
    assert feed.liveness is Liveness.FILE


@pytest.mark.parametrize("header", [{"ETag": '"1"'}, {"Accept-Ranges": "bytes"}])
def test_what_has_a_version_or_ranges_is_a_file(make_clip: MakeClip, header: dict[str, str]) -> None:
    """A stream has neither."""
    told = Broadcast(pieces_of(make_clip("clip.ts").read_bytes(), 10), chunked=True, more=header)
    with broadcasting(told) as url:
        feed = feed_of(url)
        assert [frame.position.index for frame in feed.frames()] == list(range(75))
    assert feed.liveness is Liveness.FILE


def test_a_transfer_in_chunks_that_breaks_is_not_taken_for_its_end(make_clip: MakeClip) -> None:
    """The last chunk is the end; a connection that is cut before it is not."""
    body = make_clip("clip.ts", crf="1").read_bytes()
    told = Broadcast(pieces_of(body, 10), chunked=True, more={"ETag": '"1"'}, breaks=2)
    with broadcasting(told) as url:
        assert [frame.position.index for frame in feed_of(url).frames()] == list(range(75))
    assert len(told.requests) == 3


def test_what_it_was_told_to_be_stays_over_reconnects(make_clip: MakeClip) -> None:
    """A file whose server loses its length meanwhile is still a file: nothing is dropped, and its end is the end."""
    body = make_clip("clip.ts", crf="1").read_bytes()
    manners = Manners(body, ranges=False, break_after=len(body) // 2, cuts=5)
    with serving(manners) as url:
        feed = feed_of(url)
        frames = []
        for frame in feed.frames():
            manners.length = len(frames) < 5
            frames.append(frame.position.index)
        assert frames == sorted(set(frames))
    assert feed.liveness is Liveness.FILE


def test_nobody_is_given_up_before_it_is_known_what_it_is(make_clip: MakeClip) -> None:
    """A server that is down may be a camera's: it is waited for, with the reason told."""
    manners = Manners(make_clip().read_bytes(), status=503)
    with serving(manners) as url:
        feed = feed_of(url)
        told = threading.Event()
        frames: list[int] = []

        def watch() -> None:
            frames.extend(frame.position.index for frame in feed.frames())
            told.set()

        threading.Thread(target=watch, daemon=True).start()
        while len(manners.requests) < 8:
            assert not told.wait(0.02)
        status = feed.status()
        assert status.state is StreamState.AWAY
        assert status.failure is not None
        assert "503" in status.failure.message
        manners.status = None
        assert told.wait(DEADLINE_S)
    assert frames == list(range(75))


def test_a_404_is_told_at_once_though_it_might_have_been_a_camera() -> None:
    """As of any live source before its first picture."""
    with serving(Manners(b"", status=404)) as url, pytest.raises(SourceRefused, match="404"):
        list(feed_of(url).frames())


def test_a_live_answer_that_drips_is_lost(make_clip: MakeClip, monkeypatch: pytest.MonkeyPatch) -> None:
    """One byte every now and then keeps every time-out of a socket from firing."""
    monkeypatch.setattr("vedette.media.transfer.DRIP_S", 0.5)
    body = make_clip("clip.ts").read_bytes()
    told = Broadcast([body[:200], *pieces_of(body[200:400], 100)], pause_s=0.05, stays=True)
    with broadcasting(told) as url, pytest.raises(SourceLost, match="no more than"):
        reader_of(url)
