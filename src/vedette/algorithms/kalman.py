"""A constant-velocity Kalman filter over many boxes at once, whose steps may differ in length.

The two coordinates of a centre share one covariance (they are measured alike), so a track costs three numbers of it.
Noise is stated in heights of the box: what is near moves more pixels. Process noise is that of white acceleration
(Bar-Shalom, Li, Kirubarajan: Estimation with Applications to Tracking and Navigation, 6.2.2).
"""

import numpy as np
from numpy.typing import NDArray

Columns = NDArray[np.float64]

ACCELERATION = 1.0
"""Standard deviation of a target's acceleration, heights per second squared."""
MEASURED = 0.05
"""Standard deviation of a measured centre, heights."""
SPEED = 1.0
"""Standard deviation of the speed of a target seen for the first time, heights per second."""
SIZE_GAIN = 0.2
"""Share of a newly measured width and height that is believed."""


def first_covariance(heights: Columns) -> Columns:
    """Return the (n, 3) covariance (place, place and speed, speed) of targets seen once."""
    return np.stack([(MEASURED * heights) ** 2, np.zeros_like(heights), (SPEED * heights) ** 2], axis=1)


def predict(
    centre: Columns, speed: Columns, covariance: Columns, heights: Columns, dt: float
) -> tuple[Columns, Columns]:
    """Return centres and covariance `dt` seconds later."""
    noise = (ACCELERATION * heights) ** 2
    place, both, rate = covariance.T
    later = np.stack(
        [
            place + 2 * dt * both + dt * dt * rate + noise * dt**4 / 4,
            both + dt * rate + noise * dt**3 / 2,
            rate + noise * dt * dt,
        ],
        axis=1,
    )
    return centre + speed * dt, later


def correct(
    centre: Columns, speed: Columns, covariance: Columns, heights: Columns, measured: Columns
) -> tuple[Columns, Columns, Columns]:
    """Return centres, speeds and covariance after a measurement of the centres."""
    place, both, rate = covariance.T
    spread = place + (MEASURED * heights) ** 2
    gain_place, gain_speed = place / spread, both / spread
    off = measured - centre
    after = np.stack([(1 - gain_place) * place, (1 - gain_place) * both, rate - gain_speed * both], axis=1)
    return centre + gain_place[:, None] * off, speed + gain_speed[:, None] * off, after
