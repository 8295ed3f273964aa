"""How good a shot of a face is: for choosing the best one of a person, and for sending a better one again.

Five things are judged, each from 0 (useless) to 1 (as good as need be), and put together as a weighted geometric mean,
so that none makes up for another that is missing. Needs NumPy alone: the control plane imports who uses it.
"""

from dataclasses import astuple, dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Luma = NDArray[np.uint8]

SIZE_LEAST: Final = 12.0
"""Pixels between the sides of a face from which anything can be told of it."""
SIZE_ENOUGH: Final = 112.0
"""Pixels beyond which more make no difference: the input of usual recognition models."""
SIDE: Final = 96
"""Pixels of the wider side on which sharpness is measured; larger faces are brought down to it."""
TAPS: Final = 9
"""Pixels over which a face is blurred to see what that takes from it."""
BLUR_NONE: Final = 0.30
"""Blur of a sharp face."""
BLUR_ALL: Final = 0.75
"""Blur of one that shows nothing any more."""
LIGHT: Final = (30.0, 80.0, 190.0, 240.0)
"""Mean luma: too dark, dark, bright, too bright; between the middle two all is well."""
TURNED: Final = 0.5
"""Shift of the nose from the middle between the eyes, in eye distances, of a face in profile."""
NOSE: Final = (0.55, 0.45)
"""Where the nose stands between eyes and mouth in a level face, as share, and how far off it is out of sight."""
WEIGHTS: Final = (0.25, 0.2, 0.3, 0.1, 0.15)
"""Of size, sharpness, frontalness, light and the detector's score."""
FLOOR: Final = 0.02
"""So that one useless thing makes a bad shot and not none."""


@dataclass(frozen=True, slots=True)
class FaceQuality:
    """What is judged of one shot of a face, each 0 to 1."""

    size: float
    sharpness: float
    frontal: float
    light: float
    score: float

    @property
    def total(self) -> float:
        """Return the quality, 0 to 1."""
        parts = np.maximum(np.array(astuple(self)), FLOOR)
        return float(np.exp(np.log(parts) @ np.array(WEIGHTS)))


def judge(luma: Luma, box: Floats, marks: Floats | None, score: float) -> FaceQuality:
    """Return how good a shot is.

    Args:
        luma: (height, width) of the whole picture.
        box: (4,) left, top, right, bottom of the face in pixels.
        marks: (5, 2) eyes, nose and corners of the mouth in pixels; None if the detector gives none.
        score: of the detector.
    """
    height, width = luma.shape
    left, top = int(np.clip(box[0], 0, width)), int(np.clip(box[1], 0, height))
    right, bottom = int(np.clip(np.ceil(box[2]), 0, width)), int(np.clip(np.ceil(box[3]), 0, height))
    face = luma[top:bottom, left:right]
    if not face.size:
        return FaceQuality(0.0, 0.0, 0.0, 0.0, score)
    return FaceQuality(
        size_quality(float(min(box[2] - box[0], box[3] - box[1]))),
        sharpness(face),
        0.5 if marks is None else frontalness(marks),
        float(np.interp(float(face.mean()), LIGHT, (0.0, 1.0, 1.0, 0.0))),
        float(score),
    )


def size_quality(side: float) -> float:
    """Return how good a face of so many pixels is: each doubling counts the same."""
    if side <= SIZE_LEAST:
        return 0.0
    return float(min(1.0, np.log(side / SIZE_LEAST) / np.log(SIZE_ENOUGH / SIZE_LEAST)))


def sharpness(face: Luma) -> float:
    """Return how sharp a face is: what a blur takes from it, after F. Crete and others, "The blur effect" (2007)."""
    step = max(1, max(face.shape) // SIDE)
    rows, columns = face.shape[0] // step, face.shape[1] // step
    if min(rows, columns) <= TAPS:
        return 0.0
    whole = face[: rows * step, : columns * step].astype(np.float64)
    small = whole.reshape(rows, step, columns, step).mean(axis=(1, 3))
    blur = max(_blur(small), _blur(small.T))
    return float(np.interp(blur, (BLUR_NONE, BLUR_ALL), (1.0, 0.0)))


def _blur(plane: NDArray[np.float64]) -> float:
    """Return the share of the steps along the columns that is still there after a blur along them."""
    sums = np.cumsum(np.pad(plane, ((TAPS // 2 + 1, TAPS // 2), (0, 0)), mode="edge"), axis=0)
    soft = (sums[TAPS:] - sums[:-TAPS]) / TAPS
    steps, left = np.abs(np.diff(plane, axis=0)), np.abs(np.diff(soft, axis=0))
    total = float(steps.sum())
    return 1.0 if total <= 0 else float(np.minimum(steps, left).sum()) / total


def frontalness(marks: Floats) -> float:
    """Return how much a face looks at the camera, from its five marks.

    Turned aside, the nose leaves the middle between the eyes; nodding, it comes near the eyes or the mouth. A head
    that is tilted shows as much.
    """
    eyes, nose, mouth = marks[:2].mean(axis=0), marks[2], marks[3:5].mean(axis=0)
    across = np.asarray(marks[1] - marks[0], np.float64)
    wide = float(np.hypot(*across))
    down = mouth - eyes
    high = float(np.hypot(*down))
    if wide < 1 or high < 1:
        return 0.0
    aside = abs(float((nose - eyes) @ across)) / wide**2
    depth = float((nose - eyes) @ down) / high**2
    turned = max(0.0, 1 - aside / TURNED)
    nodding = max(0.0, 1 - abs(depth - NOSE[0]) / NOSE[1])
    # a face in profile shows its eyes close together, whatever the nose does
    narrow = min(1.0, wide / (0.75 * high))
    return turned * nodding * narrow
