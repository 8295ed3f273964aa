"""The script of an invented scene; its pictures are tested with the demonstration."""

import json

import numpy as np
import pytest

from vedette.testing import Entry, SceneScript, Sighting
from vedette.testing.scene import HEIGHT, SECONDS, ZONE, cast, entries
from vedette.testing.script import EARLY_S, LATE_S, NEAR_PX, inside

ENTRY = Entry(10.0, "somebody", tuple((9 + tenth / 10, 500.0 + tenth, 500.0) for tenth in range(50)))


def script(*expected: Entry) -> SceneScript:
    return SceneScript(1, 48.0, 25, 1280, 720, ZONE, expected, 3, 30.0)


def at(time: float, x: float = 510.0, y: float = 500.0) -> Sighting:
    return Sighting(time, (x - 20, y - 100, 40, 100))


def test_an_entry_that_was_told_is_neither_missed_nor_false() -> None:
    """The plain case."""
    verdict = script(ENTRY).judge([at(10.4)])
    assert (verdict.expected, verdict.missed, verdict.false) == (1, (), ())


@pytest.mark.parametrize(
    "wrong",
    [at(10 - EARLY_S - 0.1), at(10 + LATE_S + 0.1), at(10.4, x=520 + NEAR_PX), at(10.4, y=502 + NEAR_PX)],
    ids=["too early", "too late", "elsewhere", "too low"],
)
def test_what_does_not_fit_is_false_and_the_entry_missed(wrong: Sighting) -> None:
    """A tolerance that forgives all would prove nothing."""
    verdict = script(ENTRY).judge([wrong])
    assert (verdict.missed, verdict.false) == ((ENTRY,), (wrong,))


def test_an_entry_that_is_told_twice_is_false_once() -> None:
    """One to one: a repeated alarm is a fault."""
    verdict = script(ENTRY).judge([at(10.3), at(10.9)])
    assert (verdict.missed, verdict.false) == ((), (at(10.9),))


def test_nobody_in_the_zone_expects_nothing() -> None:
    """A lamp that flickers must give none."""
    assert script().judge([at(5.0)]).false == (at(5.0),)


@pytest.mark.parametrize("seed", range(12))
def test_every_scene_has_something_to_see_and_to_pass_over(seed: int) -> None:
    """Entries to be told, and figures that never step into the zone."""
    walkers = cast(np.random.default_rng(seed), SECONDS)
    expected = entries(walkers, SECONDS)
    assert len(expected) >= 4
    assert len({entry.figure for entry in expected}) < len(walkers)
    assert all(3.0 < entry.time < SECONDS - 3.0 for entry in expected)


def test_the_same_seed_makes_the_same_script() -> None:
    """What failed once can be looked at again."""
    one, other = (entries(cast(np.random.default_rng(3), SECONDS), SECONDS) for _ in range(2))
    assert one == other


def test_entries_begin_where_the_feet_step_over_the_edge() -> None:
    """The truth is computed from the foot points and from nothing else."""
    walkers = {walker.name: walker for walker in cast(np.random.default_rng(3), SECONDS)}
    for entry in entries(list(walkers.values()), SECONDS):
        now, before = (walkers[entry.figure].at(entry.time - ago, HEIGHT) for ago in (0.0, 0.05))
        assert now is not None
        assert before is not None
        assert inside(ZONE, now[0], now[1])
        assert not inside(ZONE, before[0], before[1])


def test_the_zone_travels_as_a_json_string() -> None:
    """`config.common.target_roi` is a string with JSON in it."""
    roi = json.loads(script().target_roi)
    assert roi["polygons"][0]["data"] == [[round(x), round(y)] for x, y in ZONE]
