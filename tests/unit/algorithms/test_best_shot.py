"""When something is told that is to be told once, and seen well: the rule alone."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from vedette.algorithms import Polygon, Standing
from vedette.algorithms.rules.best_shot import BestShots, Shot

YARD = Polygon(((0, 0), (640, 0), (640, 400), (0, 400)))
SIZE = (640, 360)
Sight = tuple[int, float, float, float]
"""Track, left, top, side of a square box."""
COUNTED = Standing.COUNTED


def look(rule: BestShots, n: int, sights: Sequence[Sight], standing: Standing = COUNTED) -> list[Shot]:
    ids = np.array([track for track, *_ in sights], np.int64)
    boxes = np.array([(x, y, x + side, y + side) for _, x, y, side in sights], np.float64).reshape(-1, 4)
    count = len(sights)
    return rule.update(ids, boxes, [3] * count, [0.8] * count, [standing] * count, SIZE, n / 10)


def shots(script: Callable[[int], Sequence[Sight]], pictures: int = 60, **how: Any) -> list[tuple[int, Shot]]:
    rule = BestShots(how.pop("polygon", YARD), how.pop("wait_s", 1.0))
    return [(n, shot) for n in range(pictures) for shot in look(rule, n, script(n), **how)]


def comes(n: int) -> list[Sight]:
    """Grow until picture 30, then shrink."""
    return [(1, 100, 100, 30 + 2 * min(n, 60 - n))]


def test_each_is_told_once_when_the_wait_is_over_or_its_sight_gets_worse() -> None:
    ((n, shot),) = shots(comes)
    assert (n, shot.track, shot.kind, shot.score, shot.seen) == (10, 1, 3, 0.8, True)
    assert shot.box == (100, 100, 150, 150)
    ((late, _),) = shots(comes, wait_s=20)
    assert 30 < late < 40
    ((at_once, _),) = shots(comes, wait_s=0)
    assert at_once == 0


def test_a_box_that_the_edge_cuts_off_is_worse_than_a_whole_one() -> None:
    """A car that drives out of the picture grows until the end."""
    leaving = shots(lambda n: [(1, 100, 100 + 5 * n, 60 + n)], wait_s=20)
    ((n, shot),) = leaving
    assert shot.box[3] >= SIZE[1] - 1
    assert n < 40


def test_who_comes_in_cut_off_is_waited_for() -> None:
    ((_, shot),) = shots(lambda n: [(1, -60 + 10 * n, 100, 60)], wait_s=0.9)
    assert shot.box[0] > 1


@pytest.mark.parametrize(("polygon", "count"), [(YARD, 1), (Polygon(((0, 0), (9, 0), (9, 9))), 0)])
def test_only_what_stands_in_the_region_is_told(polygon: Polygon, count: int) -> None:
    assert len(shots(comes, polygon=polygon)) == count


def test_who_leaves_the_region_is_told_as_it_leaves() -> None:
    left = Polygon(((0, 0), (200, 0), (200, 400), (0, 400)))
    ((n, _),) = shots(lambda n: [(1, 100 + 20 * n, 100, 40)], polygon=left, wait_s=5)
    assert n == 4


@pytest.mark.parametrize("standing", [Standing.UNSURE, Standing.IGNORED])
def test_what_does_not_count_is_not_told(standing: Standing) -> None:
    assert shots(comes, standing=standing) == []


def test_who_is_lost_before_is_told_as_it_was_seen_last() -> None:
    ((n, shot),) = shots(lambda n: [(1, 100 + n, 100, 50)] if n < 4 else [])
    assert (n, shot.seen, shot.box) == (8, False, (103, 100, 153, 150))


def test_at_the_end_of_all_nobody_is_left_out() -> None:
    """One is in the last picture, one was lost just before, one was told already, one never counted."""
    rule = BestShots(YARD, 2.0)
    for n in range(24):
        assert len(look(rule, n, [(1, 100, 100, 50)])) == (n == 20)
        if n > 9:
            here = [(1, 100, 100, 50), (2, 200, 100, 50)] + [(3, 300.0, 100.0, 50.0)] * (n < 22)
            look(rule, n, here)
        look(rule, n, [(4, 400, 100, 50)], Standing.UNSURE)
    left = rule.rest(2.3)
    assert [(shot.track, shot.seen) for shot in left] == [(2, True), (3, False)]
    assert rule.rest(2.3) == []


def test_who_melts_into_another_is_not_told() -> None:
    """Without a model two cars side by side are one blob; unless they part again."""

    def melting(n: int) -> list[Sight]:
        return [(1, 100, 100, 50), (2, 160, 100, 50)] if n < 4 or n > parted else [(1, 95, 90, 120)]

    parted = 100
    assert [shot.track for _, shot in shots(melting)] == [1]
    parted = 20
    assert [shot.track for _, shot in shots(melting)] == [1, 2]


def parked(n: int) -> list[Sight]:
    """Stand, be lost for 30 s, come back under another number."""
    return [(1, 100, 100, 50)] if n < 60 else [(2, 102, 99, 50)] if n > 360 else []


def test_what_is_parked_is_told_once_though_its_number_changes() -> None:
    rule = BestShots(YARD)
    told = []
    for n in range(600):
        told += look(rule, n, parked(n))
        rule.keep(frozenset({1} if n < 200 else {2}))
    assert [shot.track for shot in told] == [1]


def test_another_that_comes_to_the_place_is_told() -> None:
    """It drives there; what is parked does not."""
    rule = BestShots(YARD)
    told = []
    for n in range(600):
        told += look(rule, n, parked(n) if n < 60 else [(2, max(100.0, 500 - 20 * (n - 360)), 100, 50)] * (n > 360))
        rule.keep(frozenset({1} if n < 200 else {2}))
    assert [shot.track for shot in told] == [1, 2]


@pytest.mark.parametrize("cut", [1, 5, 9, 30, 61, 250, 400])
def test_it_goes_on_from_its_state(cut: int) -> None:
    def run(first: BestShots, second: BestShots | None) -> list[list[Shot]]:
        told, rule = [], first
        for n in range(450):
            if n == cut and second is not None:
                second.restore(rule.state())
                rule = second
            told.append(look(rule, n, [*parked(n), (7, 300.0 + n, 200, 40)] if n < 20 or n > 60 else parked(n)))
            rule.keep(frozenset({1, 7} if n < 200 else {2, 7}))
        return told

    assert run(BestShots(YARD), BestShots(YARD)) == run(BestShots(YARD), None)
