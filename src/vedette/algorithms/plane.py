"""The ground as a plane: where in metres something stands that is seen in the picture.

A task says it as text in `calibration_info`, in one of two ways; pixels are those of the source picture:

* `{"points": [{"data": [x, y], "metres": [X, Y]}, ...]}`: four or more places on the ground, no three of four on a line.
  X and Y count from wherever is handy, along two axes at a right angle.
* `{"lines": [{"data": [[x, y], [x, y]], "length": metres}, ...], "size": [width, height]}`: lines on the ground whose
  length is known. One or two are for a camera that looks straight down: one scale for all. From three on the camera may
  look at the ground aslant, if it is not turned about its own axis; `size` is then needed, the picture's in pixels.

Points give the homography by the direct linear transform with normalised coordinates (Hartley and Zisserman, Multiple
View Geometry, 2nd edition, 4.1 and 4.4); for lines see `level_camera`.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from vedette.algorithms.geometry import Points
from vedette.algorithms.level_camera import level_camera, one_scale, seen_lengths
from vedette.model.errors import InvalidParameter

LONGEST: Final = 32_768
"""Characters of a `calibration_info`."""
MOST: Final = 64
"""Points or lines."""
FURTHEST: Final = 100_000.0
"""Pixels or metres from the origin."""
WORST: Final = 0.15
"""Share by which a known length, or a known place in shares of the spread of all, may be missed."""


@dataclass(frozen=True)
class Plane:
    """The ground.

    Attributes:
        rows: the 3 x 3 matrix that takes pixels (x, y, 1) to metres (X w, Y w, w), w above 0 on this side of the horizon.
    """

    rows: tuple[tuple[float, float, float], ...]

    @classmethod
    def parse(cls, calibration_info: str) -> "Plane | None":
        """Return the ground that a `calibration_info` text describes; None for an empty one.

        Raises:
            InvalidParameter: it is not what the head of this file describes; the message says where.
        """
        if not calibration_info.strip():
            return None
        if len(calibration_info) > LONGEST:
            raise _wrong(f"is longer than {LONGEST} characters")
        try:
            document = json.loads(calibration_info)
        except (ValueError, RecursionError) as error:
            raise _wrong(f"is not JSON ({str(error) or 'nested too deep'})") from None
        if not isinstance(document, dict) or ("points" in document) is ("lines" in document):
            raise _wrong("must hold a JSON object with either `points` or `lines`")
        return _of_points(document) if "points" in document else _of_lines(document)

    def metres(self, points: Points) -> Points:
        """Return (n, 2) metres of (n, 2) pixels; NaN for what is at the horizon or above it."""
        there = np.column_stack([points, np.ones(len(points))]) @ np.array(self.rows).T
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(there[:, 2:] > 1e-9, there[:, :2] / there[:, 2:], np.nan)


def _wrong(what: str) -> InvalidParameter:
    return InvalidParameter(f"calibration_info {what}.", param="calibration_info")


def _of_points(document: Mapping[str, Any]) -> Plane:
    entries = _entries(document, "points", 4)
    pixels = np.array([_pair(entry.get("data"), f"points[{n}].data") for n, entry in enumerate(entries)])
    metres = np.array([_pair(entry.get("metres"), f"points[{n}].metres") for n, entry in enumerate(entries)])
    into, out = _normaliser(pixels), _normaliser(metres)
    matrix = np.linalg.inv(out) @ _homography(_moved(into, pixels), _moved(out, metres)) @ into
    weights = np.column_stack([pixels, np.ones(len(pixels))]) @ matrix[2]
    if not (np.all(weights > 1e-12) or np.all(weights < -1e-12)):
        raise _wrong("has points on both sides of the horizon: look at their order")
    plane = _plane(matrix / weights.mean())
    missed = np.hypot(*(plane.metres(pixels) - metres).T)
    if missed.max() > WORST * float(np.ptp(metres, axis=0).max()):
        worst = int(missed.argmax())
        raise _wrong(f"has points that lie on no plane: points[{worst}] is missed by {missed[worst]:.2f} m")
    return plane


def _normaliser(points: Points) -> Points:
    """Return the matrix that moves (n, 2) points about the origin, at a mean distance of the square root of 2."""
    middle = points.mean(axis=0)
    far = float(np.hypot(*(points - middle).T).mean())
    if far < 1e-9:
        raise _wrong("has all its points in one place")
    scale = math.sqrt(2) / far
    return np.array([[scale, 0, -scale * middle[0]], [0, scale, -scale * middle[1]], [0, 0, 1]])


def _moved(matrix: Points, points: Points) -> Points:
    return np.asarray(points @ matrix[:2, :2].T + matrix[:2, 2])


def _homography(here: Points, there: Points) -> Points:
    """Return the 3 x 3 matrix that takes (n, 2) points to others, by the direct linear transform."""
    rows = []
    for (x, y), (u, v) in zip(here.tolist(), there.tolist(), strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y, -u], [0, 0, 0, x, y, 1, -v * x, -v * y, -v]]
    _, values, vectors = np.linalg.svd(np.array(rows, np.float64))
    matrix: Points = vectors[-1].reshape(3, 3)
    if values[7] < 1e-6 * values[0] or abs(np.linalg.det(matrix)) < 1e-9:
        raise _wrong("has too many points on one line")
    return matrix


def _of_lines(document: Mapping[str, Any]) -> Plane:
    entries = _entries(document, "lines", 1)
    ends = np.array([_ends(entry.get("data"), f"lines[{n}].data") for n, entry in enumerate(entries)])
    lengths = np.array([_length(entry.get("length"), f"lines[{n}].length") for n, entry in enumerate(entries)])
    middle, unit = np.zeros(2), 1.0
    if len(entries) >= 3:
        width, height = _pair(document.get("size"), "size")
        if width < 1 or height < 1:
            raise _wrong("must have the picture's width and height in `size`, as there are three lines or more")
        middle, unit = np.array([width, height]) / 2, height
    ends = (ends - middle) / unit
    scale, stretch, slant = level_camera(ends, lengths) if len(entries) >= 3 else (one_scale(ends, lengths), 1.0, 0.0)
    missed = np.abs(seen_lengths(ends, scale, stretch, slant) / lengths - 1)
    if not missed.max() <= WORST:
        worst = int(missed.argmax())
        raise _wrong(f"has lines that fit no plane: lines[{worst}] is missed by {missed[worst]:.0%}")
    ground = np.array([[scale, 0, 0], [0, scale * stretch, 0], [0, slant, 1]])
    return _plane(ground @ np.array([[1 / unit, 0, -middle[0] / unit], [0, 1 / unit, -middle[1] / unit], [0, 0, 1]]))


def _plane(matrix: Points) -> Plane:
    return Plane(tuple((float(a), float(b), float(c)) for a, b, c in matrix))


def _entries(document: Mapping[str, Any], key: str, least: int) -> Sequence[Mapping[str, Any]]:
    entries = document[key]
    if not isinstance(entries, list) or not least <= len(entries) <= MOST:
        raise _wrong(f"must have an array of {least} to {MOST} in `{key}`")
    for n, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise _wrong(f"must have an object in {key}[{n}]")
    return entries


def _pair(value: Any, where: str) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise _wrong(f"must have two numbers in {where}")
    return _number(value[0], where), _number(value[1], where)


def _ends(value: Any, where: str) -> tuple[tuple[float, float], tuple[float, float]]:
    if not isinstance(value, list) or len(value) != 2:
        raise _wrong(f"must have two points in {where}")
    start, end = _pair(value[0], where), _pair(value[1], where)
    if start == end:
        raise _wrong(f"must have two different points in {where}")
    return start, end


def _length(value: Any, where: str) -> float:
    length = _number(value, where)
    if length < 0.01:
        raise _wrong(f"must have a length of at least 0.01 m in {where}")
    return length


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= FURTHEST:
        raise _wrong(f"must have numbers of at most {FURTHEST:.0f} in {where}")
    return float(value)
