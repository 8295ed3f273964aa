"""What one picture shows by itself: black, grey, light, colour cast, snow, blur."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.algorithms.quality.limits import USUAL, Limits
from vedette.algorithms.quality.picture import Bytes, Floats, Picture, grey
from vedette.model.look import Fault

BLACK_LEVEL: Final = 25
"""Luma up to which a pixel is black: a tenth of the range, the default of FFmpeg's `blackdetect`."""
BLACK_SHARE: Final = 0.98
"""Share of black pixels that makes a black picture: the default of FFmpeg's `blackdetect`."""

GREY_LEVEL: Final = 128
"""Luma of a picture that a decoder had no data for (H.264 and H.265 predict the middle of the range)."""
GREY_NEAR: Final = 6
"""Levels by which each colour may differ from `GREY_LEVEL`; the grey asphalt of `car-detection` spreads over 30."""
GREY_SHARE: Final = 0.90
"""Share of such pixels; 0.14 at most on the real clips."""

CLIPPED_LEVEL: Final = 250
"""Luma from which a pixel counts as clipped."""
CLIPPED_SHARE: Final = 0.60
"""Share of clipped pixels of a too bright picture; the drawn `pinwheel` has 0.44, no camera's clip more than 0.03."""
CAST_EVERYWHERE: Final = 10.0
"""Lab units toward the cast that `CAST_SHARE` of the pixels reach; on the real clips 75 % reach 5 at most."""
CAST_SHARE: Final = 0.8
"""Share of the pixels over which a cast lies."""
CAST_VISIBLE: Final = 40
"""Mean luma below which colours are not judged."""

SNOW_SAME: Final = 0.5
"""Correlation of the fine grain of two pictures in a row above which it is texture, not snow."""
SNOW_PATCH: Final = 64
"""Pixels of a side of the patches in which noise is measured, at the picture's own size."""
SNOW_PATCHES: Final = (3, 4)
"""Rows and columns of patches."""

EDGE_WINDOW: Final = 15
"""Pixels over which an edge is looked at, in the fine picture."""
EDGE_CONTRAST: Final = 24
"""Levels between dark and bright side of what counts as an edge."""
EDGE_SHARE: Final = 0.005
"""Share of pixels near edges below which sharpness is not judged."""
EDGE_QUANTILE: Final = 75
"""Percentile of the steepness that is judged: high, so that one sharp thing makes a sharp picture; not so high that a
burnt-in caption does."""
BLUR_ONE: Final = 0.26 / 0.30
"""Share of the limit that holds where one direction alone is blurred, as a moving camera does."""
SHARP_FLOOR: Final = 64
"""Pixels of the shorter side below which sharpness is not judged."""

_LAPLACE: Final = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)


@dataclass(frozen=True, slots=True)
class Grain:
    """Fine grain of a picture.

    Attributes:
        residue: what is left of each patch without its smooth part.
        sigma: noise of each patch, sorted.
    """

    residue: Floats
    sigma: Floats

    def state(self) -> list[NDArray[np.generic]]:
        """Return it; the residue is whole numbers, which take half the room so."""
        return [self.residue.astype(np.int16), self.sigma]

    @classmethod
    def of(cls, state: Sequence[NDArray[np.generic]]) -> Self:
        """Return what `state` gave."""
        return cls(state[0].astype(np.float32), state[1].astype(np.float32))


def black(picture: Picture) -> bool:
    """Tell whether nearly every pixel is black."""
    return bool(np.count_nonzero(picture.luma <= BLACK_LEVEL) >= BLACK_SHARE * picture.luma.size)


def flat_grey(picture: Picture) -> bool:
    """Tell whether nearly every pixel is the grey of a picture that was never received."""
    low, high = GREY_LEVEL - GREY_NEAR, GREY_LEVEL + GREY_NEAR
    inside = cv2.inRange(picture.small, (low, low, low), (high, high, high))
    return cv2.countNonZero(inside) >= GREY_SHARE * inside.size


def bad_light(picture: Picture, limits: Limits = USUAL) -> bool:
    """Tell whether the picture is too dark or too bright."""
    luma = picture.luma
    if np.count_nonzero(luma < limits.dark) >= 0.9 * luma.size:
        return True
    clipped = cv2.countNonZero(cv2.inRange(luma, CLIPPED_LEVEL, 255)) / luma.size
    return clipped >= CLIPPED_SHARE or float(luma.mean()) >= limits.bright


