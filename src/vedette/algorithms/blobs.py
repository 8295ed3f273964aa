"""From a mask of changed pixels to one box for each thing."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.model.frame import Image

MIN_AREA = 14
"""Changed pixels that a thing has at least; pictures are about 320 wide."""
MIN_STRONG = 5
SMALLEST_PIECE = 6
MOST = 48
"""Things in one picture; of more, the largest are kept."""

_CLOSE = np.ones((5, 3), np.uint8)


@dataclass(slots=True)
class Blob:
    """One thing: left, top, right, bottom, and how many of its pixels have changed."""

    left: int
    top: int
    right: int
    bottom: int
    area: int
    strong: int

    @property
    def width(self) -> int:
        """Columns."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Rows."""
        return self.bottom - self.top


def find(changed: Image, strong: Image, faint: Image) -> list[Blob]:
    """Return the things in a mask, fragments of one figure put together; the largest first.

    Args:
        changed: what has changed, 0 or 255.
        strong: the part of it that has changed strongly.
        faint: what has changed a little at least: a coat as bright as the wall behind it.
    """
    if cv2.countNonZero(changed) < MIN_AREA:
        return []
    closed = cv2.morphologyEx(changed, cv2.MORPH_CLOSE, _CLOSE)
    rims, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    pieces: list[Blob] = []
    for rim in rims:
        left, top, width, height = cv2.boundingRect(rim)
        if width * height < SMALLEST_PIECE:
            continue
        area = np.s_[top : top + height, left : left + width]
        count, sure = cv2.countNonZero(changed[area]), cv2.countNonZero(strong[area])
        pieces.append(Blob(left, top, left + width, top + height, count, sure))
    pieces = sorted(pieces, key=_by_size)[: 2 * MOST]
    return [blob for blob in _join(pieces, faint) if blob.area >= MIN_AREA and blob.strong >= MIN_STRONG][:MOST]


def _join(pieces: list[Blob], faint: Image) -> list[Blob]:
    """Put fragments together until nothing belongs together any more."""
    whole: list[Blob] = []
    for piece in pieces:
        joined = piece
        again = True
        while again:
            again = False
            for other in whole:
                if belong(joined, other, faint):
                    whole.remove(other)
                    joined = _union(joined, other)
                    again = True
                    break
        whole.append(joined)
    return sorted(whole, key=_by_size)


def _by_size(blob: Blob) -> tuple[int, int, int]:
    return -blob.area, blob.left, blob.top


def belong(a: Blob, b: Blob, faint: Image) -> bool:
    """Tell whether two pieces are one figure: one above the other and near, such as a head and its legs.

    Side by side, two things are two people more often than one.
    """
    across = min(a.right, b.right) - max(a.left, b.left)
    down = min(a.bottom, b.bottom) - max(a.top, b.top)
    if across > 0 and down > 0:  # the boxes overlap
        return across * down >= 0.3 * min(a.width * a.height, b.width * b.height)
    if across < 0.5 * min(a.width, b.width) or down > 0:
        return False
    tall = max(a.bottom, b.bottom) - min(a.top, b.top)
    wide = max(a.right, b.right) - min(a.left, b.left)
    if tall > 4.5 * wide:
        return False
    return -down <= 2 or (-down <= 0.7 * tall and _is_bridged(a, b, faint))


def _is_bridged(a: Blob, b: Blob, faint: Image) -> bool:
    """Tell whether something is there, if only faintly, all the way between two pieces: no open ground."""
    left, right = max(a.left, b.left), min(a.right, b.right)
    between = faint[min(a.bottom, b.bottom) : max(a.top, b.top), left:right]
    taken = np.flatnonzero(np.count_nonzero(between, axis=1) >= 0.2 * (right - left))
    return bool(np.diff(taken, prepend=-1, append=len(between)).max() <= 3)


def _union(a: Blob, b: Blob) -> Blob:
    return Blob(
        min(a.left, b.left),
        min(a.top, b.top),
        max(a.right, b.right),
        max(a.bottom, b.bottom),
        a.area + b.area,
        a.strong + b.strong,
    )


def boxes(blobs: list[Blob], scale_x: float, scale_y: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return boxes in source pixels and scores: a thing whose change is strong all over is surer."""
    if not blobs:
        return np.empty((0, 4), np.float32), np.empty(0, np.float32)
    corners = np.array([(b.left, b.top, b.right, b.bottom) for b in blobs], np.float32)
    corners *= np.array([scale_x, scale_y, scale_x, scale_y], np.float32)
    scores = np.array([0.5 + 0.5 * min(1.0, b.strong / max(1, b.area)) for b in blobs], np.float32)
    return corners, scores
