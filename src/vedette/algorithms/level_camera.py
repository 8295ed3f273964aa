"""A camera that is not turned about its own axis, found by lines on the ground whose length is known.

It sees the ground point (X, Y) where X = p x / w, Y = q y / w with w = 1 + g y, x and y from the picture's middle (a tilted
pinhole camera above a plane). The scale p, the stretch q / p and the slant g are found by least squares of the logarithms
of the lengths, in Gauss and Newton's steps that are shortened where they do not help.
"""

import math
from typing import Final

import numpy as np

from vedette.algorithms.geometry import Points

TRIES: Final = (0.0, 0.5, 1.0, 1.6, 3.0, 6.0, -0.5)
"""From which slants (for a picture of height 1) the camera is sought."""


def one_scale(ends: Points, lengths: Points) -> float:
    """Return the metres of a pixel for a camera that looks straight down at (n, 2, 2) lines of (n,) lengths."""
    return float(np.exp(np.mean(np.log(lengths / np.hypot(*(ends[:, 1] - ends[:, 0]).T)))))


def seen_lengths(ends: Points, scale: float, stretch: float, slant: float) -> Points:
    """Return the (n,) lengths in metres of (n, 2, 2) lines, NaN for what reaches the horizon."""
    weights = 1 + slant * ends[:, :, 1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        ground = np.where(weights > 1e-3, ends * np.array([scale, scale * stretch]) / weights, np.nan)
    return np.asarray(np.hypot(*(ground[:, 1] - ground[:, 0]).T))


def level_camera(ends: Points, lengths: Points) -> tuple[float, float, float]:
    """Return scale, stretch and slant of the camera that sees the lines best, from the best of several starts.

    Args:
        ends: (n, 2, 2) lines, from the picture's middle, its height being 1.
        lengths: (n,) metres; three or more.
    """
    found = [_improved(ends, lengths, slant) for slant in TRIES]
    _, best = min(found, key=lambda pair: pair[0])
    return math.exp(best[0]), math.exp(best[1]), float(best[2])


def _improved(ends: Points, lengths: Points, slant: float) -> tuple[float, Points]:
    """Return the squared error and (3,) parameters: the logarithms of scale and stretch, and the slant."""

    def off(at: Points) -> Points:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return np.asarray(np.log(seen_lengths(ends, math.exp(at[0]), math.exp(at[1]), float(at[2])) / lengths))

    at = np.array([math.log(one_scale(ends, lengths)), 0.0, slant])
    at[0] -= float(np.nan_to_num(off(at)).mean())
    error = _squares(off(at))
    for _ in range(60):
        base = off(at)
        slopes = np.stack([(off(at + step) - base) / 1e-6 for step in np.eye(3) * 1e-6], axis=1)
        if not (np.isfinite(slopes).all() and np.isfinite(base).all()):
            break
        move = np.linalg.lstsq(slopes, -base, rcond=1e-9)[0]
        share, better = 1.0, False
        while share > 1e-3 and not better:
            tried = np.clip(at + share * move, [-30, -6, -1.9], [30, 6, 20])
            better = _squares(off(tried)) < error
            share /= 2
        if not better:
            break
        at, error = tried, _squares(off(tried))
    return error, at


def _squares(values: Points) -> float:
    return float((values**2).sum()) if np.isfinite(values).all() else math.inf
