"""Regions and lines in the picture, as `target_roi` gives them.

`{"lines":[{"data":[[x,y],[x,y]],"name"?,"properties"?:{"side1_name"?,"side2_name"?}}],
"polygons":[{"data":[[x,y],…],"name"?,"properties"?}]}` as text; pixels of the source picture from its top left.
side1 is left of a line, or above a horizontal one.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vedette.model.errors import InvalidParameter

Point = tuple[float, float]
Points = NDArray[np.float64]

LONGEST = 32_768
"""Characters of a `target_roi`."""
MOST_SHAPES = 64
MOST_CORNERS = 256
FURTHEST = 100_000.0
"""Pixels from the origin."""
LONGEST_NAME = 128


@dataclass(frozen=True, slots=True)
class Line:
    """A line from `start` to `end`; crossings count between its ends."""

    start: Point
    end: Point
    name: str = ""
    side1: str = "side1"
    side2: str = "side2"

    def signed(self, points: Points) -> Points:
        """Return the (n,) distances of (n, 2) points from the endless line: above 0 on side1, below on side2."""
        across, down = self.end[0] - self.start[0], self.end[1] - self.start[1]
        length = math.hypot(across, down)
        normal = (0.0, -1.0) if down == 0 else (-abs(down) / length, math.copysign(across, across * down) / length)
        if across == 0:
            normal = (-1.0, 0.0)
        return np.asarray((points[:, 0] - self.start[0]) * normal[0] + (points[:, 1] - self.start[1]) * normal[1])

    def along(self, points: Points) -> Points:
        """Return where the (n, 2) points stand along the line: 0 at its start, 1 at its end."""
        across, down = self.end[0] - self.start[0], self.end[1] - self.start[1]
        offset = points - np.array(self.start)
        return np.asarray((offset[:, 0] * across + offset[:, 1] * down) / (across * across + down * down))

    def side_name(self, side: float) -> str:
        """Return the name of the side on which `signed` has this sign."""
        return self.side1 if side > 0 else self.side2


@dataclass(frozen=True, slots=True)
class Polygon:
    """A region; its last corner is joined to its first."""

    corners: tuple[Point, ...]
    name: str = ""

    def signed(self, points: Points) -> Points:
        """Return the (n,) distances of (n, 2) points from the edge: above 0 inside, below outside."""
        corners = np.array(self.corners)
        start, edge = corners, np.roll(corners, -1, axis=0) - corners
        offset = points[:, None, :].astype(np.float64) - start[None]
        length = np.maximum((edge**2).sum(axis=1), 1e-12)
        share = np.clip((offset * edge[None]).sum(axis=2) / length, 0, 1)
        away = offset - share[..., None] * edge[None]
        distance = np.sqrt((away**2).sum(axis=2).min(axis=1))
        signed: Points = np.where(self.contains(points), distance, -distance)
        return signed

    def contains(self, points: Points) -> NDArray[np.bool_]:
        """Return which of (n, 2) points are inside: those from which a ray crosses the edge an odd number of times."""
        corners = np.array(self.corners)
        x1, y1 = corners.T
        x2, y2 = np.roll(corners, -1, axis=0).T
        x, y = points[:, :1].astype(np.float64), points[:, 1:2].astype(np.float64)
        spans = (y1 > y) != (y2 > y)
        rise = np.where(y2 == y1, 1.0, y2 - y1)
        return np.asarray((spans & (x < (x2 - x1) * (y - y1) / rise + x1)).sum(axis=1) % 2 == 1)


@dataclass(frozen=True, slots=True)
class Roi:
    """The lines and regions of a task; neither means the whole picture."""

    lines: tuple[Line, ...] = ()
    polygons: tuple[Polygon, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Return whether nothing was marked."""
        return not self.lines and not self.polygons

    @classmethod
    def parse(cls, target_roi: str) -> "Roi":
        """Return what a `target_roi` text says; an empty one marks nothing.

        Raises:
            InvalidParameter: it is not what the head of this file describes; the message says where.
        """
        if len(target_roi) > LONGEST:
            raise _wrong(f"is longer than {LONGEST} characters")
        if not target_roi.strip():
            return cls()
        try:
            document = json.loads(target_roi)
        except (ValueError, RecursionError) as error:
            raise _wrong(f"is not JSON ({str(error) or 'nested too deep'})") from None
        if not isinstance(document, dict):
            raise _wrong("must hold a JSON object with `lines` and `polygons`")
        return cls(
            tuple(_line(entry, f"lines[{n}]") for n, entry in enumerate(_entries(document, "lines"))),
            tuple(_polygon(entry, f"polygons[{n}]") for n, entry in enumerate(_entries(document, "polygons"))),
        )


