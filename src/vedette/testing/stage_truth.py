"""What ought to be told of a stage, computed from its script alone, and how well somebody told it."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from vedette.testing.script import Point, inside
from vedette.testing.stage import Placed, Stage

TICK_S = 0.05
"""The script is looked at this often."""

Inside = Callable[[Placed], bool]


@dataclass(frozen=True, slots=True)
class Expected:
    """Something that ought to be told.

    Attributes:
        time: when it has come to pass, seconds.
        actor: who does it.
    """

    time: float
    actor: str


@dataclass(frozen=True, slots=True)
class Told:
    """Something that was told: when, and the box (left, top, width, height) it was told of."""

    time: float
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Score:
    """How the told events agree with the script."""

    right: int
    missed: tuple[Expected, ...]
    false: tuple[Told, ...]

    @property
    def precision(self) -> float:
        """Share of what was told that is right; 1 if nothing was told."""
        return self.right / (self.right + len(self.false)) if self.right + len(self.false) else 1.0

    @property
    def recall(self) -> float:
        """Share of what happened that was told; 1 if nothing happened."""
        return self.right / (self.right + len(self.missed)) if self.right + len(self.missed) else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of the two."""
        total = 2 * self.right + len(self.missed) + len(self.false)
        return 2 * self.right / total if total else 1.0

    def __add__(self, other: "Score") -> "Score":
        return Score(self.right + other.right, self.missed + other.missed, self.false + other.false)


def entries(stage: Stage, zone: Sequence[Point], kinds: frozenset[str]) -> list[Expected]:
    """Return when the feet of actors of these kinds come into a zone."""
    return _sorted(Expected(begin, name) for name, begin, _ in _spells(stage, kinds, _in(zone)))


def stays(stage: Stage, zone: Sequence[Point], kinds: frozenset[str], least_s: float) -> list[Expected]:
    """Return when actors have been in a zone for so long without a break: loitering."""
    spells = _spells(stage, kinds, _in(zone))
    return _sorted(Expected(begin + least_s, name) for name, begin, end in spells if end - begin >= least_s)


def rests(stage: Stage, zone: Sequence[Point], kinds: frozenset[str], least_s: float) -> list[Expected]:
    """Return when things have stood still in a zone for so long: parked, or left behind."""
    spells = _spells(stage, kinds, _rests_in(zone))
    return _sorted(Expected(begin + least_s, name) for name, begin, end in spells if end - begin >= least_s)


def ends(stage: Stage, zone: Sequence[Point], kinds: frozenset[str], least_s: float) -> list[Expected]:
    """Return when things that had stood still for so long move again or are gone, if that is before the scene is over."""
    spells = _spells(stage, kinds, _rests_in(zone))
    over = stage.seconds - 2 * TICK_S
    return _sorted(Expected(end, name) for name, begin, end in spells if end - begin >= least_s and end < over)


def against(
    stage: Stage, zone: Sequence[Point], kinds: frozenset[str], allowed: tuple[float, float], least_s: float = 0.0
) -> list[Expected]:
    """Return when actors have gone against the allowed direction for so long.

    Args:
        allowed: direction in the picture; more than 90 degrees from it is against it.
        least_s: seconds.
    """

    def wrong(place: Placed) -> bool:
        return inside(zone, *place.foot) and place.heading[0] * allowed[0] + place.heading[1] * allowed[1] < 0

    spells = _spells(stage, kinds, wrong)
    return _sorted(Expected(begin + least_s, name) for name, begin, end in spells if end - begin >= least_s)


def score(stage: Stage, expected: Sequence[Expected], told: Sequence[Told], *, early_s: float, late_s: float) -> Score:
    """Match what was told with what ought to be, one to one, the earliest first.

    A told event fits one that comes `early_s` after it at most and `late_s` before it at most, and if the middle of its box
    lies in the actor's box of that moment, grown by half its size on each side.
    """
    waiting, false = list(expected), []
    by_name = {actor.name: actor for actor in stage.actors}
    for one in sorted(told, key=lambda event: event.time):
        for event in waiting:
            place = stage.placed(by_name[event.actor], one.time)
            if -early_s <= one.time - event.time <= late_s and place is not None and _near(one, place):
                waiting.remove(event)
                break
        else:
            false.append(one)
    return Score(len(expected) - len(waiting), tuple(waiting), tuple(false))


def _near(told: Told, place: Placed) -> bool:
    left, top, right, bottom = place.box
    wide, high = right - left, bottom - top
    x, y = told.box[0] + told.box[2] / 2, told.box[1] + told.box[3] / 2
    return left - wide / 2 <= x <= right + wide / 2 and top - high / 2 <= y <= bottom + high / 2


def _in(zone: Sequence[Point]) -> Inside:
    return lambda place: inside(zone, *place.foot)


def _rests_in(zone: Sequence[Point]) -> Inside:
    return lambda place: place.heading == (0.0, 0.0) and inside(zone, *place.foot)


def _spells(stage: Stage, kinds: frozenset[str], holds: Inside) -> Iterator[tuple[str, float, float]]:
    """Yield name, begin and end of each spell in which something holds of an actor that is in sight."""
    width, height = stage.size
    ticks = [tick * TICK_S for tick in range(math.ceil(stage.seconds / TICK_S))]
    for actor in stage.actors:
        if actor.kind not in kinds:
            continue
        begin = -1.0
        for time in ticks:
            place = stage.placed(actor, time)
            seen = place is not None and 0 <= place.foot[0] <= width and 0 <= place.foot[1] <= height
            if seen and place is not None and holds(place):
                begin = time if begin < 0 else begin
            elif begin >= 0:
                yield actor.name, begin, time
                begin = -1.0
        if begin >= 0:
            yield actor.name, begin, stage.seconds


def _sorted(events: Iterator[Expected]) -> list[Expected]:
    return sorted(events, key=lambda event: (event.time, event.actor))
