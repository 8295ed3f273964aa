import numpy as np
import pytest

from vedette.algorithms import Crossed, Entered, Line, LineWatch, Lingered, Polygon, RegionWatch, Standing

GATE = Line((100, 50), (100, 150))
YARD = Polygon(((100, 100), (200, 100), (200, 200), (100, 200)))
SLACK = 5.0


def cross(
    xs: list[float], *, y: float = 100, standing: Standing = Standing.COUNTED, interval: float = 0
) -> list[Crossed]:
    watch = LineWatch(GATE, interval)
    return [
        event
        for n, x in enumerate(xs)
        for event in watch.update(np.array([1]), np.array([[x, y]], float), [standing], SLACK, n / 10)
    ]


def stay(
    xs: list[float], dwell: float = 1e9, standings: list[Standing] | None = None, interval: float = 0
) -> list[tuple[int, Entered | Lingered]]:
    watch = RegionWatch(YARD, dwell, interval)
    standings = standings or [Standing.COUNTED] * len(xs)
    return [
        (n, event)
        for n, x in enumerate(xs)
        for event in watch.update(np.array([1]), np.array([[x, 150]], float), [standings[n]], SLACK, n / 10)
    ]


def test_a_crossing_is_told_with_its_direction() -> None:
    assert cross([80, 90, 97, 103, 110, 120]) == [Crossed(1, 1, -1)]
    assert cross([120, 110, 90, 80]) == [Crossed(1, -1, 1)]


def test_lingering_on_the_line_is_one_crossing_at_most() -> None:
    """A box trembles by a few pixels."""
    assert cross([80, 98, 102, 99, 104, 97, 103, 110]) == [Crossed(1, 1, -1)]
    assert cross([80, 98, 102, 99, 104, 97, 90]) == []


def test_there_and_back_is_two_crossings() -> None:
    assert cross([80, 120, 80]) == [Crossed(1, 1, -1), Crossed(1, -1, 1)]


def test_who_must_stay_beyond_the_line_is_told_once_they_have() -> None:
    """A number that passes to a neighbour for one picture crosses nothing; time counts, not pictures."""

    def stays(xs: list[float], fps: float = 10) -> list[float]:
        watch = LineWatch(GATE, stays_s=0.1)
        feet = [np.array([[x, 100.0]]) for x in xs]
        counted = [Standing.COUNTED]
        return [n for n, foot in enumerate(feet) if watch.update(np.array([1]), foot, counted, SLACK, n / fps)]

    assert stays([80, 120, 80, 80]) == []
    assert stays([80, 120, 100, 120]) == [3]
    assert stays([80, 120, 125, 130]) == [2]
    assert stays([80, 120, 121, 122, 123, 124], fps=25) == [4]


def test_the_same_target_is_told_again_only_after_the_interval() -> None:
    assert cross([80, 120, 80], interval=5) == [Crossed(1, 1, -1)]


@pytest.mark.parametrize("y", [20, 40, 160, 300])
def test_whoever_passes_beyond_the_ends_crosses_nothing(y: float) -> None:
    assert cross([80, 120], y=y) == []


def test_who_is_first_seen_past_the_line_or_on_it_has_not_crossed() -> None:
    assert cross([110, 120, 130]) == []
    assert cross([101, 110, 120]) == []


def test_what_an_unsure_track_does_is_told_once_it_is_believed() -> None:
    """A fast target is over the line before it has been seen three times."""
    watch = LineWatch(GATE)
    standings = [Standing.UNSURE, Standing.UNSURE, Standing.COUNTED]
    told = [
        watch.update(np.array([1]), np.array([[x, 100.0]]), [standing], SLACK, n / 10)
        for n, (x, standing) in enumerate(zip([80.0, 110.0, 140.0], standings, strict=True))
    ]
    assert told == [[], [], [Crossed(1, 1, -1)]]


def test_an_ignored_track_is_followed_and_not_told() -> None:
    assert cross([80, 120], standing=Standing.IGNORED) == []


def test_coming_in_is_told_once() -> None:
    assert stay([80, 90, 110, 120, 130, 140]) == [(2, Entered(1, from_outside=True))]


def test_being_first_seen_inside_is_told_as_such() -> None:
    assert stay([150, 150, 150]) == [(0, Entered(1, from_outside=False))]


def test_flicker_on_the_edge_is_one_event() -> None:
    """Space and time both have slack."""
    assert len(stay([80] + [98, 104] * 20 + [120] + [97, 103] * 20)) == 1


def test_a_short_step_out_is_the_same_stay_and_a_long_one_is_not() -> None:
    assert len(stay([150] * 5 + [80] * 10 + [150] * 5)) == 1
    assert [event for _, event in stay([150] * 5 + [80] * 30 + [150] * 5)] == [Entered(1, False), Entered(1, True)]
    assert len(stay([150] * 5 + [80] * 30 + [150] * 5, interval=60)) == 1


def test_touching_the_edge_for_a_moment_is_no_entry() -> None:
    assert stay([90, 101, 90, 80]) == []


def test_loitering_is_told_once_per_stay_when_the_time_is_full() -> None:
    events = stay([150] * 60, dwell=3)
    assert events == [(0, Entered(1, False)), (30, Lingered(1))]


def test_who_leaves_in_time_does_not_loiter() -> None:
    assert [event for _, event in stay([150] * 20 + [50] * 40 + [150] * 20, dwell=3)] == [
        Entered(1, False),
        Entered(1, True),
    ]


def test_who_becomes_large_enough_inside_is_told_then() -> None:
    """Sizes are checked where the target is, and it comes nearer."""
    standings = [Standing.IGNORED] * 5 + [Standing.COUNTED] * 5
    assert stay([90, 90] + [150] * 8, standings=standings) == [(5, Entered(1, True))]
