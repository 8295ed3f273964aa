"""Live transport streams that become something else in mid-stream, and decoders that cannot keep up."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from test_feeding import Watcher

from conftest import LOOPBACK, QUICK, MakeClip, scene
from neighbours.rtsp import RtspServer
from neighbours.rude import Rude
from vedette.media.backoff import Backoff
from vedette.media.decoder import Decoder
from vedette.media.reconnect import Feed
from vedette.model.source import Address, Liveness
from vedette.model.stream import StreamStats


def transport(path: Path, *, codec: str = "libx264", size: tuple[int, int] = (160, 96), frames: int = 75, after_s: int = 0, sound: bool = False, pid: str = "0x100") -> bytes:  # fmt: skip
    """Encode a piece of a transport stream."""
    options = {"output_ts_offset": str(after_s), "mpegts_start_pid": pid}
    with av.open(str(path), "w", format="mpegts", options=options) as out:
        video = out.add_stream(codec, rate=25, options={"g": "10", "bf": "0", "x265-params": "log-level=none"})
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        audio = out.add_stream("mp2", rate=48000) if sound else None
        for index in range(frames):
            picture = av.VideoFrame.from_ndarray(scene(index, *size), format="bgr24")
            picture.pts, picture.time_base = index, Fraction(1, 25)
            out.mux(video.encode(picture))
            if audio is not None:
                tone = av.AudioFrame.from_ndarray(np.zeros((1, 1920 * 2), np.int16), format="s16", layout="stereo")
                tone.sample_rate, tone.pts, tone.time_base = 48000, index * 1920, Fraction(1, 48000)
                out.mux(audio.encode(tone))
        out.mux(video.encode(None))
    return path.read_bytes()


class Endless:
    """An HTTP server whose n-th connection is sent the n-th list of pieces, and then nothing more."""

    def __init__(self, *given: list[bytes]) -> None:
        self.given: Iterator[list[bytes]] = iter(given)

    def __call__(self, peer: socket.socket, over: threading.Event) -> None:
        peer.recv(4096)
        peer.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: video/mp2t\r\n\r\n")
        for piece in next(self.given):
            peer.sendall(piece)
        over.wait()


def keeper(url: str, **options: object) -> Feed:
    arguments = {"limits": QUICK, "backoff": Backoff(first_s=0.05, ceiling_s=0.2)} | options
    return Feed(Address(url, Liveness.LIVE), policy=LOOPBACK, file_roots=(), fps=100, **arguments)  # type: ignore[arg-type]


def wait_stats(feed: Feed, true: Callable[[StreamStats], bool], deadline_s: float = 10.0) -> StreamStats:
    """Look at the counters until they are as wanted; they have no event to wait for."""
    pause, end = threading.Event(), time.monotonic() + deadline_s
    while not true(stats := feed.status().stats):
        assert time.monotonic() < end, stats
        pause.wait(0.01)
    return stats


def test_another_size_in_mid_stream_is_followed_without_a_new_connection(tmp_path: Path) -> None:
    """Somebody turned the camera's setting; the algorithms are given pictures of the new size."""
    first = transport(tmp_path / "a.ts")
    second = transport(tmp_path / "b.ts", size=(320, 240), after_s=3, frames=100)
    with Rude(Endless([first, second])) as server:
        watcher = Watcher(keeper(server.url("http")))
        stats = wait_stats(watcher.feed, lambda stats: stats.decoded >= 150)
        assert (stats.width, stats.height, stats.reconnects) == (320, 240, 0)
        watcher.feed.stop()
        assert watcher.ended(1)
    assert watcher.frames[-1].luma.shape == (240, 320)
    assert watcher.frames[-1].bgr().shape == (240, 320, 3)
    times = [frame.position.time_us for frame in watcher.frames]
    assert all(a <= b for a, b in pairwise(times))


@pytest.mark.parametrize(
    ("codec", "pid", "name"), [("libx265", "0x100", "hevc"), ("libx264", "0x200", "h264"), ("mpeg2video", "0x200", "mpeg2video")]
)  # fmt: skip
def test_another_codec_or_stream_is_opened_anew_at_once(tmp_path: Path, codec: str, pid: str, name: str) -> None:
    """The decoder of the first connection would wait for ever for what does not come any more."""
    first = transport(tmp_path / "a.ts", frames=400)
    other = transport(tmp_path / "b.ts", codec=codec, pid=pid, size=(320, 240), frames=100, after_s=16)
    with Rude(Endless([first, other], [other])) as server:
        watcher = Watcher(keeper(server.url("http")))
        stats = wait_stats(watcher.feed, lambda stats: (stats.width, stats.codec) == (320, name))
        assert stats.reconnects == 1
        assert stats.decoded >= 399
        watcher.feed.stop()
        assert watcher.ended(1)
        assert watcher.error is None


