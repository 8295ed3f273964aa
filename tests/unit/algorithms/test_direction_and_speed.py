"""Who moves against a direction, and how fast: the rules alone."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from vedette.algorithms import Line, Polygon, Standing
from vedette.algorithms.plane import Plane
from vedette.algorithms.rules.direction import Against, DirectionWatch, headings
from vedette.algorithms.rules.speed import SpeedWatch

LANE = Polygon(((0, 0), (1000, 0), (1000, 100), (0, 100)))
RIGHT = Line((0, 50), (1000, 50))
SLOW = 10.0
"""A scale of pixels to metres."""


def box(x: float, y: float = 50.0, length: float = 60.0) -> tuple[float, float, float, float]:
    """Return the box of something with its foot at (x, y)."""
    return x - length / 2, y - length / 2, x + length / 2, y


def drive(xs: Sequence[float], ys: Sequence[float] | None = None, *, length: float = 60, **how: Any) -> list[int]:
    """Return in which of the pictures, 10 a second, track 1 is told."""
    watch = how.pop("watch", None) or DirectionWatch(LANE, [RIGHT], **how)
    ys = [50.0] * len(xs) if ys is None else ys
    told = []
    for n, (x, y) in enumerate(zip(xs, ys, strict=True)):
        standings = [how.get("standing", Standing.COUNTED)]
        if watch.update(np.array([1]), np.array([box(x, y, length)]), standings, n / 10):
            told.append(n)
    return told


def test_who_drives_against_the_direction_is_told_once() -> None:
    """After a second and over its own length, whichever comes last."""
    assert drive(np.arange(900, 300, -10.0)) == [10]
    assert drive(np.arange(900, 600, -3.0)) == [20]
    assert drive(np.arange(900, 300, -10.0), least_s=2) == [20]
    assert drive(np.arange(900, 300, -10.0), lengths=3) == [18]


def test_who_drives_with_it_or_across_is_not() -> None:
    assert drive(np.arange(100, 900, 10.0)) == []
    assert drive([500.0] * 80, np.arange(90, 10, -1.0)) == []


@pytest.mark.parametrize(("tolerance", "told"), [(60, True), (40, False)])
def test_the_tolerance_is_an_angle(tolerance: float, told: bool) -> None:
    """At 50 degrees from the very opposite."""
    away = np.arange(60)
    xs, ys = 900 - 6 * np.cos(np.radians(50)) * away, 5 + 6 * np.sin(np.radians(50)) * away
    yard = Polygon(((0, 0), (1000, 0), (1000, 1000), (0, 1000)))
    assert bool(drive(xs, ys, watch=DirectionWatch(yard, [RIGHT], tolerance=tolerance))) is told


def test_a_box_that_trembles_or_jumps_is_not_driving() -> None:
    """Parked with a restless box; and half hidden, so that its foot springs to another place and stays there."""
    dice = np.random.default_rng(3)
    assert drive(500 + dice.normal(0, 6, 3000)) == []
    assert drive([500.0] * 50 + [400.0] * 300) == []
    assert drive([500.0] * 50 + [400.0, 500.0] * 100) == []


def test_a_box_that_grows_on_one_side_is_not_driving() -> None:
    """The blobs of two cars melt into one, and its middle moves; the sides do not both."""
    watch = DirectionWatch(LANE, [RIGHT])
    for n in range(60):
        boxes = np.array([(500.0 - 6 * n, 20.0, 560.0, 50.0)])
        assert watch.update(np.array([1]), boxes, [Standing.COUNTED], n / 10) == []


def test_a_short_way_back_is_forgiven() -> None:
    """Somebody who parks sets back by half a length."""
    assert drive([*np.arange(100, 400, 10.0), *np.arange(400, 365, -3.0), *np.arange(365, 800, 10.0)]) == []


def test_a_little_forward_does_not_hide_the_way_back() -> None:
    told = drive([x + 4 * (n % 3) for n, x in enumerate(np.arange(900, 300, -8.0))])
    assert len(told) == 1
    assert told[0] < 20


def test_after_the_interval_it_is_told_again_if_it_goes_on() -> None:
    xs = np.arange(990, 10, -10.0)
    assert drive(xs) == [10]
    assert drive(xs, interval_s=4) == [10, 50, 90]


def test_only_the_region_counts() -> None:
    outside = DirectionWatch(Polygon(((0, 200), (1000, 200), (1000, 300), (0, 300))), [RIGHT])
    assert drive(np.arange(900, 300, -10.0), watch=outside) == []


def test_what_is_not_asked_for_is_not_told() -> None:
    watch = DirectionWatch(LANE, [RIGHT])
    for n, x in enumerate(np.arange(900, 300, -10.0)):
        boxes = np.array([box(x)])
        assert watch.update(np.array([1]), boxes, [Standing.IGNORED], n / 10) == []
        assert watch.update(np.array([1]), boxes, [Standing.UNSURE], n / 10) == []


def test_the_nearest_line_says_what_is_allowed() -> None:
    """Two carriageways, drawn without regions."""
    there, back = Line((0, 20), (1000, 20)), Line((1000, 80), (0, 80))
    feet = np.array([[500.0, 30.0], [500.0, 70.0], [-50.0, 81.0]])
    assert headings([there, back], feet).tolist() == [[1, 0], [-1, 0], [-1, 0]]
    both = [there, back]
    assert drive(np.arange(900, 300, -10.0), [75.0] * 60, watch=DirectionWatch(LANE, both)) == []
    assert drive(np.arange(900, 300, -10.0), [25.0] * 60, watch=DirectionWatch(LANE, both)) == [10]


def test_a_bend_is_followed() -> None:
    """Round a corner, drawn as a line of several pieces: with it nobody is told, against it one is."""
    angles = np.linspace(0, np.pi / 2, 7)
    corners = [(500 + 400 * float(np.cos(a)), 500 + 400 * float(np.sin(a))) for a in angles]
    pieces = [Line(a, b) for a, b in pairwise(corners)]
    yard = Polygon(((0, 0), (1000, 0), (1000, 1000), (0, 1000)))
    turn = np.linspace(0, np.pi / 2, 60)
    xs, ys = 500 + 400 * np.cos(turn), 500 + 400 * np.sin(turn)
    assert drive(xs, ys, watch=DirectionWatch(yard, pieces)) == []
    assert len(drive(xs[::-1], ys[::-1], watch=DirectionWatch(yard, pieces))) == 1


@pytest.mark.parametrize("cut", range(0, 60, 7))
def test_direction_goes_on_from_its_state(cut: int) -> None:
    xs = np.arange(900, 300, -10.0)

    def tell(watch: DirectionWatch, n: int) -> list[Against]:
        return watch.update(np.array([4]), np.array([box(xs[n])]), [Standing.COUNTED], n / 10)

    whole, first, second = (DirectionWatch(LANE, [RIGHT]) for _ in range(3))
    wanted = [tell(whole, n) for n in range(60)]
    told = [tell(first, n) for n in range(cut)]
    second.restore(first.state())
    assert told + [tell(second, n) for n in range(cut, 60)] == wanted
    whole.update(np.zeros(0, np.int64), np.zeros((0, 4)), [], 20.0)
    whole.keep(frozenset())
    assert whole.state() == {"time": 20.0, "ways": {}}


def meeting(n: int, *, swap: bool) -> list[tuple[int, float]]:
    """Return track and x of one who drives against the direction and one who does not; they swap numbers as they meet."""
    wrong, right = 900 - 10.0 * n, 500 + 4.0 * n
    return [(1, wrong), (2, right)] if not swap or n < 29 else [(2, wrong), (1, right)]


@pytest.mark.parametrize("swap", [False, True])
def test_two_who_swap_their_numbers_as_they_meet_are_one_wrong_way_driver(swap: bool) -> None:
    watch, told = DirectionWatch(LANE, [RIGHT]), []
    for n in range(80):
        ids, xs = zip(*meeting(n, swap=swap), strict=True)
        boxes = np.array([box(x) for x in xs])
        told += watch.update(np.array(ids), boxes, [Standing.COUNTED] * 2, n / 10)
    assert [event.track for event in told] == [1]


@pytest.mark.parametrize(("away_s", "count"), [(1.5, 1), (3.0, 1), (8.0, 2)])
def test_who_is_lost_and_comes_back_under_another_number_is_told_once(away_s: float, count: int) -> None:
    """Behind a bridge, say; much later it may be somebody else."""
    watch, told = DirectionWatch(LANE, [RIGHT]), 0
    for n in range(160):
        x, hidden = 950 - 5.0 * n, 30 <= n < 30 + 10 * away_s
        track = 1 if n < 30 else 2
        ids, boxes = np.array([track] * (not hidden), np.int64), np.array([box(x)] * (not hidden)).reshape(-1, 4)
        told += len(watch.update(ids, boxes, [Standing.COUNTED] * (not hidden), n / 10))
        watch.keep(frozenset({track} if not hidden else ()))
    assert told == count


def test_two_who_drive_the_wrong_way_close_behind_one_another_are_two() -> None:
    watch, told = DirectionWatch(LANE, [RIGHT]), []
    for n in range(60):
        xs = [850 - 10.0 * n, 920 - 10.0 * n]
        boxes = np.array([box(x) for x in xs])
        told += watch.update(np.array([1, 2]), boxes, [Standing.COUNTED, Standing.COUNTED], n / 10)
    assert sorted(event.track for event in told) == [1, 2]


GROUND = Plane(((1 / SLOW, 0.0, 0.0), (0.0, 1 / SLOW, 0.0), (0.0, 0.0, 1.0)))


def speeds(xs: Sequence[float], fps: float = 10, window: float = 1.0) -> list[float]:
    watch = SpeedWatch(GROUND, window)
    return [float(watch.update(np.array([1]), np.array([[x, 0.0]]), n / fps)[0]) for n, x in enumerate(xs)]


@pytest.mark.parametrize("fps", [5, 10, 25])
def test_speed_is_kilometres_an_hour(fps: float) -> None:
    """10 m/s."""
    told = speeds(np.arange(0, 1000, 100 / fps), fps)
    assert np.isnan(told[0])
    assert [told[-1], told[round(1.2 * fps)]] == pytest.approx([36.0, 36.0])


def test_speed_is_that_of_the_window() -> None:
    told = speeds([*np.arange(0, 300, 10.0), *([300.0] * 20)])
    assert told[29] == pytest.approx(36.0)
    assert told[-1] == pytest.approx(0.0)


def test_a_trembling_box_hardly_moves() -> None:
    dice = np.random.default_rng(5)
    assert max(speeds(500 + dice.normal(0, 3, 400))[10:]) < 4


def test_what_has_no_place_has_no_speed() -> None:
    tilted = Plane(((0.1, 0.0, 0.0), (0.0, 0.1, 0.0), (0.0, 0.01, -2.0)))  # the horizon is row 200
    watch = SpeedWatch(tilted)
    for n in range(20):
        above, below = watch.update(np.array([1, 2]), np.array([[10.0 * n, 100.0], [10.0 * n, 400.0]]), n / 10)
    assert np.isnan(above)
    assert below > 0


def test_speed_goes_on_from_its_state() -> None:
    whole, second = SpeedWatch(GROUND), SpeedWatch(GROUND)
    for n in range(20):
        if n == 11:
            second.restore(whole.state())
        told = [watch.update(np.array([1]), np.array([[7.0 * n, 0.0]]), n / 10)[0] for watch in (whole, second)]
        assert n < 11 or told[0] == told[1]
    whole.keep(frozenset())
    assert whole.state() == {}
