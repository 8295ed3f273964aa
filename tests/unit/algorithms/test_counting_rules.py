"""The parts that count: at lines, in regions, over intervals; heat; samples of crowds."""

from collections.abc import Callable

import numpy as np
import pytest

from vedette.algorithms import Line, Polygon, Standing
from vedette.algorithms.rules import FixtureWatch, Flow, Grid, HeatMap, Intervals, LineCount, Look, RegionCount, Samples
from vedette.algorithms.rules.density import covered, in_picture, per_region, whole_picture
from vedette.algorithms.rules.heat import COLUMNS, ROWS

YARD = Polygon(((100, 100), (200, 100), (200, 200), (100, 200)))
SLACK = 5.0


def fill(xs: list[float | None], standing: Standing = Standing.COUNTED) -> RegionCount:
    """Return a count that one track has gone through; it is not seen where there is None."""
    count = RegionCount(YARD)
    for n, x in enumerate(xs):
        if x is not None:
            count.update(np.array([1]), np.array([[x, 150.0]]), [standing], SLACK, n / 10)
    return count


def test_an_interval_ends_once_at_its_multiples() -> None:
    ends = Intervals(2)
    assert [n / 10 for n in range(70) if ends.over(n / 10)] == [2.0, 4.0, 6.0]


def test_intervals_begin_with_the_first_picture_that_is_seen() -> None:
    """A task may join a stream that has run for hours."""
    ends = Intervals(2)
    assert [n / 10 for n in range(50003, 50050) if ends.over(n / 10)] == [5002.3, 5004.3]


def test_after_a_gap_one_interval_has_ended() -> None:
    """Nobody looked meanwhile: there is nothing to tell of the others."""
    ends = Intervals(2)
    assert [ends.over(time) for time in (0.0, 1.0, 61.0, 61.5, 62.0)] == [False, False, True, False, True]


def test_intervals_of_another_length_begin_anew() -> None:
    before, after = Intervals(2), Intervals(3)
    before.over(0.0)
    before.over(1.0)
    after.restore(before.state())
    assert [n / 10 for n in range(11, 80) if after.over(n / 10)] == [4.1, 7.1]


def test_a_line_counts_by_the_side_that_is_come_to() -> None:
    count = LineCount(Line((100, 50), (100, 150)))  # side 1 is left
    for n, (left, right) in enumerate([(80, 120), (120, 80), (120, 80), (80, 85), (80, 85)]):
        feet = np.array([[left, 100.0], [right, 100.0]])
        count.update(np.array([1, 2]), feet, [Standing.COUNTED] * 2, SLACK, n / 10)
    assert count.take() == (2, 1)
    assert count.take() == (0, 0)


@pytest.mark.parametrize(
    ("xs", "flow"),
    [
        ([80, 90, 110, 120], Flow(1, 1, 0)),
        ([80, 110, 120, 90, 80], Flow(0, 1, 1)),
        ([150, 150], Flow(1, 1, 0)),
        ([80, 102, 98, 103, 97, 102, 98], Flow(0, 0, 0)),
        ([110, 98, 102, 97, 103, 98], Flow(1, 1, 0)),
        ([102, 102, 102, 102], Flow(1, 1, 0)),
        ([], Flow(0, 0, 0)),
    ],
)
def test_a_region_counts_who_is_in_who_came_and_who_went(xs: list[float | None], flow: Flow) -> None:
    """A box that trembles on the edge is neither counted again and again, nor let go."""
    assert fill(xs).take((len(xs) - 1) / 10) == flow


def test_who_is_hidden_for_a_moment_is_not_counted_then_and_has_not_left() -> None:
    """Who holds the count for a while counts twice whom the tracker gives another number: measured, that is worse."""
    assert fill([150, 150, None]).take(0.2) == Flow(0, 1, 0)
    assert fill([150, 150, None, 150]).take(0.3) == Flow(1, 1, 0)


def test_whose_track_ends_within_has_left() -> None:
    """As at the edge of the picture, where nobody is seen to go out of the region."""
    count = fill([150] * 10)
    count.keep(frozenset({1}))
    assert count.take(0.9) == Flow(1, 1, 0)
    count.keep(frozenset())
    assert count.take(1.0) == Flow(0, 0, 1)


def test_a_track_that_is_not_believed_is_not_counted() -> None:
    assert fill([150] * 10, Standing.UNSURE).take(1.0) == Flow(0, 0, 0)


def test_heat_is_the_time_that_people_spend_in_a_cell() -> None:
    """However seldom the map is brought up to date."""
    for every in (1, 4):
        heat = HeatMap(every)
        for n in range(41):
            if heat.due(n / 10):
                heat.add(np.array([[5.0, 5.0], [475.0, 265.0], [475.0, 266.0]]), 480, 270)
        dwell = heat.take()
        assert dwell.shape == (ROWS, COLUMNS)
        assert dwell[0, 0] == pytest.approx(4.0)
        assert dwell[-1, -1] == pytest.approx(8.0)
        assert dwell.sum() == pytest.approx(12.0)
        assert heat.take().sum() == 0


