"""Which things are parts of somebody: those that lie in the box of a person for most of the time."""

from vedette.algorithms.base import PlainState
from vedette.algorithms.rules.standing import Ids

MOSTLY = 0.4
"""Share of its pictures from which on a thing that lies in somebody's box is a part of them."""


class Covered:
    """Counts for each track in how many pictures it was seen, and in how many of them within somebody's box.

    Somebody who stands still looks like a thing that was put down, and a detector of persons misses them now and then.
    Somebody who passes in front of a thing covers it for a moment.
    """

    def __init__(self) -> None:
        self._pictures: dict[int, list[int]] = {}

    def update(self, ids: Ids, covered: list[bool], alive: frozenset[int]) -> list[bool]:
        """Take up one picture.

        Args:
            ids: (n,) tracks.
            covered: n; whether each lies in somebody's box.
            alive: the tracks that may be seen again; others are forgotten.

        Returns:
            n; whether each lies in somebody's box now, or has done so mostly.
        """
        self._pictures = {track: counts for track, counts in self._pictures.items() if track in alive}
        mostly = []
        for track, now in zip(ids.tolist(), covered, strict=True):
            counts = self._pictures.setdefault(track, [0, 0])
            counts[0] += 1
            counts[1] += now
            mostly.append(now or counts[1] >= MOSTLY * counts[0])
        return mostly

    def state(self) -> PlainState:
        """Return what it remembers."""
        return {str(track): list(counts) for track, counts in self._pictures.items()}

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave; nothing where it is empty."""
        self._pictures = {int(track): list(counts) for track, counts in state.items()}