def whole(width: int, height: int) -> Polygon:
    """Return the region of a whole picture; feet on its lower edge are inside."""
    return Polygon(((-1.0, -1.0), (width + 1.0, -1.0), (width + 1.0, height + 1.0), (-1.0, height + 1.0)))


def _wrong(what: str) -> InvalidParameter:
    return InvalidParameter(f"target_roi {what}.", param="target_roi")


def _entries(document: Mapping[str, Any], key: str) -> Sequence[Any]:
    entries = document.get(key)
    if entries is None:
        return ()
    if not isinstance(entries, list) or len(entries) > MOST_SHAPES:
        raise _wrong(f"must have an array of at most {MOST_SHAPES} in `{key}`")
    return entries


def _line(entry: Any, where: str) -> Line:
    start, end = _corners(entry, where, 2, 2)
    if start == end:
        raise _wrong(f"has a line without length in {where}")
    sides = entry.get("properties") or {}
    if not isinstance(sides, dict):
        raise _wrong(f"must have an object in {where}.properties")
    return Line(
        start,
        end,
        _name(entry, "name", where),
        _name(sides, "side1_name", f"{where}.properties") or "side1",
        _name(sides, "side2_name", f"{where}.properties") or "side2",
    )


def _polygon(entry: Any, where: str) -> Polygon:
    corners = _corners(entry, where, 3, MOST_CORNERS)
    if len(corners) > 3 and corners[0] == corners[-1]:
        corners = corners[:-1]  # some editors repeat the first corner to close the ring
    if abs(_doubled_area(corners)) < 1e-6:
        raise _wrong(f"has a polygon without area in {where}")
    if _crosses_itself(corners):
        raise _wrong(f"has edges that cross each other in {where}")
    return Polygon(corners, _name(entry, "name", where))


def _corners(entry: Any, where: str, least: int, most: int) -> tuple[Point, ...]:
    if not isinstance(entry, dict):
        raise _wrong(f"must have an object in {where}")
    data = entry.get("data")
    count = str(least) if least == most else f"{least} to {most}"
    if not isinstance(data, list) or not least <= len(data) <= most:
        raise _wrong(f"must have an array of {count} points in {where}.data")
    return tuple(_point(point, f"{where}.data[{n}]") for n, point in enumerate(data))


def _point(point: Any, where: str) -> Point:
    if not isinstance(point, list) or len(point) != 2:
        raise _wrong(f"must have a point [x, y] in {where}")
    for value in point:
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= FURTHEST:
            raise _wrong(f"must have two numbers of pixels in {where}")
    return float(point[0]), float(point[1])


def _name(entry: Mapping[str, Any], key: str, where: str) -> str:
    name = entry.get(key)
    if name is None:
        return ""
    if not isinstance(name, str) or len(name) > LONGEST_NAME:
        raise _wrong(f"must have a text of at most {LONGEST_NAME} characters in {where}.{key}")
    return name


def _doubled_area(corners: tuple[Point, ...]) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(corners, (*corners[1:], corners[0]), strict=True))


def _crosses_itself(corners: tuple[Point, ...]) -> bool:
    """Return whether two edges that share no corner cross."""
    start = np.array(corners)
    end = np.roll(start, -1, axis=0)

    def turn(a: Points, b: Points, c: Points) -> Points:
        first, second = b - a, c - a
        return np.asarray(np.sign(first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0]))

    a, b, c, d = start[:, None], end[:, None], start[None], end[None]
    crossing = (turn(a, b, c) * turn(a, b, d) < 0) & (turn(c, d, a) * turn(c, d, b) < 0)
    return bool(crossing.any())