def test_a_gap_in_the_stream_warms_nothing() -> None:
    """Nobody knows who stood there meanwhile."""
    heat = HeatMap()
    for time in (0.0, 0.1, 3600.0):
        heat.due(time)
        heat.add(np.array([[5.0, 5.0]]), 480, 270)
    assert heat.take()[0, 0] == pytest.approx(1.1)


def test_samples_are_taken_at_once_and_then_every_interval() -> None:
    """And only the pictures of the second before one are looked at."""
    samples = Samples(4)
    steps = {n / 10: samples.step(n / 10) for n in range(90)}
    assert [time for time, look in steps.items() if look is Look.TELL] == [0.0, 4.0, 8.0]
    assert [time for time, look in steps.items() if look is Look.COUNT] == [
        n / 10 for n in (*range(30, 40), *range(70, 80))
    ]


def test_a_sample_is_one_counting_that_stands_for_its_second() -> None:
    """A picture in which most were missed is not it; nor is a mean, whose parts would be no whole numbers."""
    samples = Samples(1)
    for n, counts in enumerate([[3, 2], [3, 2], [0, 0], [2, 3], [1, 0]]):
        samples.step(n / 10)
        told = samples.steady(n / 10, np.array(counts))
    assert told.tolist() == [2, 3]
    assert samples.steady(9.0, np.array([7, 7])).tolist() == [7, 7], "what is older than a second has no say"


def test_a_grid_gives_what_is_left_over_to_its_last_column_and_row() -> None:
    cells = Grid(103, 50, 5, 2).corners()
    assert len(cells) == 10
    assert cells[0].tolist() == [[0, 0], [20, 0], [20, 25], [0, 25]]
    assert cells[4].tolist() == [[80, 0], [103, 0], [103, 25], [80, 25]]
    assert cells[9].tolist() == [[80, 25], [103, 25], [103, 50], [80, 50]]


def test_cells_are_never_too_narrow() -> None:
    grid = Grid(640, 360, 500, 500)
    assert (grid.columns, grid.rows) == (64, 36)


def test_each_foot_is_counted_in_one_cell() -> None:
    grid = Grid(100, 50, 4, 2)
    feet = in_picture(np.array([[0.0, 0.0], [24.9, 24.9], [25.0, 24.9], [99.0, 50.4], [130.0, 49.0]]), 100, 50)
    assert grid.count(feet).tolist() == [2, 1, 0, 0, 0, 0, 0, 2]
    assert grid.count(np.zeros((0, 2))).tolist() == [0] * 8


def test_cells_outside_the_regions_are_none_of_ours() -> None:
    corner = Polygon(((60, 30), (100, 30), (100, 50), (60, 50)))
    assert np.flatnonzero(Grid(100, 50, 4, 2).within((corner,))).tolist() == [6, 7]
    assert Grid(100, 50, 4, 2).within((whole_picture(100, 50),)).all()


def test_people_are_counted_where_their_feet_are() -> None:
    feet = in_picture(np.array([[150.0, 150.0], [150.0, 250.0], [150.0, 400.0]]), 300, 300)
    assert per_region((YARD, whole_picture(300, 300)), feet).tolist() == [1, 3]
    assert per_region((YARD,), np.zeros((0, 2))).tolist() == [0]


def test_cover_is_the_share_of_the_region_under_people() -> None:
    """Overlapping people cover it once."""
    half = [100.0, 100.0, 150.0, 200.0]
    assert covered(YARD, np.zeros((0, 4))) == 0
    assert covered(YARD, np.array([half])) == pytest.approx(0.5, abs=0.02)
    assert covered(YARD, np.array([half, half, [0, 0, 120, 300]])) == pytest.approx(0.5, abs=0.02)
    assert covered(YARD, np.array([[0.0, 0.0, 300.0, 300.0]])) == 1
    triangle = Polygon(((100, 100), (200, 100), (100, 200)))
    assert covered(triangle, np.array([half])) == pytest.approx(0.75, abs=0.03)


def learn(
    places: Callable[[float], tuple[float, float]], seconds: float, score: float = 0.6, height: int = 50
) -> list[float]:
    """Return when something of this height, seen at these places, is known for a thing."""
    watch = FixtureWatch()
    times = [n / 10 for n in range(round(seconds * 10))]
    known = []
    for time in times:
        x, y = places(time)
        if watch.update([(1, (round(x), round(y), 20, height), score)], time):
            known.append(time)
    return known


def test_a_post_that_is_taken_for_a_person_is_learnt() -> None:
    """It trembles by a pixel, and people before it cut it short."""
    known = learn(lambda time: (100 + int(time * 3) % 2, 100 + (10 if 5 < time < 6 else 0)), 30)
    assert (known[0], known[-1], len(known)) == (20.0, 29.9, 100)


def test_who_is_seen_well_or_has_come_from_somewhere_or_moves_is_a_person() -> None:
    assert learn(lambda _: (100, 100), 60, score=0.75) == []
    assert learn(lambda time: (100 + max(0.0, 2 - time) * 40, 100), 60) == []
    assert learn(lambda time: (100 + 3 * np.sin(time), 100), 60) == []


def test_a_thing_that_begins_to_walk_was_none() -> None:
    known = learn(lambda time: (100 + max(0.0, time - 25) * 40, 100), 35)
    assert known[0] == 20.0
    assert known[-1] == pytest.approx(25.1, abs=0.1)
