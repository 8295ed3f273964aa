"""Where things stand: whether two boxes mean one place, and whether a place can be seen."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

Corners: TypeAlias = tuple[float, float, float, float]
"""left, top, right, bottom in pixels."""

WITHIN = 0.7
"""Two boxes are in one place if the smaller lies so far within the larger: a thing half hidden has a smaller box."""
ALIKE = 0.35
"""And if its area is no smaller a share of the larger one's: what comes nearer grows."""
HIDDEN = 0.6
"""Share of a place that another box must cover for nobody to know whether something stands there still."""


@dataclass(slots=True)
class Place:
    """Something in a region, and where it stands.

    Attributes:
        number: the track it was first seen with: its name in messages, even if it is given another number later.
        track: the track it has now.
        anchor: its box when it came to stand.
        box: its box when last seen.
        since: when its stay began.
        stood: when it came to stand at its anchor.
        seen: when it was last seen.
        here: seconds of the stay in which it was seen.
        unseen: seconds for which it has not been seen while its place could be.
        left: when it was first seen outside the region, or -1.
        strayed: when it was first seen away from its anchor, or -1.
        told: whether it has been told.
    """

    number: int
    track: int
    anchor: Corners
    box: Corners
    since: float
    stood: float
    seen: float
    here: float = 0.0
    unseen: float = 0.0
    left: float = -1.0
    strayed: float = -1.0
    told: bool = False


def in_one_place(one: Corners, other: Corners, reach: float = 0.0) -> bool:
    """Return whether two boxes, grown by a share of their size on each side, are of one thing that stands."""
    if not 0 < area(one) * ALIKE <= area(other) <= area(one) / ALIKE:
        return False
    one, other = grown(one, reach), grown(other, reach)
    return _common(one, other) >= WITHIN * min(area(one), area(other))


def touch(one: Corners, other: Corners) -> bool:
    """Return whether two boxes have a part in common."""
    return _common(one, other) > 0


def overlap_share(one: Corners, other: Corners) -> float:
    """Return the intersection over union of two boxes."""
    common = _common(one, other)
    return common / max(area(one) + area(other) - common, 1e-9)


def is_hidden(place: Corners, others: Iterable[Corners]) -> bool:
    """Return whether one of the others covers a place so far that nobody can see what stands there."""
    return any(_common(place, other) >= HIDDEN * area(place) for other in others)


def area(box: Corners) -> float:
    """Return the area of a box, square pixels."""
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def grown(box: Corners, share: float) -> Corners:
    """Return a box made larger by a share of its size on each side."""
    across, down = (box[2] - box[0]) * share, (box[3] - box[1]) * share
    return box[0] - across, box[1] - down, box[2] + across, box[3] + down


def _common(one: Corners, other: Corners) -> float:
    across = min(one[2], other[2]) - max(one[0], other[0])
    return max(0.0, across) * max(0.0, min(one[3], other[3]) - max(one[1], other[1]))
