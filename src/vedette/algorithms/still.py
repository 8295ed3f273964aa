"""A detector of things that were not there and stay. Needs no model; imported by workers alone.

Two memories of different age stand behind it: what the empty place looks like, and what each pixel has looked like lately and
for how long (both in `background`). What differs from the first and agrees with the second is still. The idea is that of two
backgrounds (Porikli, Ivanov, Haga: "Robust abandoned object detection using dual foregrounds", 2008), here with one
old background, and an age for each pixel in place of the younger one.
"""

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.algorithms.motion import MotionDetector, Seen, is_empty_place, is_same_ground
from vedette.algorithms.roles import ARRIVED, PUT_DOWN, STILL_AFTER_S
from vedette.algorithms.still_things import LEAST_AREA, SQUARE, Box, Plane, Thing, View, area_of, join
from vedette.model.detection import Detections
from vedette.model.frame import Frame, Image

_LABELS = (PUT_DOWN, ARRIVED)
GROWS_S = 3.0
"""What becomes still beside a thing within this time belongs to it: people do not freeze all at once. What does so within its box
belongs to it at any time."""
MOST = 64
"""Things that are remembered at once."""
EDGE = 14.0
"""Grey levels of an edge."""
SHARP = 0.45
"""An outline rises by this share of a thing's contrast within a pixel or two; that of a shadow is softer."""
FAR_S = 1.6
"""What came by itself was seen on its way within so many seconds before it stopped."""
NEAR_S = 0.3
CRUMB = 0.25
"""So does what is smaller than this share of its box, and lies at its edge."""
FLAT, SHADE, EVEN = 1.6, (0.5, 0.95), 0.1
"""A shadow on the ground is so many times as wide as high, darker by a factor between these, which varies by no more than this."""
GHOST_EDGES, GHOST = 0.9, 0.5
"""The place of what has gone has fewer edges around it than before, and differs from its surroundings by less than this share of
what it did."""
SURE_GHOST, GHOST_LEVELS = 0.3, 18.0
"""Only a part of such a place may be seen at first: its edges say nothing then, and it must differ from its surroundings by less
than this share of what it did, which must have been so many grey levels."""
MARGIN = 4
"""Pixels around a piece that are looked at with it."""
TWIN, TWIN_SIZE = 0.7, 0.6
"""Two boxes of which one covers so much of the other, and that differ in area by no more than this factor, hold one thing."""
HISTORY_S = 12.0
"""Boxes of what moves are remembered for so long: a thing may be hidden by who put it down."""
SURE, UNSURE = 0.9, 0.5
"""Scores of what is seen, and of what is known to be there but hidden at the moment."""

_Row = tuple[int, int, int, int, float, int]

_CLOSE, _RING = np.ones((5, 3), np.uint8), np.ones((7, 7), np.uint8)


