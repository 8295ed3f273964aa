"""Whether enough are in a region, period by period."""

from collections.abc import Callable

import pytest

from vedette.algorithms.rules.absence import AbsenceWatch
from vedette.algorithms.state import pack, unpack

FPS = 10


def told(
    there: Callable[[float], int], seconds: float, period: float = 2.0, periods: int = 2, wanted: int = 1
) -> list[tuple[float, int, bool]]:
    watch = AbsenceWatch(period, periods, wanted)
    found = [(n / FPS, watch.update(there(n / FPS), n / FPS)) for n in range(round(seconds * FPS))]
    return [(time, one.there, one.over) for time, one in found if one is not None]


def test_nobody_for_so_many_periods_is_told_once() -> None:
    assert told(lambda t: 0, 30) == [(4.0, 0, False)]


def test_somebody_there_is_nothing_to_tell() -> None:
    assert told(lambda t: 1, 30) == []


def test_who_is_missed_in_single_pictures_is_there() -> None:
    """One picture of a period is enough."""
    assert told(lambda t: int(round(t * FPS) % 20 == 7), 30) == []


def test_who_is_away_for_less_is_not_told() -> None:
    assert told(lambda t: int(not 6.5 < t < 9.5), 30) == []


def test_who_comes_back_ends_it_and_the_next_absence_is_told_again() -> None:
    found = told(lambda t: int(10 <= t < 20), 30)
    assert found == [(4.0, 0, False), (12.0, 1, True), (24.0, 0, False)]


@pytest.mark.parametrize(("wanted", "events"), [(1, 0), (2, 0), (3, 1)])
def test_fewer_than_wanted_is_too_few(wanted: int, events: int) -> None:
    assert len(told(lambda t: 2, 20, wanted=wanted)) == events


def test_time_without_pictures_tells_nothing() -> None:
    """A camera that was away for an hour has not seen that nobody was there."""
    watch = AbsenceWatch(2.0, 2, 1)
    assert [watch.update(count, time) for count, time in ((1, 0.0), (0, 3600.0), (0, 3601.0))] == [None, None, None]


def test_a_watch_goes_on_from_its_state_exactly() -> None:
    times = [n / FPS for n in range(300)]
    whole, states, wanted = AbsenceWatch(2.0, 2, 1), [], []
    for time in times:
        wanted.append(whole.update(int(10 <= time < 20), time))
        states.append(pack(whole.state(), 1))
    for cut in range(0, 299, 17):
        later = AbsenceWatch(2.0, 2, 1)
        state = unpack(states[cut], 1)
        assert state is not None
        later.restore(state)
        assert [later.update(int(10 <= time < 20), time) for time in times[cut + 1 :]] == wanted[cut + 1 :]
