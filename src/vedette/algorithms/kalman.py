"""A constant-velocity Kalman filter over many boxes at once, whose steps may differ in length.

The two coordinates of a centre share one covariance (they are measured alike), so a track costs three numbers of it.
Noise is stated in heights of the box: what is near moves more pixels. Process noise is that of white acceleration
(Bar-Shalom, Li, Kirubarajan: Estimation with Applications to Tracking and Navigation, 6.2.2).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Columns = NDArray[np.float64]

ACCELERATION = 1.96
"""Standard deviation of a target's acceleration, heights per second squared."""
MEASURED = 0.11
"""Standard deviation of a measured centre, heights, if the detector is sure."""
UNSURE = 0.87
"""By how much that grows for what is not believed at all: as in StrongSORT (Du et al., 2023), noise follows the score."""
SPEED = 1.79
"""Standard deviation of the speed of a target seen for the first time, heights per second."""
SIZE_GAIN = 0.2
"""Share of a newly measured width and height that is believed."""
USUAL = 0.25
"""Heights by which a side of a box may be off before it counts for less: half hidden people, and two in one box."""
USUAL_NEW = 0.74
"""By how much that is wider after one sight; after n sights an n-th of it."""
USUAL_LOST = 1.18
"""Standard deviations of the predicted centre that are added to it."""


@dataclass(slots=True)
class Motion:
    """Where n boxes are, and how they move.

    Attributes:
        centre: (n, 2) pixels.
        size: (n, 2) width and height, pixels.
        speed: (n, 2) pixels a second.
        covariance: (n, 3) place, place and speed, speed.
    """

    centre: Columns
    size: Columns
    speed: Columns
    covariance: Columns

    @classmethod
    def of(cls, boxes: Columns) -> "Motion":
        """Return (n, 4) boxes seen for the first time."""
        size = boxes[:, 2:] - boxes[:, :2]
        heights = size[:, 1]
        covariance = np.stack([(MEASURED * heights) ** 2, np.zeros_like(heights), (SPEED * heights) ** 2], axis=1)
        return cls((boxes[:, :2] + boxes[:, 2:]) / 2, size, np.zeros_like(size), covariance)

    @property
    def boxes(self) -> Columns:
        """(n, 4): left, top, right, bottom."""
        return np.concatenate([self.centre - self.size / 2, self.centre + self.size / 2], axis=1)


def predict(now: Motion, dt: float) -> Motion:
    """Return what is to be expected `dt` seconds later."""
    noise = (ACCELERATION * now.size[:, 1]) ** 2
    place, both, rate = now.covariance.T
    later = np.stack(
        [
            place + 2 * dt * both + dt * dt * rate + noise * dt**4 / 4,
            both + dt * rate + noise * dt**3 / 2,
            rate + noise * dt * dt,
        ],
        axis=1,
    )
    return Motion(now.centre + now.speed * dt, now.size, now.speed, later)


def correct(expected: Motion, boxes: Columns, scores: Columns, hits: NDArray[np.int64]) -> Motion:
    """Return what is known after a measurement.

    Each side of a box is weighed by itself: one that is far from where it was expected says little (Huber's and
    Cauchy's thought in robust statistics), so that a box cut short by somebody in front, or shared with a neighbour,
    moves the track by its good sides.

    Args:
        expected: n boxes.
        boxes: (n, 4) measured ones.
        scores: (n,) of the measured ones, 0..1.
        hits: (n,) how often each has been seen before.
    """
    heights = expected.size[:, 1]
    place, both, rate = expected.covariance.T
    doubt = 1 + UNSURE * (1 - scores)
    off = boxes - expected.boxes
    usual = USUAL * (1 + USUAL_NEW / hits) * heights + USUAL_LOST * np.sqrt(place)
    weight = 1 / (1 + (off / usual[:, None]) ** 2)
    moved = (weight[:, :2] * off[:, :2] + weight[:, 2:] * off[:, 2:]) / (weight[:, :2] + weight[:, 2:])
    grown = (off[:, 2:] - off[:, :2]) * np.minimum(weight[:, :2], weight[:, 2:])
    spread = place + (MEASURED * heights * doubt) ** 2
    gain_place, gain_speed = place / spread, both / spread
    return Motion(
        centre=expected.centre + gain_place[:, None] * moved,
        size=np.maximum(1.0, expected.size + (SIZE_GAIN / doubt)[:, None] * grown),
        speed=expected.speed + gain_speed[:, None] * moved,
        covariance=np.stack([(1 - gain_place) * place, (1 - gain_place) * both, rate - gain_speed * both], axis=1),
    )