class StillDetector:
    """Sees what was put down, and what came and stopped, and goes on seeing it until it is gone.

    A thing is taken up once it has not moved for `STILL_AFTER_S`. It is known by its looks from then on, however long it
    stays. The place of something that was there from the first and has left is no thing. While somebody stands before a thing it
    is still told, with a lower score.
    """

    name = "still"
    labels: tuple[str, ...] = _LABELS
    knows_classes = True

    def __init__(self) -> None:
        self._eyes = MotionDetector()
        self._things: list[Thing] = []
        self._history: list[tuple[float, NDArray[np.float32]]] = []
        self._shape: tuple[int, ...] = (0, 0)
        self._last: list[_Row] = []

    def __call__(self, frame: Frame) -> Detections:
        """Return a box in source pixels around each thing that stays."""
        seen = self._eyes.watch(frame)
        if not self._eyes.background.ready:
            self._things, self._history, self._last = [], [], []
        if seen is not None:
            self._shape = seen.small.shape
            self._last = self._take_up(seen, frame.time)
        return self._told(frame)

    def _take_up(self, seen: Seen, time: float) -> list[_Row]:
        boxes = [
            (blob.left, blob.top, blob.right, blob.bottom)
            for blob in seen.blobs
            if not any(_same((blob.left, blob.top, blob.right, blob.bottom), thing.box) for thing in self._things)
        ]
        self._history = [entry for entry in self._history if time - entry[0] <= HISTORY_S]
        self._history.append((time, np.array(boxes, np.float32).reshape(-1, 4)))
        light = float(self._eyes.background.picture()[::4, ::4].mean())
        told = []
        for thing in self._things:
            view = thing.look(seen.small, light, time)
            if view is not View.EMPTY and not thing.is_over(time):
                told.append((*thing.box, SURE if view is View.THING else UNSURE, int(thing.arrived)))
        self._things = [thing for thing in self._things if not thing.is_over(time) and not self._was_ghost(thing, seen)]
        for fresh in self._find(seen, light, time):
            self._settle(fresh)
        self._unite()
        return told

    def _was_ghost(self, thing: Thing, seen: Seen) -> bool:
        """Tell whether a new thing turns out to be the empty place of what was there from the first."""
        if not 0 < thing.at - thing.begun <= GROWS_S or thing.seen < thing.at:
            return False
        area = area_of(thing.box, MARGIN)
        mask = np.zeros(seen.small.shape, np.uint8)
        mask[thing.area] = thing.mask
        if not _is_ghost(seen.small[area], self._eyes.background.picture()[area], mask[area]):
            return False
        self._eyes.background.accept(mask)
        return True

    def _settle(self, fresh: Thing) -> None:
        """Keep what has just become still: with a thing that it is a part of, or as a thing of its own."""
        for index, thing in reversed(list(enumerate(self._things))):
            young = fresh.begun - thing.begun <= GROWS_S
            crumb = fresh.size <= CRUMB * thing.size and _common(thing.box, fresh.box) >= 0.4 * fresh.size
            if (young and _touch(thing.box, fresh.box)) or crumb or _holds(thing.box, fresh.box):
                joined = join(thing, fresh)
                joined.movers = joined.movers if young else thing.movers
                self._things[index] = joined
                return
        self._things = [*self._things, fresh][-MOST:]

    def _unite(self) -> None:
        """Make one thing of two that grew until they met, or that lie over each other and are about as large."""
        for later in range(len(self._things) - 1, 0, -1):
            for earlier in range(later):
                one, other = self._things[earlier], self._things[later]
                small, large = sorted((one.size, other.size))
                lie_over = _common(one.box, other.box) >= TWIN * small and small >= TWIN_SIZE * large
                twins = lie_over and one.seen == one.at and other.seen == other.at
                if twins or (
                    abs(one.begun - other.begun) <= GROWS_S
                    and (_touch(one.box, other.box) or _stacked(one.box, other.box))
                ):
                    self._things[earlier] = join(one, other)
                    del self._things[later]
                    break

    def _find(self, seen: Seen, light: float, time: float) -> list[Thing]:
        """Return the things that have just become still."""
        ages = self._eyes.background.stillness()
        mask = np.where(ages >= STILL_AFTER_S, seen.changed, 0).astype(np.uint8)
        for thing in self._things:
            mask[thing.area][thing.mask > 0] = 0
        if cv2.countNonZero(mask) < LEAST_AREA:
            return []
        mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, _CLOSE).astype(np.uint8)
        count, pieces, facts, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        found = []
        for piece in range(1, count):
            left, top, wide, high, area = (int(fact) for fact in facts[piece])
            if area < LEAST_AREA or area < 0.25 * wide * high:
                continue
            box = left, top, left + wide, top + high
            if self._is_thing(seen, box, pieces == piece):
                found.append(self._thing(seen.small, box, pieces == piece, light, time))
        return found

    def _is_thing(self, seen: Seen, box: Box, pixels: NDArray[np.bool_]) -> bool:
        """Tell a thing from an empty place, a shadow, and a quiet part of something that moves."""
        area = area_of(box, MARGIN)
        mask: Image = (pixels[area] * 255).astype(np.uint8)
        now, before = seen.small[area], self._eyes.background.picture()[area]
        if _is_cast(now, before, mask, seen.changed[area]):
            return False
        if _is_ghost(now, before, mask) or is_same_ground(now, before, mask, self._eyes.background.level()):
            return False
        rim = cv2.morphologyEx(mask, cv2.MORPH_GRADIENT, SQUARE) > 0
        change = cv2.absdiff(now, before)
        edges = cv2.morphologyEx(change, cv2.MORPH_GRADIENT, SQUARE)
        sharp = max(EDGE, SHARP * float(change[mask > 0].mean()))
        return bool((edges[rim] >= sharp).mean() >= 0.5)

    def _thing(self, small: Image, box: Box, pixels: NDArray[np.bool_], light: float, time: float) -> Thing:
        area = area_of(box)
        age = float(np.median(self._eyes.background.stillness()[area][pixels[area]]))
        looks, before = (plane[area].astype(np.float32) for plane in (small, self._eyes.background.picture()))
        mask: Image = (pixels[area] * 255).astype(np.uint8)
        return Thing(box, mask, looks, before, light, self._movers(box, time - age), time, time, at=time)

    def _movers(self, box: Box, stopped: float) -> Plane:
        """Return (n, 2) width and height of what was on its way to this place just before something stood still in it."""
        here = np.array(box, np.float32)
        size, middle = here[2:] - here[:2], (here[:2] + here[2:]) / 2
        sizes = [np.zeros((0, 2), np.float32)]
        for at, boxes in self._history:
            if -FAR_S <= at - stopped <= -NEAR_S:
                own = boxes[:, 2:] - boxes[:, :2]
                gone = np.abs((boxes[:, :2] + boxes[:, 2:]) / 2 - middle)
                reach = np.maximum(own.max(axis=1, initial=0.0), size.max())
                near = (gone <= 2 * reach[:, None]).all(axis=1) & (gone >= 0.25 * own).any(axis=1)
                sizes.append(own[near])
        return np.concatenate(sizes)

    def _told(self, frame: Frame) -> Detections:
        if not self._last:
            return Detections.none(_LABELS)
        rows = np.array(self._last, np.float64)
        height, width = self._shape
        scale = np.array([frame.width / width, frame.height / height] * 2)
        return Detections.of(
            (rows[:, :4] * scale).astype(np.float32),
            rows[:, 4].astype(np.float32),
            rows[:, 5].astype(np.int64),
            _LABELS,
        )

    def state(self) -> dict[str, Any]:
        """Return what it remembers of earlier pictures."""
        return {
            "eyes": self._eyes.state(),
            "things": [thing.state() for thing in self._things],
            "history": [[at, boxes.copy()] for at, boxes in self._history],
            "shape": list(self._shape),
            "last": [list(row) for row in self._last],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up what `state` gave."""
        self._eyes.restore(state["eyes"])
        self._things = [Thing.restored(thing) for thing in state["things"]]
        self._history = [(float(at), np.array(boxes, np.float32)) for at, boxes in state["history"]]
        self._shape = tuple(state["shape"])
        self._last = [(*map(int, row[:4]), float(row[4]), int(row[5])) for row in state["last"]]  # type: ignore[misc]


def _is_ghost(now: Image, before: Image, mask: Image) -> bool:
    """Tell whether a place looks like what is around it now, and did not before: then something has gone from it."""
    if is_empty_place(now, before, mask):
        return True
    rim = cv2.morphologyEx(mask, cv2.MORPH_GRADIENT, SQUARE) > 0
    edges = [cv2.morphologyEx(picture, cv2.MORPH_GRADIENT, SQUARE)[rim].mean() for picture in (now, before)]
    around = (cv2.dilate(mask, _RING) > 0) & (cv2.dilate(mask, SQUARE) == 0)
    if not around.any():
        return False
    inside = mask > 0
    level = [abs(float(picture[inside].mean()) - float(picture[around].mean())) for picture in (now, before)]
    rough = [abs(float(picture[inside].std()) - float(picture[around].std())) for picture in (now, before)]
    share = (level[0] + rough[0]) / max(1e-6, level[1] + rough[1])
    if edges[0] < GHOST_EDGES * edges[1]:
        return share < GHOST
    return share < SURE_GHOST and level[1] >= GHOST_LEVELS


def _is_cast(now: Image, before: Image, mask: Image, changed: Image) -> bool:
    """Tell whether a piece is the shadow of what stands beside it: it lies flat, and is evenly darker than the ground."""
    rows, columns = np.nonzero(mask)
    if np.ptp(columns) < FLAT * np.ptp(rows):
        return False
    ratio = now[rows, columns] / np.maximum(before[rows, columns], 1.0)
    if not SHADE[0] <= ratio.mean() <= SHADE[1] or ratio.std() > EVEN:
        return False
    wider = cv2.dilate(mask, SQUARE).astype(np.uint8)
    return cv2.countNonZero(wider & changed & ~mask) >= 2


def _touch(one: Box, other: Box) -> bool:
    """Tell whether two boxes lie no more than two pixels apart."""
    return all(one[side] - 2 <= other[side + 2] and other[side] - 2 <= one[side + 2] for side in (0, 1))


def _stacked(one: Box, other: Box) -> bool:
    """Tell whether one box stands over the other with little between: the middle of a bag may look like the ground."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    gap = max(one[1], other[1]) - min(one[3], other[3])
    narrow = min(one[2] - one[0], other[2] - other[0])
    return 2 * across >= narrow and 2 * gap <= one[3] - one[1] + other[3] - other[1]


def _holds(one: Box, other: Box) -> bool:
    """Tell whether the second box lies in the first, give or take two pixels."""
    return all(one[side] - 2 <= other[side] and other[side + 2] <= one[side + 2] + 2 for side in (0, 1))


def _common(one: Box, other: Box) -> int:
    across = min(one[2], other[2]) - max(one[0], other[0])
    return max(0, across) * max(0, min(one[3], other[3]) - max(one[1], other[1]))


def _same(one: Box, other: Box) -> bool:
    """Tell whether two boxes have more in common than not."""
    common = _common(one, other)
    return 2 * common > _size(one) + _size(other) - common


def _size(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])
