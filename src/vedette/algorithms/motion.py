"""A detector that needs no model: it sees what has changed in a still camera's picture."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import cv2
import numpy as np

from vedette.algorithms import blobs as shapes
from vedette.algorithms.background import Background
from vedette.algorithms.blobs import Blob
from vedette.model.detection import Detections
from vedette.model.frame import Frame, Image

WIDTH = 320
"""Columns of the picture that is looked at."""
SMALLEST = 8
"""Rows and columns below which a picture shows nothing."""
STILL_S = 0.8
"""A change that has looked the same for so long is asked whether it is an empty place."""
LIGHT_AREA = 60
"""From so many pixels on a change can be told from light that falls on the same things."""
GLOW_AREA = (40, 400)
SOFT = 0.29
"""A glow rises by less than this share of its height from one pixel to the next; larger things do so too."""
GLINT_S = 6.0
"""After a sudden change of the light, small still changes are places that did not follow it, such as a white line."""

_LABELS: tuple[str, ...] = ("moving",)
_SQUARE = np.ones((3, 3), np.uint8)


class Seen(NamedTuple):
    """What a picture shows: itself at about 320 columns, what has changed in it (0 or 255), and the things."""

    small: Image
    changed: Image
    blobs: list[Blob]


class MotionDetector:
    """Sees that something is there which was not, and where; never what it is.

    It reads nothing but the luma plane. Slow and sudden changes of the light are followed, noise is measured, what
    stands still for long becomes background, and a place that a parked thing has left is recognised as empty.
    The same pictures give the same boxes.

    Attributes:
        background: what it knows of the empty place.
    """

    name = "motion"
    labels = _LABELS
    knows_classes = False

    def __init__(self) -> None:
        self.background = Background()

    def __call__(self, frame: Frame) -> Detections:
        """Return a box in source pixels around each thing that is not background."""
        seen = self.watch(frame)
        if seen is None:
            return Detections.none(_LABELS)
        height, width = seen.small.shape
        corners, scores = shapes.boxes(seen.blobs, frame.width / width, frame.height / height)
        return Detections.of(corners, scores, np.zeros(len(corners), np.int64), _LABELS)

    def watch(self, frame: Frame) -> Seen | None:
        """Take up a picture and return what it shows, or None while there is nothing to say."""
        small = shrink(frame.luma)
        masks = self.background.look(small, frame.time) if min(small.shape) >= SMALLEST else None
        if masks is None:
            return None
        found = shapes.find(*masks)
        kept = [blob for blob in found if not self._is_illusion(blob, small, masks.changed, frame.time)]
        self.background.adapt(small, masks.changed, frame.time)
        return Seen(small, masks.changed, kept)

    def state(self) -> dict[str, Any]:
        """Return what it remembers of earlier pictures."""
        return self.background.state()

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up what `state` gave."""
        self.background.restore(state)

    def _is_illusion(self, blob: Blob, small: Image, changed: Image, time: float) -> bool:
        """Tell whether nothing is there: other light on the same ground, or the empty place of a thing that left.

        If it stays so, the background takes it up.
        """
        area = np.s_[max(0, blob.top - 2) : blob.bottom + 2, max(0, blob.left - 2) : blob.right + 2]
        mask, now, then = changed[area], small[area], self.background.picture()[area]
        illusion = (GLOW_AREA[0] <= blob.area <= GLOW_AREA[1] and _is_soft(now, then, mask)) or (
            blob.area >= LIGHT_AREA and is_same_ground(now, then, mask, self.background.level())
        )
        if cv2.mean(self.background.stillness()[area], mask)[0] < STILL_S:
            return illusion
        glint = blob.area < LIGHT_AREA and time - self.background.relit_at < GLINT_S
        if not illusion and not glint and not is_empty_place(now, then, mask):
            return False
        where = np.zeros_like(changed)
        where[area] = mask
        self.background.accept(where)
        return True


def shrink(luma: Image) -> Image:
    """Return the picture at about 320 columns, each the mean of four neighbours.

    A mean over all pixels of a 1080p picture costs five times as much and finds no more.
    """
    height, width = luma.shape
    if width <= WIDTH:
        return luma.copy()
    size = (WIDTH, max(1, round(height * WIDTH / width)))
    return cv2.resize(luma, size, interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)


def _is_soft(now: Image, then: Image, mask: Image) -> bool:
    """Tell whether a small change is a smooth hill without an edge, as the glow of a lamp is and things are not."""
    change = cv2.absdiff(now, then)
    mean, spread = cv2.meanStdDev(change, mask=mask)
    height = float(mean[0, 0]) + 1.3 * float(spread[0, 0])
    slope = cv2.morphologyEx(change, cv2.MORPH_GRADIENT, _SQUARE)
    if cv2.mean(slope, mask)[0] >= SOFT * height:
        return False
    return float(np.quantile(slope[mask > 0], 0.8)) < 1.5 * SOFT * height  # a flat block has its edge in the last fifth


def is_same_ground(now: Image, then: Image, mask: Image, noise: float) -> bool:
    """Tell whether the fine texture under a change is still that of the background: a shadow, a lamp, a cloud."""
    chosen = mask > 0
    fine_now = now.astype(np.float32) - cv2.blur(now, (7, 7))
    fine_then = then.astype(np.float32) - cv2.blur(then, (7, 7))
    a, b = fine_now[chosen], fine_then[chosen]
    energy_now, energy_then = float(a @ a), float(b @ b)
    visible = len(a) * max(2.0, 2.5 * noise) ** 2
    if energy_then < visible or energy_now < 0.3 * visible:
        return False
    return float(a @ b) > 0.75 * float(np.sqrt(energy_now * energy_then))


def is_empty_place(now: Image, then: Image, mask: Image) -> bool:
    """Tell whether the rim of a change is an edge in the background, but not in the present picture."""
    rim = cv2.morphologyEx(mask, cv2.MORPH_GRADIENT, _SQUARE) > 0
    if not rim.any():
        return False
    edge_now = cv2.morphologyEx(now, cv2.MORPH_GRADIENT, _SQUARE)[rim].mean()
    edge_then = cv2.morphologyEx(then, cv2.MORPH_GRADIENT, _SQUARE)[rim].mean()
    return float(edge_now) < 0.6 * float(edge_then)
