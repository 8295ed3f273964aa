"""One thing that was not there and stays: how it looks, how its place looked before, and which of the two is seen now."""

from dataclasses import astuple, dataclass
from enum import IntEnum
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.model.frame import Image

Plane = NDArray[np.float32]
Box = tuple[int, int, int, int]
"""left, top, right, bottom."""

LEAST_AREA = 12
"""Pixels of a thing; pictures are about 320 wide."""
FOLLOW_S = 6.0
"""Time constant with which its looks follow slow changes, as long as it is seen."""
TELLING = 10.0
"""A pixel tells something if thing and empty place differ by so many grey levels there."""
NOISE, CLOSE = 7.0, 0.3
"""A pixel shows one of the two if it differs from it by no more than these grey levels, or this share of their difference."""
EMPTY_SHARE = 0.15
"""If more of a thing's pixels than these look empty for `GONE_S`, that part has gone."""
GONE_S = 0.6
CRUMBS = 0.06
"""What is left of a thing and less than this share of it is nothing."""
HIDDEN_S = 60.0
"""A thing that has been hidden for so long is forgotten."""
WIDE, HIGH = (0.4, 2.0), (0.6, 1.6)
"""A box has the size of another if width and height differ by factors between these; shadows make boxes wider."""
MOST_MOVERS = 64
SIGHTS, SIGHTS_SHARE = 3, 0.12
"""In so many pictures it must have been on its way, and it must be this share of all that was."""
UPRIGHT = 2.2
"""What is so many times as high as wide is somebody who stands, and no thing."""


class View(IntEnum):
    """What is seen in the place of a thing."""

    THING = 0
    EMPTY = 1
    HIDDEN = 2
    """Neither: somebody stands before it."""


