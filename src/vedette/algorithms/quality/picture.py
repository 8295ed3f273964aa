"""A picture in the small sizes on which its quality is judged."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

FINE_SIDE = 480
"""Pixels of the longer side of the picture on which sharpness is measured; larger ones are brought down to it."""
SMALL = (320, 192)
"""Width and height of the picture for light, colour and scene; blocks of 16 pixels fit into it."""
BLOCK = 16
"""Pixels of a block's side in the small picture."""
GRID = (SMALL[1] // BLOCK, SMALL[0] // BLOCK)
"""Rows and columns of blocks."""
TINY = (160, 96)
"""Width and height of the picture in which the camera's own movement is measured."""
SAMPLE_SIDE = 192
"""At most so many rows and columns of untouched pixels are kept, to tell a picture from an exact repetition."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture, reduced.

    Attributes:
        time_us: its time.
        raw: as it came; not kept beyond the judgement of this picture.
        fine: luma, at most `FINE_SIDE` on the longer side, never enlarged.
        small: BGR in the size `SMALL`.
        luma: luma of `small`.
        tiny: luma in the size `TINY`, as float.
        sample: untouched pixels of every so many rows and columns.
    """

    time_us: int
    raw: Bytes
    fine: Bytes
    small: Bytes
    luma: Bytes
    tiny: Floats
    sample: Bytes


def reduce(bgr: Bytes, time_us: int) -> Picture:
    """Return the picture in its small sizes.

    Halving by the mean of four pixels is far cheaper in OpenCV than the exact mean for odd ratios, so that is done first.
    """
    if bgr.ndim != 3 or bgr.shape[2] != 3 or not bgr.size:
        raise ValueError(f"a picture of three colours is needed, not {bgr.shape}")
    height, width = bgr.shape[:2]
    middle = bgr
    while max(middle.shape[:2]) >= 2 * FINE_SIDE and min(middle.shape[:2]) >= 2:
        rows, columns = middle.shape[0] // 2, middle.shape[1] // 2
        middle = _resized(middle[: rows * 2, : columns * 2], (columns, rows), cv2.INTER_AREA)
    longest = max(middle.shape[:2])
    if longest > FINE_SIDE:
        ratio = FINE_SIDE / longest
        size = max(1, round(middle.shape[1] * ratio)), max(1, round(middle.shape[0] * ratio))
        middle = _resized(middle, size, cv2.INTER_LINEAR)
    small = _resized(middle, SMALL, cv2.INTER_LINEAR)
    luma = grey(small)
    tiny = _resized(luma, TINY, cv2.INTER_AREA).astype(np.float32)
    rows, columns = -(-height // SAMPLE_SIDE), -(-width // SAMPLE_SIDE)
    return Picture(time_us, bgr, grey(middle), small, luma, tiny, bgr[::rows, ::columns].copy())


def grey(bgr: Bytes) -> Bytes:
    """Return the luma of a picture."""
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)


def block_means(plane: NDArray[np.uint8] | Floats) -> Floats:
    """Return the mean of each block of a plane of the size `SMALL`."""
    return cv2.resize(plane, GRID[::-1], interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)


def block_deviations(plane: Bytes) -> Floats:
    """Return the standard deviation within each block of a plane of the size `SMALL`."""
    values = plane.astype(np.float32)
    mean = block_means(values)
    return np.sqrt(np.maximum(block_means(values * values) - mean * mean, 0))


def _resized(picture: Bytes, size: tuple[int, int], how: int) -> Bytes:
    return cv2.resize(picture, size, interpolation=how).astype(np.uint8, copy=False)
