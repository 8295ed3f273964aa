"""A calibrated gauge: marks in the picture whose readings are known, as `calibration_info` gives them.

`{"lines":[{"data":[[x,y],[x,y]],"scale":110},…]}` as text: each line lies on the gauge where it reads `scale`; pixels of
the source picture. Between two marks, and beyond the outermost ones, readings follow the straight line through them.
"""

import json
import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from vedette.algorithms.geometry import FURTHEST, LONGEST, Point
from vedette.model.errors import InvalidParameter

MOST_MARKS: Final = 64
KEY: Final = "calibration_info"


@dataclass(frozen=True, slots=True)
class Mark:
    """A line on the gauge, and what the gauge reads there."""

    start: Point
    end: Point
    scale: float

    @property
    def middle(self) -> Point:
        """The middle of the line."""
        return (self.start[0] + self.end[0]) / 2, (self.start[1] + self.end[1]) / 2


@dataclass(frozen=True, slots=True)
class Gauge:
    """The marks of a gauge, from one end to the other; none means that it is not calibrated."""

    marks: tuple[Mark, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Gauge":
        """Return what a `calibration_info` says; an empty one marks nothing.

        Raises:
            InvalidParameter: it is not what the head of this file describes; the message says where.
        """
        if len(text) > LONGEST:
            raise _wrong(f"is longer than {LONGEST} characters")
        if not text.strip():
            return cls()
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            raise _wrong("is not JSON") from None
        lines = document.get("lines") if isinstance(document, dict) else None
        if not isinstance(lines, list) or not 2 <= len(lines) <= MOST_MARKS:
            raise _wrong(f"must hold a JSON object with 2 to {MOST_MARKS} `lines`")
        marks = [_mark(entry, f"lines[{n}]") for n, entry in enumerate(lines)]
        return cls(_in_order(marks))

    def read(self, point: Point) -> float:
        """Return what the gauge reads at a point: where the point stands along the axis through the marks.

        Args:
            point: pixels.
        """
        places = [_along(self.marks[0].middle, self.marks[-1].middle, mark.middle) for mark in self.marks]
        here = _along(self.marks[0].middle, self.marks[-1].middle, point)
        upper = next((n for n, place in enumerate(places[1:-1], 1) if place >= here), len(places) - 1)
        low, high = self.marks[upper - 1], self.marks[upper]
        share = (here - places[upper - 1]) / (places[upper] - places[upper - 1])
        return low.scale + share * (high.scale - low.scale)


def _in_order(marks: list[Mark]) -> tuple[Mark, ...]:
    """Return the marks along the gauge.

    Raises:
        InvalidParameter: two lie in one place, or what they read does not go one way.
    """
    ordered = sorted(marks, key=lambda mark: mark.scale)
    if any(one.scale == other.scale for one, other in pairwise(ordered)):
        raise _wrong("has one `scale` twice")
    ends = ordered[0].middle, ordered[-1].middle
    if math.dist(*ends) < 1:
        raise _wrong("has its outermost marks in one place")
    places = [_along(*ends, mark.middle) for mark in ordered]
    if any(other <= one for one, other in pairwise(places)):
        raise _wrong("has marks whose order is not that of their scales")
    return tuple(ordered)


def _along(start: Point, end: Point, point: Point) -> float:
    """Return where a point stands along an axis: 0 at its start, 1 at its end."""
    across, down = end[0] - start[0], end[1] - start[1]
    return ((point[0] - start[0]) * across + (point[1] - start[1]) * down) / (across * across + down * down)


def _wrong(what: str) -> InvalidParameter:
    return InvalidParameter(f"{KEY} {what}.", param=KEY)


def _mark(entry: Any, where: str) -> Mark:
    data = entry.get("data") if isinstance(entry, dict) else None
    if not isinstance(data, list) or len(data) != 2:
        raise _wrong(f"must have an array of 2 points in {where}.data")
    ends = [_point(point, f"{where}.data[{n}]") for n, point in enumerate(data)]
    scale = entry.get("scale")
    if isinstance(scale, bool) or not isinstance(scale, int | float) or not abs(scale) <= FURTHEST:
        raise _wrong(f"must have a number in {where}.scale")
    return Mark(ends[0], ends[1], float(scale))


def _point(point: Any, where: str) -> Point:
    if not isinstance(point, list) or len(point) != 2:
        raise _wrong(f"must have a point [x, y] in {where}")
    for value in point:
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= FURTHEST:
            raise _wrong(f"must have two numbers of pixels in {where}")
    return float(point[0]), float(point[1])
