"""What a detector takes for a person again and again, and is none: a post, a poster, a shop window's doll."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass

from vedette.algorithms.base import PlainState
from vedette.model.event import Box

SURE_S = 20.0
"""Seconds in its place after which a thing is known for one."""
SWAY, NOD = 0.08, 0.35
"""Shares of its height by which its middle moves at most, across and up and down: people before it cut its box short."""
BELIEVED = 0.7
"""Mean score from which it is a person after all: who stands quite still is seen all the better."""


@dataclass(slots=True)
class _Life:
    """One track: when it was first seen, between which places its middle has been, and sums over its sights."""

    since: float
    least_x: float
    most_x: float
    least_y: float
    most_y: float
    heights: float = 0.0
    scores: float = 0.0
    sights: int = 0

    def is_fixture(self, time: float) -> bool:
        """Return whether it has been in one place for long, and was never believed much."""
        height = self.heights / self.sights
        still = self.most_x - self.least_x <= SWAY * height and self.most_y - self.least_y <= NOD * height
        return still and time - self.since >= SURE_S and self.scores / self.sights < BELIEVED


class FixtureWatch:
    """Learns which tracks are things that belong to the place.

    A thing has never come from anywhere, does not move, and the detector is not sure of it. All three must hold:
    people stand still for minutes, but then they are seen well, and they have come.
    """

    def __init__(self) -> None:
        self._lives: dict[int, _Life] = {}

    def update(self, seen: Iterable[tuple[int, Box, float]], time: float) -> frozenset[int]:
        """Take up what is seen in a picture, as track, box and score; return the tracks in it that are things."""
        things = []
        for track, (left, top, width, height), score in seen:
            x, y = left + width / 2, top + height / 2
            life = self._lives.setdefault(track, _Life(time, x, x, y, y))
            life.least_x, life.most_x = min(life.least_x, x), max(life.most_x, x)
            life.least_y, life.most_y = min(life.least_y, y), max(life.most_y, y)
            life.heights += height
            life.scores += score
            life.sights += 1
            if life.is_fixture(time):
                things.append(track)
        return frozenset(things)

    def keep(self, alive: frozenset[int]) -> None:
        """Forget the tracks that will not come back."""
        self._lives = {track: life for track, life in self._lives.items() if track in alive}

    def state(self) -> PlainState:
        """Return what it remembers."""
        return {str(track): list(astuple(life)) for track, life in self._lives.items()}

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave."""
        self._lives = {int(track): _Life(*life) for track, life in state.items()}
