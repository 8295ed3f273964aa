"""Where things on the ground appear in the picture of an invented camera, and how large."""

from dataclasses import dataclass
from typing import Protocol

Place = tuple[float, float]
"""A point of the picture in pixels, or of the ground in metres."""


class View(Protocol):
    """From the ground to the picture and back."""

    def metres(self, x: float, y: float) -> Place:
        """Return the point of the ground, in metres, that is seen at (x, y)."""
        ...

    def pixel(self, across: float, away: float) -> Place:
        """Return where a point of the ground is seen."""
        ...

    def scale(self, y: float) -> float:
        """Return how many pixels a metre that stands upright at row y is long."""
        ...


@dataclass(frozen=True, slots=True)
class Street:
    """A camera on a mast that looks along the ground: what is lower in the picture is nearer.

    A pinhole camera with a level axis (Hartley, Zisserman: Multiple View Geometry, chapter 8.6): a thing h metres high with
    its foot at row y is h * (y - horizon) / camera_m pixels tall.

    Attributes:
        horizon: its row, pixels; may lie above the picture.
        camera_m: height of the camera above the ground, metres.
        focal: focal length, pixels; about the picture's width.
        middle: the column the camera looks along.
    """

    horizon: float
    camera_m: float = 5.0
    focal: float = 700.0
    middle: float = 320.0

    def scale(self, y: float) -> float:
        """Return the pixels of an upright metre at row y."""
        return max(1e-6, y - self.horizon) / self.camera_m

    def metres(self, x: float, y: float) -> Place:
        """Return metres to the right of the camera, and away from it."""
        scale = self.scale(y)
        return (x - self.middle) / scale, self.focal / scale

    def pixel(self, across: float, away: float) -> Place:
        """Return where a point of the ground is seen."""
        scale = self.focal / away
        return self.middle + across * scale, self.horizon + scale * self.camera_m


@dataclass(frozen=True, slots=True)
class Above:
    """A camera that looks straight down: everything has one scale.

    Attributes:
        pixels: of a metre.
    """

    pixels: float

    def scale(self, y: float) -> float:
        """Return the pixels of a metre, which are the same everywhere; `y` is not asked."""
        del y
        return self.pixels

    def metres(self, x: float, y: float) -> Place:
        """Return metres to the right of the picture's corner, and down."""
        return x / self.pixels, y / self.pixels

    def pixel(self, across: float, away: float) -> Place:
        """Return where a point of the ground is seen."""
        return across * self.pixels, away * self.pixels
