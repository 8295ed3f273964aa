"""Lag, wall-clock time and rates of live sources, from numbers alone."""

from fractions import Fraction
from itertools import pairwise

import pytest

from vedette.media.backlog import Backlog
from vedette.media.flow import Flow
from vedette.media.rates import Rates
from vedette.media.walltime import WallTime
from vedette.model.errors import SourceLost

STEP = 0.04
NOON = 1_700_000_000.0


class Line:
    """A source of 25 pictures a second before a decoder that takes as long as it is told."""

    def __init__(self, *, gop: int = 25, rate: float = 1.0) -> None:
        self.backlog, self.gop, self.rate = Backlog(), gop, rate
        self.now = 100.0
        self.index = 0
        self.decoded: list[int] = []
        self.ages: list[float] = []

    def sent(self, index: int) -> float:
        """When a picture is there to be read: it is made at the source's own rate."""
        return 100.0 + index * STEP / self.rate

    def run(self, pictures: int, decode_s: float) -> None:
        for _ in range(pictures):
            asked = self.now
            self.now = max(self.now, self.sent(self.index)) + 0.0002
            key = self.index % self.gop == 0
            if self.backlog.admit(self.index * STEP, asked, self.now, key=key):
                self.ages.append(self.now - self.sent(self.index))
                self.decoded.append(self.index)
                self.now += decode_s
            self.index += 1


def test_a_decoder_that_keeps_up_leaves_nothing_out() -> None:
    """Not even one that needs nine tenths of the time."""
    line = Line()
    line.run(2000, 0.036)
    assert line.decoded == list(range(2000))
    assert line.backlog.lag_s < 0.05


def test_a_decoder_that_is_too_slow_never_falls_a_second_behind() -> None:
    """It needs half as long again as there is: whole ends of groups of pictures are left out, the rest is fresh."""
    line = Line()
    line.run(3000, 0.06)
    assert max(line.ages) < 1.0
    assert 1200 < len(line.decoded) < 2100
    resumed = [b for a, b in pairwise(line.decoded) if b != a + 1]
    assert resumed
    assert all(index % 25 == 0 for index in resumed), "a decoder begins with a key picture"


def test_a_decoder_that_was_slow_for_a_while_is_trusted_again() -> None:
    """A neighbour took the core for three seconds."""
    line = Line()
    line.run(250, 0.01)
    line.run(75, 0.09)
    line.run(25, 0.01)
    before = len(line.decoded)
    line.run(500, 0.01)
    assert len(line.decoded) - before == 500


@pytest.mark.parametrize("rate", [0.8, 0.99, 1.01, 1.25])
def test_a_source_whose_clock_is_wrong_loses_nothing(rate: float) -> None:
    """Cheap cameras stamp 25 a second and send 20: what is late by their own clock was not waiting for us."""
    line = Line(rate=rate)
    line.run(5000, 0.005)
    assert len(line.decoded) == 5000


def test_a_source_that_pauses_loses_nothing_either() -> None:
    """The stamps stand still with it; it stays late by its own clock for ever."""
    line = Line()
    line.run(500, 0.005)
    line.sent = lambda index: 105.0 + index * STEP  # type: ignore[method-assign]
    line.run(1000, 0.005)
    assert len(line.decoded) == 1500


def test_stamps_that_jump_are_no_backlog() -> None:
    """A wrap-around of 33 bits, a clock that was set: ahead or back."""
    backlog, now = Backlog(), 0.0
    for base in (95_443.0, 0.0, 3600.0, 10.0):
        for index in range(100):
            now += STEP
            assert backlog.admit(base + index * STEP, now - 0.03, now, key=False)


def test_of_key_pictures_alone_the_newest_are_decoded() -> None:
    """MJPEG: any picture is a beginning, so lag is cured at once."""
    line = Line(gop=1)
    line.run(1000, 0.1)
    assert max(line.ages) < 1.0
    assert len(line.decoded) > 390


def feed(wall: WallTime, seconds: float, *, ppm: float = 0.0, camera_ahead_s: float | None = None) -> float:
    """Send a picture each 0.2 s over a way of 50 to 80 ms; return the media time of the last."""
    media = 0.0
    for index in range(int(seconds * 5)):
        true = index * 0.2
        media = true * (1 + ppm / 1e6)
        camera = None if camera_ahead_s is None else NOON + true + camera_ahead_s
        wall.note(media, NOON + true + 0.05 + 0.03 * (index % 4 != 0), camera)
    return media


def test_the_time_of_a_picture_is_the_camera_s_where_its_clock_is_right() -> None:
    """The way through network and decoder is not counted."""
    wall = WallTime()
    media = feed(wall, 30, camera_ahead_s=0.3)
    assert wall.camera_ahead_s == pytest.approx(0.25, abs=0.001)
    assert wall.at(media, NOON + media + 5) == pytest.approx(NOON + media + 0.3, abs=0.001)


