"""What stays in a region for too long: by place, whatever happens to its track."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from vedette.algorithms.geometry import Polygon
from vedette.algorithms.rules.standing import Standing
from vedette.algorithms.rules.stay import GONE_S, LEFT_S, LOST_S, Stay, StayWatch
from vedette.algorithms.state import pack, unpack

STREET = Polygon(((100, 100), (500, 100), (500, 400), (100, 400)))
BAY = Polygon(((100, 100), (200, 100), (200, 400), (100, 400)))
FPS = 10
SURE = Standing.COUNTED

Car = tuple[float, float]
"""Where its foot is; it is 80 wide and 50 high."""
Sees = Mapping[int, Car | tuple[float, float, float, float]]
"""Track -> foot, or foot with width and height."""


def show(watch: StayWatch, sees: Sees, time: float, standings: Mapping[int, Standing] | None = None) -> list[Stay]:
    sized = {track: (*car, 80.0, 50.0)[:4] for track, car in sees.items()}
    boxes = [[x - w / 2, y - h, x + w / 2, y] for x, y, w, h in sized.values()]
    feet = [[x, y] for x, y, _, _ in sized.values()]
    return watch.update(
        np.array(list(sized), np.int64),
        np.array(boxes, np.float64).reshape(-1, 4),
        np.array(feet, np.float64).reshape(-1, 2),
        [(standings or {}).get(track, SURE) for track in sized],
        4.0,
        time,
    )


def told(script: Any, seconds: float, stay: float = 5.0, **how: Any) -> list[tuple[float, int, bool]]:
    """Return when, who and whether it is over; the script says what is seen at a time."""
    watch = StayWatch(how.pop("polygon", STREET), stay, **how)
    found = []
    for n in range(round(seconds * FPS)):
        found += [(n / FPS, one.number, one.over) for one in show(watch, script(n / FPS), n / FPS)]
    return found


def parked(time: float) -> Sees:
    return {1: (300, 300)}


def drives(start: Car, speed: Car, time: float) -> Car:
    return start[0] + speed[0] * time, start[1] + speed[1] * time


def test_what_stands_long_enough_is_told_once() -> None:
    assert told(parked, 60) == [(5.0, 1, False)]


def test_what_drives_through_is_not_told() -> None:
    assert told(lambda t: {1: drives((100, 300), (30, 0), t)}, 13) == []


def test_a_stay_counts_from_where_it_came_to_stand() -> None:
    """It drives in for 4 s and stops."""
    ((time, _, over),) = told(lambda t: {1: drives((110, 300), (40, 0), min(t, 4))}, 20)
    assert time == pytest.approx(9, abs=0.6)
    assert not over


def test_what_moves_about_in_the_region_stays_only_where_that_counts() -> None:
    def inching(time: float) -> Sees:
        return {1: drives((130, 300), (12, 0), time)}

    assert told(inching, 25) == []
    assert told(inching, 25, moving=True) == [(5.0, 1, False)]


def test_a_box_that_trembles_or_is_half_hidden_stands() -> None:
    def trembles(time: float) -> Sees:
        hidden = 0.6 if 2 < time < 3 else 1.0
        return {1: (300 + 4 * float(np.sin(9 * time)), 300, 80 * hidden, 50 + 3 * float(np.cos(7 * time)))}

    assert told(trembles, 10) == [(5.0, 1, False)]


def test_a_box_that_jumps_for_a_moment_does_not_begin_the_stay_anew() -> None:
    assert told(lambda t: {1: (300, 300) if not 2 < t < 2.4 else (380, 390)}, 10) == [(5.0, 1, False)]


def test_who_stands_outside_is_not_told() -> None:
    assert told(lambda t: {1: (300, 410)}, 20) == []


def test_a_region_that_is_spared_does_not_count() -> None:
    assert told(lambda t: {1: (150, 300)}, 20, spared=[BAY]) == []
    assert told(parked, 20, spared=[BAY]) == [(5.0, 1, False)]


def test_driving_off_is_told_soon_and_once() -> None:
    def leaves(time: float) -> Sees:
        return {1: drives((300, 300), (60, 0), max(0.0, time - 10))} if time < 15 else {}

    (first, (time, number, over)) = told(leaves, 40)
    assert first == (5.0, 1, False)
    assert (number, over) == (1, True)
    assert time == pytest.approx(10 + 200 / 60 + LEFT_S, abs=0.4)


def test_who_steps_over_the_edge_for_a_moment_is_still_there() -> None:
    assert len(told(lambda t: {1: (300, 300) if not 10 < t < 11.5 else (300, 420)}, 30)) == 1


def test_what_vanishes_is_gone_after_a_while() -> None:
    (raised, (time, number, over)) = told(lambda t: parked(t) if t < 10 else {}, 40)
    assert (raised, number, over) == ((5.0, 1, False), 1, True)
    assert time == pytest.approx(10 + GONE_S, abs=0.15)


def test_what_was_lost_as_it_drove_off_is_sooner_gone() -> None:
    def script(time: float) -> Sees:
        return {1: drives((300, 300), (40, 0), max(0.0, time - 10))} if time < 11.8 else {}

    (_, (time, _, over)) = told(script, 40)
    assert over
    assert time == pytest.approx(11.8 + LOST_S, abs=0.2)


def test_what_a_detector_stops_seeing_is_gone_when_it_is_seen_to_leave() -> None:
    """Motion takes a parked car for background after a while, and sees it again as it starts."""

    def script(time: float) -> Sees:
        return parked(time) if time < 10 else {} if time < 60 else {9: drives((300, 300), (60, 0), time - 60)}

    found = told(script, 80, gone_s=3600)
    assert [(number, over) for _, number, over in found] == [(1, False), (1, True)]
    assert found[1][0] > 60


def test_a_short_loss_ends_nothing() -> None:
    """Neither before it was told nor after, under the same number or another."""
    for lost in (2, 20):
        for number in (1, 7):

            def script(time: float, lost: float = lost, number: int = number) -> Sees:
                return {} if lost < time < lost + 3 else {1 if time <= lost else number: (300, 300)}

            found = told(script, 60)
            assert [(one, over) for _, one, over in found] == [(1, False)]


def test_what_moved_when_it_was_lost_is_sooner_forgotten() -> None:
    found = told(lambda t: {1: drives((110, 300), (12, 0), t)} if t < 12 else {}, 30, moving=True)
    assert found[-1][1:] == (1, True)
    assert found[-1][0] == pytest.approx(12 + LOST_S, abs=0.15)


def test_flickering_in_one_place_is_no_stay() -> None:
    """A bin that is taken for a car in one picture of ten."""
    assert told(lambda t: {int(t) + 1: (300, 300)} if round(t * FPS) % 10 == 0 else {}, 60) == []


def test_something_in_front_hides_the_place() -> None:
    """A bus that waits for half a minute is no reason to think that the car behind it has gone."""

    def script(time: float) -> Sees:
        return {2: (300, 310, 240, 140)} if 10 < time < 40 else parked(time)

    assert told(script, 80) == [
        (5.0, 1, False),
        (pytest.approx(15, abs=0.3), 2, False),
        (pytest.approx(50, abs=0.3), 2, True),
    ]


def test_a_number_that_goes_to_a_passer_by_does_not_take_the_place_along() -> None:
    """The tracker gives the parked car's number to one that drives past, and the parked one a new number."""

    def script(time: float) -> Sees:
        if time < 10:
            return {1: (300, 300)}
        return {1: drives((300, 330), (90, 0), time - 10), 2: (300, 300)} if time < 16 else {2: (300, 300)}

    assert told(script, 60) == [(5.0, 1, False)]


