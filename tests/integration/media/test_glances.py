"""A look at a source that nobody watches: a few pictures of it, and nothing is left over."""

import gc
import threading
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import LOOPBACK, MakeClip, Read
from neighbours.rtsp import RtspServer
from vedette.algorithms.quality import Judge
from vedette.media.lookup import as_it_is
from vedette.model.errors import SourceError, SourceInvalid, SourceRefused, SourceUnreachable
from vedette.model.frame import Image
from vedette.model.look import Fault, Look, Probe
from vedette.model.source import Address, Liveness
from vedette.worker.probing import PICTURES, WATCH_S, Glance


class Counted:
    """A judge that counts."""

    seen = 0

    def see(self, bgr: Image, time_us: int) -> None:
        assert bgr.ndim == 3
        self.seen += 1
        self.last_us = time_us

    def faults(self) -> tuple[Fault, ...] | None:
        return (Fault.BLURRY,) if self.seen > 2 else None


GlanceAt = Callable[..., Look]


@pytest.fixture
def judge() -> Counted:
    return Counted()


@pytest.fixture
def glance(tmp_path: Path, judge: Counted) -> GlanceAt:
    def look(what: Path | str, *, brief: bool = False, stop: threading.Event | None = None) -> Look:
        live = isinstance(what, str) and what.startswith("rtsp")
        url = what if isinstance(what, str) else what.as_uri()
        probe = Probe("p", Address(url, Liveness.LIVE if live else Liveness.FILE), brief)
        eye = Glance(LOOPBACK, (tmp_path,), lambda _: as_it_is, lambda: judge, lambda: 7)
        return eye.look(probe, stop or threading.Event())

    return look


def test_a_file_shows_its_beginning(make_clip: MakeClip, glance: GlanceAt, judge: Counted) -> None:
    """Two seconds of it, however long it is."""
    look = glance(make_clip(frames=200))
    assert (look.of, look.at_ms, look.width, look.height, look.codec, look.fps) == ("p", 7, 160, 96, "h264", 25)
    assert look.failure is None
    assert look.faults == (Fault.BLURRY,)
    assert look.image is not None
    assert look.image.startswith(b"\xff\xd8")
    assert judge.last_us <= PICTURES * 40_000
    assert judge.seen == 9


def test_a_brief_look_takes_one_picture(make_clip: MakeClip, glance: GlanceAt, judge: Counted) -> None:
    """And has no say on its quality."""
    look = glance(make_clip(), brief=True)
    assert (look.width, look.faults, judge.seen) == (160, None, 1)


def test_a_look_that_is_broken_off_ends_soon(camera: RtspServer, glance: GlanceAt, judge: Counted) -> None:
    """A task is to have the camera."""
    stop = threading.Event()
    stop.set()
    with pytest.raises(SourceError):
        glance(camera.url, stop=stop)
    assert judge.seen <= 1


def test_a_camera_is_watched_for_seconds_and_let_go(camera: RtspServer, glance: GlanceAt, judge: Counted) -> None:
    """The connection is closed when the look is over."""
    assert glance(camera.url).failure is None
    assert judge.seen >= WATCH_S / 0.24 / 2
    assert camera.wait_for("closed", camera.connections)


@pytest.mark.parametrize(
    ("url", "kind"),
    [("rtsp://127.0.0.1:1/x", SourceUnreachable), ("rtsp://10.255.0.1.nowhere.invalid/x", SourceUnreachable),
     ("file:///etc/passwd", SourceRefused)],
)  # fmt: skip
def test_what_cannot_be_opened_says_why(glance: GlanceAt, url: str, kind: type[SourceError]) -> None:
    """Under the same guard and the same roots as streams."""
    with pytest.raises(kind):
        glance(url)


def test_a_text_is_no_source(tmp_path: Path, glance: GlanceAt) -> None:
    path = tmp_path / "text.mp4"
    path.write_text("no video at all\n" * 100)
    with pytest.raises(SourceInvalid):
        glance(path)


def test_a_reader_and_its_pictures_are_freed_at_once(make_clip: MakeClip, read: Read) -> None:
    """Thousands are made in an hour: what waits for the collector is hundreds of megabytes of pictures."""
    gc.collect()
    gc.disable()
    try:
        with read(make_clip()) as reader:
            first = next(iter(reader.pictures()))
            first.frame.bgr()
        gone = weakref.ref(reader)
        del reader, first
        assert gone() is None
    finally:
        gc.enable()


def test_the_real_judge_takes_what_a_look_gives(make_clip: MakeClip, tmp_path: Path) -> None:
    eye = Glance(LOOPBACK, (tmp_path,), lambda _: as_it_is, Judge, lambda: 7)
    look = eye.look(Probe("p", Address(make_clip().as_uri(), Liveness.FILE)), threading.Event())
    assert look.faults is not None
