"""What lasts: something is told once when it has lasted long enough, and once when it is over."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Final

from vedette.algorithms.base import PlainState
from vedette.model.event import Box

SAME_PLACE: Final = 0.5
"""Overlap from which something new takes the place of what was just lost there: a tracker may number it anew."""
LAPSE_S: Final = 2.0
"""Seconds that what has not been told yet may be unseen: it goes on, and does not begin anew."""
LOOKS: Final = 2.5
"""And so many looks at least, where they are far apart."""
_TINY: Final = 1e-6
"""Seconds: times of pictures are no round numbers."""


@dataclass(slots=True)
class _Spell:
    """One subject.

    Attributes:
        name: the key it was first known by, and is told as.
        since: when it began.
        seen: when it held last.
        lasting: False when it is over; it is then remembered for the cool-down alone.
        told: whether it has been told.
        told_at: when last.
    """

    name: int
    since: float
    seen: float
    left: int
    top: int
    width: int
    height: int
    lasting: bool = True
    told: bool = False
    told_at: float = -1e18


@dataclass(frozen=True, slots=True)
class Lasted:
    """A subject that is to be told.

    Attributes:
        key: of the subject, as it is known now.
        name: what it is told as, the same until it is over.
        since: when it began, seconds.
        again: whether it is told once more.
    """

    key: int
    name: int
    since: float
    again: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """A subject that was told, and is over."""

    key: int
    name: int
    since: float
    box: Box


class Spells:
    """Tells what lasts, each subject once.

    Args:
        seconds: how long it must last.
        gone_s: unseen for longer, it is over.
        again_s: seconds after it was told in which the same subject is not told again.
        repeat_s: seconds after which it is told again while it lasts; 0: never.
        step_s: seconds between two looks.
    """

    def __init__(
        self, seconds: float, gone_s: float, again_s: float = 0.0, repeat_s: float = 0.0, step_s: float = 0.0
    ) -> None:
        self._seconds, self._again, self._repeat = seconds, again_s, repeat_s
        self._gone = max(gone_s, LOOKS * step_s)
        self._lapse = min(self._gone, max(LAPSE_S, LOOKS * step_s))
        self._spells: dict[int, _Spell] = {}

    @property
    def keys(self) -> frozenset[int]:
        """What it remembers."""
        return frozenset(self._spells)

    def update(self, holds: Mapping[int, Box], time: float) -> tuple[list[Lasted], list[Ended]]:
        """Take up what holds in one picture; return what is to be told, and what is over.

        Args:
            holds: each subject with its place; a subject without one has a box of no size.
            time: of the picture, seconds.
        """
        told: list[Lasted] = []
        for key, box in holds.items():
            spell = self._of(key, box, holds, time)
            spell.seen = time
            spell.left, spell.top, spell.width, spell.height = box
            if self._is_due(spell, time):
                told.append(Lasted(key, spell.name, spell.since, again=spell.told))
                spell.told, spell.told_at = True, time
        return told, self._ended(holds, time)

    def _of(self, key: int, box: Box, holds: Mapping[int, Box], time: float) -> _Spell:
        spell = self._spells.get(key)
        if spell is None and (former := self._lost_at(box, holds)) is not None:
            spell = self._spells[key] = self._spells.pop(former)
        if spell is None:
            spell = self._spells[key] = _Spell(self._free(key), time, time, *box)
        elif not spell.lasting or time - spell.seen > (self._gone if spell.told else self._lapse):
            spell.name = key if spell.name == key else self._free(key)
            spell.since, spell.lasting, spell.told = time, True, False
        return spell

    def _free(self, key: int) -> int:
        """Return the name of a new subject: one that was taken over may bear its key."""
        return -key if any(other.name == key for other in self._spells.values()) else key

    def _lost_at(self, box: Box, holds: Mapping[int, Box]) -> int | None:
        """Return the subject that was last seen where another one is now, if there is one."""
        for key, spell in self._spells.items():
            if key not in holds and _shared(box, _place(spell)) >= SAME_PLACE:
                return key
        return None

    def _is_due(self, spell: _Spell, time: float) -> bool:
        if spell.told:
            return self._repeat > 0 and time - spell.told_at >= self._repeat - _TINY
        return time - spell.since >= self._seconds - _TINY and time - spell.told_at >= self._again - _TINY

    def _ended(self, holds: Mapping[int, Box], time: float) -> list[Ended]:
        ended = []
        for key, spell in list(self._spells.items()):
            if key in holds:
                continue
            if spell.lasting and time - spell.seen > (self._gone if spell.told else self._lapse):
                if spell.told:
                    ended.append(Ended(key, spell.name, spell.since, _place(spell)))
                spell.lasting = False
            if not spell.lasting and time - spell.told_at >= self._again:
                del self._spells[key]
        return ended

    def state(self) -> PlainState:
        """Return what it remembers; the order counts."""
        return {"spells": [[key, *astuple(spell)] for key, spell in self._spells.items()]}

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave."""
        self._spells = {key: _Spell(*spell) for key, *spell in state.get("spells", ())}


def _place(spell: _Spell) -> Box:
    return spell.left, spell.top, spell.width, spell.height


def _shared(one: Box, other: Box) -> float:
    """Return the intersection over union of two boxes; 0 for those without a size."""
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)