@dataclass(slots=True)
class Thing:
    """A thing that stays; pictures are about 320 columns wide, of the area of its box.

    Attributes:
        box: left, top, right, bottom.
        mask: its pixels, 255.
        looks: grey values with the thing.
        before: grey values without it.
        light: mean of the background when it was taken up.
        movers: (n, 2) widths and heights of what was on its way to this place just before, in one picture or another.
        begun: when it was taken up, seconds.
        seen: when it was last seen.
        empty: since when a part of its place looks empty, or -1.
        at: when it was last looked at.
    """

    box: Box
    mask: Image
    looks: Plane
    before: Plane
    light: float
    movers: Plane
    begun: float
    seen: float
    empty: float = -1.0
    at: float = 0.0

    @property
    def area(self) -> tuple[slice, slice]:
        """Rows and columns of its box."""
        return area_of(self.box)

    @property
    def size(self) -> int:
        """Pixels of its box."""
        return (self.box[2] - self.box[0]) * (self.box[3] - self.box[1])

    @property
    def arrived(self) -> bool:
        """Whether it came by itself: it stands upright as people do, or has the size of what was on its way here."""
        wide, high = self.box[2] - self.box[0], self.box[3] - self.box[1]
        if high >= UPRIGHT * wide:
            return True
        across, down = self.movers[:, 0] / wide, self.movers[:, 1] / high
        alike = (across >= WIDE[0]) & (across <= WIDE[1]) & (down >= HIGH[0]) & (down <= HIGH[1])
        return int(np.count_nonzero(alike)) >= max(SIGHTS, SIGHTS_SHARE * len(alike))

    def look(self, small: Image, light: float, time: float) -> View:
        """Return what is seen in its place now; a part that has gone is a part of it no more.

        Args:
            small: the whole picture.
            light: mean of the background now: what the light has done since the thing was taken up.
            time: seconds.
        """
        gain = np.float32(light / max(1.0, self.light))
        now = small[self.area].astype(np.float32) / gain
        with_it, without = np.abs(now - self.looks), np.abs(now - self.before)
        contrast = np.abs(self.looks - self.before)
        limit = np.maximum(NOISE, CLOSE * contrast)
        telling = (self.mask > 0) & (contrast >= TELLING)
        empty = telling & (without < with_it) & (without <= limit)
        there = telling & (with_it <= without) & (with_it <= limit)
        whole = max(1, int(np.count_nonzero(telling)))
        free, held = np.count_nonzero(empty) / whole, np.count_nonzero(there) / whole
        share = np.float32(1 - np.exp((self.at - time) / FOLLOW_S))
        self.at = time
        self.looks[there] += share * (now[there] - self.looks[there])
        self.empty = -1.0 if free <= EMPTY_SHARE else time if self.empty < 0 else self.empty
        if 0 <= self.empty <= time - GONE_S:
            self._trim(empty | (contrast < TELLING))
        if held >= 0.5:
            self.seen = time
            return View.THING
        return View.EMPTY if free >= 0.5 else View.HIDDEN

    def _trim(self, gone: NDArray[np.bool_]) -> None:
        """Leave the largest part that has not gone, if that is more than crumbs.

        Args:
            gone: what looks empty, and what would look the same either way.
        """
        self.empty = -1.0
        rest = np.where(gone, 0, self.mask).astype(np.uint8)
        filled = cv2.morphologyEx(rest, cv2.MORPH_CLOSE, _FILL)
        rest = cv2.morphologyEx(filled, cv2.MORPH_OPEN, SQUARE).astype(np.uint8)
        count, pieces, facts, _ = cv2.connectedComponentsWithStats(rest, connectivity=8)
        largest = max(range(1, count), key=lambda piece: int(facts[piece][cv2.CC_STAT_AREA]), default=0)
        if not largest or facts[largest][cv2.CC_STAT_AREA] < max(LEAST_AREA, CRUMBS * np.count_nonzero(self.mask)):
            self.mask = np.zeros_like(self.mask)
            return
        left, top, wide, high = (int(fact) for fact in facts[largest][:4])
        part = np.s_[top : top + high, left : left + wide]
        self.mask = ((pieces[part] == largest) * 255).astype(np.uint8)
        self.looks, self.before = self.looks[part].copy(), self.before[part].copy()
        left, top = self.box[0] + left, self.box[1] + top
        self.box = left, top, left + wide, top + high

    def is_over(self, time: float) -> bool:
        """Tell whether it is gone, or has been hidden for too long."""
        return not self.mask.any() or time - self.seen >= HIDDEN_S

    def state(self) -> list[Any]:
        """Return what it remembers."""
        return [list(part) if isinstance(part, tuple) else part for part in astuple(self)]

    @classmethod
    def restored(cls, state: list[Any]) -> "Thing":
        """Return the thing that gave this state."""
        box, *planes, light, movers, begun, seen, empty, at = state
        left, top, right, bottom = box
        mask, looks, before = (np.array(plane) for plane in planes)
        return cls((left, top, right, bottom), mask, looks, before, light, np.array(movers), begun, seen, empty, at)


def join(one: Thing, other: Thing) -> Thing:
    """Return two things that are one; where both have pixels, the first one's count."""
    left, top = min(one.box[0], other.box[0]), min(one.box[1], other.box[1])
    right, bottom = max(one.box[2], other.box[2]), max(one.box[3], other.box[3])
    mask = np.zeros((bottom - top, right - left), np.uint8)
    looks, before = np.zeros(mask.shape, np.float32), np.zeros(mask.shape, np.float32)
    for thing in (other, one):
        x, y = thing.box[0] - left, thing.box[1] - top
        area = np.s_[y : y + thing.mask.shape[0], x : x + thing.mask.shape[1]]
        chosen = thing.mask > 0
        gain = one.light / max(1.0, thing.light)
        mask[area][chosen] = 255
        looks[area][chosen], before[area][chosen] = thing.looks[chosen] * gain, thing.before[chosen] * gain
    movers = np.concatenate([one.movers, other.movers])[-MOST_MOVERS:]
    return Thing((left, top, right, bottom), mask, looks, before, one.light, movers, one.begun, one.seen, at=one.at)


def area_of(box: Box, margin: int = 0) -> tuple[slice, slice]:
    """Return the rows and columns of a box."""
    left, top, right, bottom = box
    return np.s_[max(0, top - margin) : bottom + margin, max(0, left - margin) : right + margin]


SQUARE, _FILL = np.ones((3, 3), np.uint8), np.ones((5, 5), np.uint8)