def test_sound_that_joins_later_is_no_reason_to_connect_anew(tmp_path: Path) -> None:
    """PyAV knows only the streams of the opening, and stumbles over any other."""
    first = transport(tmp_path / "a.ts", frames=400)
    second = transport(tmp_path / "b.ts", after_s=16, sound=True, frames=100)
    with Rude(Endless([first, second])) as server:
        watcher = Watcher(keeper(server.url("http")))
        stats = wait_stats(watcher.feed, lambda stats: stats.decoded >= 474)
        assert stats.reconnects == 0
        watcher.feed.stop()
        assert watcher.ended(1)


def test_a_decoder_that_is_too_slow_skips_to_key_pictures_and_stays_fresh(
    camera: RtspServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """60 ms for each picture of 40: without this, lag would grow by a third of a second each second."""
    plain, pause = Decoder._decoded, threading.Event()

    def slowly(self: Decoder, packet: object) -> object:
        pause.wait(0.06)
        return plain(self, packet)  # type: ignore[arg-type]

    monkeypatch.setattr(Decoder, "_decoded", slowly)
    feed = keeper(camera.url, limits=type(QUICK)())
    lags, ages = [], []
    for frame in feed.frames():
        stats = feed.status().stats
        lags.append(stats.lag_s)
        assert frame.wall_ms is not None
        ages.append(time.time() - frame.wall_ms / 1000)
        if frame.position.time_us > 10_000_000:
            break
    stats = feed.status().stats
    assert max(lags) < 1.0
    assert max(ages[40:]) < 1.3, "by the camera's own clock, which its reports tell"
    assert stats.dropped["behind"] > 20
    others = sum(number for reason, number in stats.dropped.items() if reason != "behind")
    assert 0 <= stats.decoded - stats.analysed - others <= 1
    assert stats.reconnects == 0


def test_a_camera_s_reports_give_the_time_of_its_pictures(camera: RtspServer) -> None:
    """RTCP sender reports come after a few seconds; this camera's clock is ours."""
    feed = keeper(camera.url)
    watcher = Watcher(feed)
    assert watcher.wait_for(200, 20)
    stats = feed.status().stats
    assert stats.camera_ahead_s is not None
    assert abs(stats.camera_ahead_s) < 0.2
    newest = watcher.frames[-1]
    assert newest.wall_ms is not None
    assert abs(time.time() - newest.wall_ms / 1000) < 0.5
    walls = [frame.wall_ms for frame in watcher.frames if frame.wall_ms is not None]
    assert walls == sorted(walls)
    feed.stop()
    assert watcher.ended(1)


@pytest.mark.parametrize(
    ("first_s", "second_s"),
    [(3600, 3603), (3600, 0), (0, 50_000), (10, 8), (95_441, 95_444)],
    ids=["an hour", "back", "ahead", "a little back", "over 33 bits"],
)
def test_whatever_the_stamps_do_media_time_goes_on(tmp_path: Path, first_s: int, second_s: int) -> None:
    """Counters that begin at an hour, that are set, that wrap after 26 hours: 7 s of pictures take about 7 s."""
    first = transport(tmp_path / "a.ts", after_s=first_s)
    second = transport(tmp_path / "b.ts", after_s=second_s, frames=100)
    with Rude(Endless([first, second])) as server:
        watcher = Watcher(keeper(server.url("http")))
        stats = wait_stats(watcher.feed, lambda stats: stats.decoded >= 165)
        assert stats.reconnects == 0
        assert stats.dropped.get("behind", 0) == 0
        watcher.feed.stop()
        assert watcher.ended(1)
    times = [frame.position.time_us for frame in watcher.frames]
    assert all(a <= b for a, b in pairwise(times))
    assert 4_500_000 < times[-1] < 9_000_000


def test_a_camera_that_comes_back_as_another_is_taken_as_it_is(camera: RtspServer, make_clip: MakeClip) -> None:
    """It was exchanged, or set to another size: the new connection says so in its SDP."""
    feed = keeper(camera.url)
    watcher = Watcher(feed)
    assert watcher.wait_for(5)
    camera.kill()
    camera.clip = make_clip("other.mp4", size=(320, 240), bf="0")
    camera.start()
    stats = wait_stats(feed, lambda stats: (stats.width, stats.height) == (320, 240))
    assert stats.reconnects >= 1
    seen = len(watcher.frames)
    assert watcher.wait_for(seen + 5)
    assert watcher.frames[-1].luma.shape == (240, 320)
    feed.stop()
    assert watcher.ended(1)