def test_what_was_told_and_moves_on_within_the_region_is_not_told_again() -> None:
    def script(time: float) -> Sees:
        return {1: drives((200, 300), (40, 0), min(max(0.0, time - 10), 4))}

    assert told(script, 60) == [(5.0, 1, False)]


def test_the_next_one_in_the_same_place_is_another_stay() -> None:
    def script(time: float) -> Sees:
        if time < 16:
            return {1: drives((300, 300), (0, 40), max(0.0, time - 10))}
        return {2: (300, 300)} if time > 20 else {}

    assert [(number, over) for _, number, over in told(script, 40)] == [(1, False), (1, True), (2, False)]


def test_one_thing_with_two_tracks_is_told_once() -> None:
    def script(time: float) -> Sees:
        two = {1: (300, 300), 2: (304, 302)}
        return two if time < 20 else {2: (304, 302)}

    assert told(script, 60) == [(5.0, 1, False)]


def test_a_camera_that_was_away_has_not_seen_that_anything_left() -> None:
    """The first picture after a minute shows nothing yet, the next ones show the car again, with a new number."""
    watch, found = StayWatch(STREET, 5.0), []
    for time, sees in (
        [(n / FPS, {1: (300.0, 300.0)}) for n in range(100)]
        + [(70.0, {})]
        + [(70.1 + n / FPS, {2: (300.0, 300.0)}) for n in range(100)]
    ):
        found += [(one.number, one.over) for one in show(watch, sees, time)]
    assert found == [(1, False)]


def test_two_that_stand_side_by_side_are_two() -> None:
    assert [number for _, number, _ in told(lambda t: {1: (200, 300), 2: (290, 300)}, 10)] == [1, 2]


def test_an_ignored_track_is_not_told_and_a_new_one_is_told_when_it_is_believed() -> None:
    watch, found = StayWatch(STREET, 1.0), []
    for n in range(60):
        standing = {1: Standing.IGNORED, 2: Standing.UNSURE if n < 30 else SURE}
        found += [(n / FPS, one.number) for one in show(watch, {1: (200, 300), 2: (350, 300)}, n / FPS, standing)]
    assert found == [(3.0, 2)]


def test_what_has_been_told_is_listed_until_it_is_gone() -> None:
    watch = StayWatch(STREET, 1.0)
    listed = []
    for n in range(200):
        show(watch, parked(0) if n < 50 else {}, n / FPS)
        listed.append([stay.number for stay in watch.long])
    assert listed[5] == listed[199] == []
    assert listed[20] == listed[100] == [1]


@pytest.mark.parametrize("moving", [False, True])
def test_a_watch_goes_on_from_its_state_exactly(moving: bool) -> None:
    def script(time: float) -> Sees:
        two: dict[int, Car] = {1: drives((200, 300), (60, 0), max(0.0, time - 10))}
        return two if time < 8 else two | {int(time) // 4 + 10: (400, 200)}

    def pictures() -> Sequence[float]:
        return [n / FPS for n in range(400)]

    whole, states, wanted = StayWatch(STREET, 3.0, moving=moving), [], []
    for time in pictures():
        wanted.append(show(whole, script(time), time))
        states.append(pack(whole.state(), 1))
    assert sum(map(len, wanted)) >= 3
    for cut in range(0, 399, 23):
        later = StayWatch(STREET, 3.0, moving=moving)
        state = unpack(states[cut], 1)
        assert state is not None
        later.restore(state)
        assert [show(later, script(time), time) for time in pictures()[cut + 1 :]] == wanted[cut + 1 :]
