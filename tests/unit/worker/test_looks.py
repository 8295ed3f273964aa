"""Streams are looked at by the way and told of now and then; probes run two at a time, and end when nobody wants them."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from stage import DEADLINE_S, Bell

from vedette.model.errors import SourceUnreachable
from vedette.model.frame import Frame, Image, Position
from vedette.model.look import Fault, Look, Probe
from vedette.model.source import Address, Liveness
from vedette.model.stream import StreamStats
from vedette.results.thumbnail import WIDTH, thumbnail
from vedette.worker.looks import TELL, Album, Prober
from vedette.worker.onlooker import FAULTS_S, REPEAT_S, Onlooker

STATS = StreamStats(codec="h264", fps=25.0)


class FakeJudge:
    """Counts what it sees, and finds what the test says."""

    found: tuple[Fault, ...] | None = None
    seen = 0
    breaks = False

    def see(self, bgr: Image, time_us: int) -> None:
        if self.breaks:
            raise ValueError(time_us)
        type(self).seen += 1

    def faults(self) -> tuple[Fault, ...] | None:
        return self.found


class Watch:
    """An onlooker with a judge and a clock that are told."""

    def __init__(self) -> None:
        class Judge(FakeJudge):
            pass

        self.judge = Judge
        self.now = 0.0
        self.made = 0
        self.converted = 0
        self.told: list[Look] = []
        self._onlooker = Onlooker("s", self.told.append, self._judge, wall_ms=lambda: 7, monotonic=lambda: self.now)

    def _judge(self) -> FakeJudge:
        self.made += 1
        return self.judge()

    def pass_time(self, seconds: float, fps: int = 10, connection: int = 0) -> None:
        """Show the pictures of these seconds of a stream in real time."""
        for _ in range(round(seconds * fps)):
            self._onlooker.see(self._frame(connection), lambda: STATS)
            self.now += 1 / fps

    def _frame(self, connection: int) -> Frame:
        def convert() -> Image:
            self.converted += 1
            return np.zeros((720, 1280, 3), np.uint8)

        return Frame(Position(connection, 0, round(self.now * 1e6)), np.zeros((720, 1280), np.uint8), convert)


def test_the_first_picture_is_told_at_once_and_then_one_a_minute() -> None:
    """With what the stream is, and a small JPEG."""
    watch = Watch()
    watch.pass_time(2 * REPEAT_S + 5)
    first, *later = watch.told
    assert (first.of, first.at_ms, first.width, first.height, first.codec, first.fps) == ("s", 7, 1280, 720, "h264", 25)
    assert first.image is not None
    assert first.image.startswith(b"\xff\xd8")
    assert len(later) == 2


def test_most_pictures_are_passed_over_unconverted() -> None:
    """Colour costs: two a second at first and in spells, else one, however many the tasks want."""
    watch = Watch()
    watch.pass_time(10, fps=25)
    assert 19 <= watch.judge.seen <= 21
    assert watch.converted == watch.judge.seen
    watch.pass_time(110, fps=25)
    assert 150 <= watch.judge.seen <= 175  # of 240, had it gone on so


def test_a_verdict_is_told_when_there_is_one_and_when_it_changes() -> None:
    """Not at each change: a verdict that flickers would be told with every picture."""
    watch = Watch()
    watch.pass_time(2)
    watch.judge.found = ()
    watch.pass_time(1)
    assert [look.faults for look in watch.told] == [None, ()]
    watch.judge.found = (Fault.BLURRY,)
    watch.pass_time(FAULTS_S / 2)
    assert len(watch.told) == 2
    watch.pass_time(FAULTS_S)
    assert [look.faults for look in watch.told] == [None, (), (Fault.BLURRY,)]


def test_a_new_connection_is_another_acquaintance() -> None:
    """What was seen before the loss is not compared with what comes after it, and the level is told at once."""
    watch = Watch()
    watch.pass_time(3)
    watch.pass_time(3, connection=1)
    assert (watch.made, len(watch.told)) == (3, 2)  # one judge was made with the onlooker


def test_a_judge_that_breaks_leaves_the_stream_alone() -> None:
    """The tasks go on; nobody tries it again and again."""
    watch = Watch()
    watch.judge.breaks = True
    watch.pass_time(3)
    assert (watch.told, watch.converted) == ([], 1)


def test_a_thumbnail_is_small_and_has_the_shape_of_the_picture() -> None:
    """Also one that is small already."""
    import cv2  # noqa: PLC0415 - the only test that reads pictures

    noise = np.random.default_rng(3).integers(0, 255, (30, 54, 3), np.uint8)
    for height, width, shown in ((1080, 1920, (360, 640, 3)), (120, 160, (120, 160, 3)), (900, 601, (900, 601, 3))):
        jpeg = thumbnail(cv2.resize(noise, (width, height)))
        assert jpeg is not None
        assert cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR).shape == shown
        assert shown[1] <= WIDTH
        assert len(jpeg) < 100_000


def test_an_album_keeps_the_newest_of_each_until_it_is_told() -> None:
    """What came while a sync was under way is not lost with its answer; a sync does not grow without limit."""
    album = Album()
    album.put(Look("a", 1, image=b"one"))
    told = album.some()
    album.put(Look("a", 2))
    album.told(told)
    assert album.some() == (Look("a", 2, image=b"one"),)
    album.told(album.some())
    assert album.some() == ()
    for number in range(TELL + 3):
        album.put(Look(str(number), 1))
    assert len(album.some()) == TELL


class Scene:
    """A prober whose looks last until the test lets them end."""

    def __init__(self) -> None:
        self.bell = Bell()
        self.album = Album()
        self.begun: list[str] = []
        self.stops: dict[str, threading.Event] = {}
        self.go_on = threading.Event()
        self.prober = Prober(self._look, self.album, wall_ms=lambda: 9)
        self.prober.on_done = self.bell.ring

    def _look(self, probe: Probe, stop: threading.Event) -> Look:
        self.begun.append(probe.id)
        self.stops[probe.id] = stop
        self.bell.ring()
        assert self.go_on.wait(DEADLINE_S)
        if probe.id == "away":
            raise SourceUnreachable("nobody answers")
        if probe.id == "odd":
            raise ZeroDivisionError
        return Look(probe.id, 9, width=640)

    def want(self, *ids: str) -> None:
        self.prober.want([Probe(one, Address("rtsp://c", Liveness.LIVE)) for one in ids])


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.go_on.set()


def test_two_probes_run_at_a_time_and_each_once(scene: Scene) -> None:
    """However often they are asked for; an error is a look as well, even one of our own."""
    for _ in range(3):
        scene.want("a", "away", "odd", "b")
    scene.bell.until(lambda: len(scene.begun) == 2)
    scene.go_on.set()
    scene.bell.until(lambda: len(scene.album.some()) == 4)
    scene.want("a", "away", "odd", "b")
    found = {look.of: look for look in scene.album.some()}
    assert sorted(scene.begun) == ["a", "away", "b", "odd"]
    assert found["a"].failure is None
    away, odd = found["away"].failure, found["odd"].failure
    assert away is not None
    assert odd is not None
    assert (away.code, away.message) == (SourceUnreachable.code, "nobody answers")
    assert "ZeroDivisionError" in odd.message


def test_a_probe_that_nobody_wants_any_more_is_broken_off_and_not_told(scene: Scene) -> None:
    """A task watches the source now: the camera shall have one guest."""
    scene.want("a", "b", "c")
    scene.bell.until(lambda: len(scene.begun) == 2)
    scene.want("b")
    assert scene.stops["a"].is_set()
    assert not scene.stops["b"].is_set()
    scene.go_on.set()
    scene.bell.until(lambda: len(scene.album.some()) == 1)
    assert [look.of for look in scene.album.some()] == ["b"]
    assert scene.begun == ["a", "b"]