def cast(picture: Picture, limits: Limits = USUAL) -> bool:
    """Tell whether one colour lies over everything.

    The mean colour in the a-b plane must be far from grey, as in Gasparini and Schettini, "Color balancing of digital photos
    using simple image statistics" (2004); instead of their spread, nearly every pixel must lean to that side.
    """
    if float(picture.luma.mean()) < CAST_VISIBLE:
        return False
    lab = cv2.cvtColor(picture.small[::2, ::2], cv2.COLOR_BGR2LAB)
    across, along = (lab[..., plane].astype(np.float32) - 128 for plane in (1, 2))
    x, y = float(across.mean()), float(along.mean())
    strength = float(np.hypot(x, y))
    if strength < limits.cast:
        return False
    toward = (across * x + along * y) / strength
    return bool(np.count_nonzero(toward >= CAST_EVERYWHERE) >= CAST_SHARE * toward.size)


def grain(picture: Picture) -> Grain:
    """Measure noise in patches of the picture as it came: J. Immerkaer, "Fast noise variance estimation" (1996)."""
    height, width = picture.raw.shape[:2]
    rows, columns = SNOW_PATCHES
    side = SNOW_PATCH
    sheet = np.zeros((rows * side, columns * side), np.uint8)
    for row in range(rows):
        for column in range(columns):
            top, left = (
                max(0, (height - side) * (2 * row + 1) // (2 * rows)),
                max(0, (width - side) * (2 * column + 1) // (2 * columns)),
            )
            patch = picture.raw[top : top + side, left : left + side]
            sheet[row * side :, column * side :][: patch.shape[0], : patch.shape[1]] = grey(patch)
    residue = cv2.filter2D(sheet.astype(np.float32), -1, _LAPLACE).astype(np.float32, copy=False)
    inner = np.abs(residue).reshape(rows, side, columns, side)[:, 1:-1, :, 1:-1]
    return Grain(residue, np.sort(inner.mean(axis=(1, 3)).ravel() * np.sqrt(np.pi / 2) / 6).astype(np.float32))


def snow(now: Grain, before: Grain | None, limits: Limits = USUAL) -> bool:
    """Tell whether noise lies over the whole picture and is another in each picture."""
    if before is None or now.sigma[len(now.sigma) // 5] < limits.noise:
        return False
    a, b = now.residue, before.residue
    return float((a * b).sum()) < SNOW_SAME * float(np.sqrt((a * a).sum() * (b * b).sum()))


def blurred(picture: Picture, limits: Limits = USUAL) -> bool:
    """Tell whether no edge is sharp: all brightness changes run over several pixels.

    Like the edge width of Marziliano and others, "A no-reference perceptual blur metric" (2002), but taken from
    the steepest step within a window against the whole contrast there, which needs no following of edges.
    """
    fine = picture.fine
    if min(fine.shape) < SHARP_FLOOR:
        return False
    found = [steep for axis in (0, 1) if (steep := _steepness(fine, axis)) is not None]
    return bool(found) and (max(found) < limits.blur or min(found) < BLUR_ONE * limits.blur)


def _steepness(fine: Bytes, axis: int) -> float | None:
    kernel = np.ones((EDGE_WINDOW, 1) if axis == 0 else (1, EDGE_WINDOW), np.uint8)
    step = np.zeros_like(fine)
    if axis == 0:
        cv2.absdiff(fine[1:], fine[:-1], dst=step[1:])
    else:
        step[:, 1:] = cv2.absdiff(fine[:, 1:], fine[:, :-1])
    contrast = cv2.morphologyEx(fine, cv2.MORPH_GRADIENT, kernel)[::3, ::3]
    steepest = cv2.dilate(step, kernel)[::3, ::3]
    edges = contrast >= EDGE_CONTRAST
    if np.count_nonzero(edges) < EDGE_SHARE * edges.size:
        return None
    return float(np.percentile(steepest[edges] / contrast[edges].astype(np.float32), EDGE_QUANTILE))


def evidence(picture: Picture, now: Grain, before: Grain | None, limits: Limits = USUAL) -> set[Fault]:
    """Return what this picture shows; what explains the rest comes alone."""
    if black(picture):
        return {Fault.BLACK_SCREEN}
    if flat_grey(picture):
        return {Fault.GRAY_SCREEN}
    if snow(now, before, limits):
        return {Fault.SNOW_NOISE}
    if bad_light(picture, limits):
        return {Fault.ABNORMAL_LIGHT}
    checks = ((Fault.COLOR_DISTORTION, cast), (Fault.BLURRY, blurred))
    return {fault for fault, shows in checks if shows(picture, limits)}
