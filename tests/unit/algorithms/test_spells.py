"""The rule part that tells what lasts."""

from vedette.algorithms.rules.spells import Spells
from vedette.model.event import Box

A: Box = (0, 0, 100, 100)
NEAR_A: Box = (10, 10, 100, 100)
B: Box = (500, 0, 100, 100)


def told(spells: Spells, script: dict[float, dict[int, Box]]) -> list[tuple[float, str, int]]:
    """Return when what is told of whom."""
    found = []
    for time, holds in script.items():
        lasted, ended = spells.update(holds, time)
        found += [(time, "again" if one.again else "lasts", one.name) for one in lasted]
        found += [(time, "over", one.name) for one in ended]
    return found


def test_each_subject_is_told_once_when_it_has_lasted() -> None:
    script = {n / 2: {7: A} for n in range(12)} | {n / 2: {7: A, 8: B} for n in range(12, 24)}
    assert told(Spells(2.0, 5.0), script) == [(2.0, "lasts", 7), (8.0, "lasts", 8)]


def test_a_short_gap_is_none_and_a_long_one_ends_it() -> None:
    """Before it is told a gap may last two seconds, afterwards as long as was asked for."""
    assert told(Spells(3.0, 5.0), {0: {7: A}, 1.9: {7: A}, 3.5: {7: A}}) == [(3.5, "lasts", 7)]
    assert told(Spells(3.0, 5.0), {0: {7: A}, 2.5: {7: A}, 3.5: {7: A}}) == []
    assert told(Spells(0.0, 5.0), {0: {7: A}, 4.9: {}, 5.1: {}, 6.0: {}}) == [(0, "lasts", 7), (5.1, "over", 7)]


def test_what_comes_back_under_another_number_in_the_same_place_is_the_same() -> None:
    """A tracker numbers anew what it lost; its name in messages stays."""
    spells = Spells(0.0, 5.0)
    assert told(spells, {0: {7: A}, 2: {}, 3: {9: NEAR_A}, 20: {}}) == [(0, "lasts", 7), (20, "over", 7)]
    assert told(Spells(0.0, 5.0), {0: {7: A}, 1: {7: A, 9: NEAR_A}}) == [(0, "lasts", 7), (1, "lasts", 9)]
    assert told(Spells(0.0, 5.0), {0: {7: A}, 1: {9: B}}) == [(0, "lasts", 7), (1, "lasts", 9)]


def test_two_never_have_one_name() -> None:
    """The number of a track that was taken over may appear once more."""
    script = {0: {7: A}, 1: {9: NEAR_A}, 2: {9: NEAR_A, 7: B}}
    assert told(Spells(0.0, 5.0), script) == [(0, "lasts", 7), (2, "lasts", -7)]


def test_a_cool_down_holds_in_the_same_place_too() -> None:
    script = {0: {7: A}, 10: {}, 20: {9: A}, 55: {}, 70: {11: A}}
    assert told(Spells(0.0, 5.0, again_s=60), script) == [(0, "lasts", 7), (10, "over", 7), (70, "lasts", 11)]


def test_what_lasts_may_be_told_again_and_again() -> None:
    script = {float(n): {7: A} for n in range(8)}
    assert told(Spells(0.0, 5.0, repeat_s=3), script) == [(0, "lasts", 7), (3, "again", 7), (6, "again", 7)]


def test_rare_looks_are_no_gaps() -> None:
    assert told(Spells(0.0, 5.0, step_s=30), {0: {7: A}, 30: {7: A}, 60: {7: A}}) == [(0, "lasts", 7)]


def test_what_it_remembers_can_be_carried_over() -> None:
    """At any moment: the rest is told as if nothing had happened."""
    script = {0: {7: A}, 1: {9: NEAR_A}, 3: {9: NEAR_A, 8: B}, 9: {}, 11: {8: B}, 70: {}}
    whole = told(Spells(1.0, 5.0, 60), script)
    moments = list(script)
    for n in range(1, len(moments)):
        first, second = Spells(1.0, 5.0, 60), Spells(1.0, 5.0, 60)
        begun = told(first, {moment: script[moment] for moment in moments[:n]})
        second.restore(first.state())
        assert begun + told(second, {moment: script[moment] for moment in moments[n:]}) == whole