@pytest.mark.parametrize("ahead", [None, -86_400.0, 30.0, -NOON])
def test_a_camera_that_is_wrong_or_silent_about_the_time_is_given_ours(ahead: float | None) -> None:
    """Set to another day, to 1970, or never: an event's time must not be nonsense."""
    wall = WallTime()
    media = feed(wall, 30, camera_ahead_s=ahead)
    assert wall.at(media, NOON + media + 5) == pytest.approx(NOON + media + 0.05, abs=0.001)
    assert (wall.camera_ahead_s is None) == (ahead is None)


def test_a_clock_that_drifts_is_measured_and_does_not_carry_the_time_away() -> None:
    """200 millionths are 17 s a day."""
    wall = WallTime()
    media = feed(wall, 1800, ppm=200)
    assert wall.drift_ppm == pytest.approx(200, abs=5)
    true = media / (1 + 200e-6)
    assert wall.at(media, NOON + true + 5) == pytest.approx(NOON + true + 0.05, abs=0.02)


def test_a_clock_that_is_right_is_told_as_such() -> None:
    """Within a few millionths; before a minute nothing is said."""
    wall = WallTime()
    feed(wall, 50)
    assert wall.drift_ppm is None
    feed(wall := WallTime(), 600)
    assert wall.drift_ppm == pytest.approx(0, abs=3)


def test_no_picture_is_of_the_future_and_times_do_not_step_back() -> None:
    """A camera half a second ahead is believed, but not beyond now."""
    wall = WallTime()
    media = feed(wall, 30, camera_ahead_s=0.5)
    now = NOON + media + 0.1
    assert wall.at(media, now) == now
    assert wall.at(media - 0.5, now + 0.01) >= now
    assert wall.at(None, now + 0.02) == now + 0.02


def test_our_own_clock_may_be_set_back() -> None:
    """By an hour: the next pictures have the new time, not the old one for an hour."""
    wall = WallTime()
    media = feed(wall, 30)
    wall.at(media, NOON + media + 1)
    for index in range(50):
        wall.note(media + index * 0.2, NOON - 3600 + media + index * 0.2 + 0.05)
    told = wall.at(media + 10, NOON - 3600 + media + 11)
    assert told == pytest.approx(NOON - 3600 + media + 10.05, abs=0.01)


def test_rates_are_those_of_the_last_seconds() -> None:
    """Not of the whole life: a camera that slowed down shows it."""
    now = [0.0]
    rates = Rates(lambda: now[0])
    assert rates.of(0, 0) == (0.0, 0.0)
    for second in range(1, 31):
        now[0] = float(second)
        frames = second * 25 if second <= 15 else 375 + (second - 15) * 5
        seen = rates.of(frames, frames * 100)
        if second == 15:
            assert seen == (25.0, 2500.0)
    assert seen == (5.0, 500.0)
    assert rates.of(0, 0) == (0.0, 0.0), "counters that begin anew are no negative rate"


class Side:
    """A packet of the video itself, or another's: what a flow asks of it."""

    is_keyframe = True

    def __init__(self, stamp: int) -> None:
        self.pts = self.dts = stamp

    def has_sidedata(self, _kind: str) -> bool:
        return False


class Pair:
    """A video, and another stream beside it, on a clock of the test's."""

    def __init__(self) -> None:
        self.now = 50.0
        self.flow = Flow(Fraction(1, 1000), patience_s=15, clock=lambda: self.now, wall=lambda: NOON + self.now)

    def own(self) -> None:
        self.flow.asks()
        assert self.flow.admit(Side(int(self.now * 1000)))  # type: ignore[arg-type]

    def others(self, seconds: float, *, every_s: float) -> None:
        for _ in range(round(seconds / every_s)):
            self.now += every_s
            self.flow.foreign(self.now)


def test_a_video_that_others_outlive_has_ended() -> None:
    """Two seconds of another at 25 a second, and none of this."""
    pair = Pair()
    for _ in range(100):
        pair.own()
        pair.now += 0.04
    pair.others(1.5, every_s=0.04)
    with pytest.raises(SourceLost, match="another stream"):
        pair.others(1.5, every_s=0.04)


def test_a_video_that_is_slow_by_nature_is_not_given_up_for_a_quick_one() -> None:
    """A picture every three seconds beside sound, or beside a second video."""
    pair = Pair()
    pair.own()
    pair.now += 1.9
    for _ in range(5):
        pair.own()
        pair.others(3, every_s=0.04)
    with pytest.raises(SourceLost, match="another stream"):
        pair.others(15, every_s=0.04)


def test_a_flow_that_finds_no_key_picture_is_lost() -> None:
    """Decoding fell behind in a stream whose next key picture does not come: a new connection begins with one."""
    pair = Pair()
    pair.own()

    class Plain(Side):
        is_keyframe = False

    def late_packets() -> None:
        for number in range(1, 1000):
            pair.now += 0.1  # each takes 0.1 s to be dealt with, and holds 0.04 s
            pair.flow.asks()
            pair.flow.admit(Plain(50_000 + number * 40))  # type: ignore[arg-type]

    with pytest.raises(SourceLost, match="no key picture"):
        late_packets()
    assert pair.flow.behind > 100
