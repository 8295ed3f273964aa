"""How things look, in few numbers: colours of three bands of a box, so that a track finds its own again after a crowd.

No model is needed. An embedder's vectors serve the tracker in the same way.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from vedette.model.frame import Image

Looks = NDArray[np.float32]
"""(n, d), each row of length 1; the likeness of two is their product."""

BANDS: Final = ((0.12, 0.32), (0.32, 0.52), (0.52, 0.9))
"""Shares of the height: shoulders, trunk, legs. The head is small, and the feet are half ground."""
ROWS: Final = 8
"""Of samples in each band."""
ACROSS: Final = (0.25, 0.75)
"""Share of the width that is looked at; beyond it is as much ground as person."""
COLUMNS: Final = 8
BINS: Final = 8
REACH: Final = np.array([[0.0, 256.0], [88.0, 148.0], [108.0, 168.0]])
"""Of brightness, blue and red difference (ITU-R BT.601): what the first and the last bin begin and end at."""
_TO_YCC: Final = np.array([[0.114, 0.5, -0.081312], [0.587, -0.331264, -0.418688], [0.299, -0.168736, 0.5]])
"""From blue, green and red."""


def looks(image: Image, boxes: NDArray[np.float32]) -> Looks:
    """Return the (n, 72) looks of what is in (n, 4) boxes of a picture.

    For each band and each of three channels a histogram whose square roots are taken, so that the product of two rows
    is the mean of their Bhattacharyya coefficients. A sample counts for the two bins next to it.
    """
    height, width = image.shape[:2]
    down = np.concatenate([np.linspace(first, last, ROWS) for first, last in BANDS])
    along = np.linspace(*ACROSS, COLUMNS)
    size = boxes[:, 2:] - boxes[:, :2]
    rows = np.clip(boxes[:, 1, None] + size[:, 1, None] * down, 0, height - 1).astype(np.int64)
    cols = np.clip(boxes[:, 0, None] + size[:, 0, None] * along, 0, width - 1).astype(np.int64)
    pixels = image[rows[:, :, None], cols[:, None, :]].reshape(len(boxes), len(BANDS), ROWS * COLUMNS, 3)
    place = (pixels @ _TO_YCC + [0.0, 128.0, 128.0] - REACH[:, 0]) / (REACH[:, 1] - REACH[:, 0]) * BINS - 0.5
    place = np.clip(place, 0.0, BINS - 1.0)
    lower = np.minimum(place.astype(np.int64), BINS - 2)
    share = place - lower
    begin = (np.arange(len(boxes) * len(BANDS)) * 3 * BINS).reshape(len(boxes), len(BANDS), 1, 1) + np.arange(3) * BINS
    bins = (begin + lower).ravel()
    total = len(boxes) * len(BANDS) * 3 * BINS
    counts = np.bincount(bins, (1 - share).ravel(), total) + np.bincount(bins + 1, share.ravel(), total)
    roots = np.sqrt(counts.reshape(len(boxes), len(BANDS) * 3 * BINS))
    return np.asarray(roots / np.sqrt(len(BANDS) * 3 * ROWS * COLUMNS), np.float32)
