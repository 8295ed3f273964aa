"""What a rule has found out, before it becomes a message."""

from dataclasses import dataclass

from vedette.algorithms.geometry import Polygon
from vedette.model.event import Box


@dataclass(frozen=True, slots=True)
class Thing:
    """A target, as far as it is told of.

    Attributes:
        category: its name.
        number: its number on the wire.
        score: how sure the detector is, 0..1.
    """

    track: int
    category: str
    number: int
    box: Box
    score: float


@dataclass(frozen=True, slots=True)
class Told:
    """One thing to tell.

    Attributes:
        subject: unique in the picture, for events of this kind.
        things: the targets it is about.
        region: where; None for a line.
        line: name of the line.
        sides: names of the sides, before and after.
        count: how many targets are in the region.
        share: which share of the region they cover, 0..1.
        seconds: how long it lasts already.
        over: whether it is over; None for what does not end.
    """

    subject: str
    things: tuple[Thing, ...]
    region: Polygon | None = None
    line: str = ""
    sides: tuple[str, str] = ("", "")
    count: int = 0
    share: float = 0.0
    seconds: float = 0.0
    over: bool | None = None
