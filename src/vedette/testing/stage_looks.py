"""What the actors of a stage look like: drawn figures, cars, bags, boxes and two-wheelers, or sprites cut out of clips."""

import math
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from vedette.model.frame import Image
from vedette.testing.walkers import Clothes, clothes, draw_figure

Colour = tuple[int, int, int]
"""Blue first."""
_SHIFT = 4
"""OpenCV draws in sixteenths of a pixel, so that slow driving is smooth."""
_DARK: Colour = (38, 34, 32)


@dataclass(frozen=True, slots=True)
class Pose:
    """How an actor is seen.

    Attributes:
        walked: metres gone so far.
        facing: -1 to the left, 1 to the right, 0 standing.
    """

    walked: float = 0.0
    facing: float = 0.0


class Look(Protocol):
    """Draws an actor."""

    @property
    def aspect(self) -> float:
        """Width of its box, in heights."""
        ...

    def draw(self, picture: Image, x: float, y: float, tall: float, pose: Pose) -> None:
        """Draw it so many pixels tall with the middle of its lower edge at (x, y)."""
        ...


@dataclass(frozen=True, slots=True)
class Figure:
    """A walking person."""

    wear: Clothes
    aspect: float = 0.34

    @classmethod
    def of(cls, seed: int) -> "Figure":
        """Return somebody in clothes that the seed chooses."""
        return cls(clothes(np.random.default_rng(seed)))

    def draw(self, picture: Image, x: float, y: float, tall: float, pose: Pose) -> None:
        """Draw the figure; its legs swing with the way it has gone."""
        draw_figure(picture, self.wear, tall, x, y, pose.walked / 1.75, pose.facing)


class _Pen:
    """Draws in units of a thing's height, from the middle of its lower edge; mirrored if it faces left."""

    def __init__(self, picture: Image, x: float, y: float, tall: float, facing: float) -> None:
        self._picture, self._x, self._y, self._tall = picture, x, y, tall
        self._side = -1.0 if facing < 0 else 1.0

    def point(self, across: float, up: float) -> tuple[int, int]:
        return (
            round((self._x + self._side * across * self._tall) * 2**_SHIFT),
            round((self._y - up * self._tall) * 2**_SHIFT),
        )

    def fill(self, colour: Colour, *corners: tuple[float, float]) -> None:
        points = np.array([self.point(*corner) for corner in corners], np.int32)
        cv2.fillPoly(self._picture, [points], colour, cv2.LINE_AA, _SHIFT)

    def line(self, colour: Colour, wide: float, *corners: tuple[float, float]) -> None:
        points = np.array([self.point(*corner) for corner in corners], np.int32)
        cv2.polylines(self._picture, [points], False, colour, max(1, round(wide * self._tall)), cv2.LINE_AA, _SHIFT)

    def disc(self, colour: Colour, across: float, up: float, radius: float, wide: float = -1.0) -> None:
        size = round(radius * self._tall * 2**_SHIFT)
        thick = -1 if wide < 0 else max(1, round(wide * self._tall))
        cv2.circle(self._picture, self.point(across, up), size, colour, thick, cv2.LINE_AA, _SHIFT)


@dataclass(frozen=True, slots=True)
class Car:
    """A car from the side."""

    colour: Colour = (60, 40, 170)
    aspect: float = 2.7

    def draw(self, picture: Image, x: float, y: float, tall: float, pose: Pose) -> None:
        """Draw body, windows, lamps and wheels."""
        pen = _Pen(picture, x, y, tall, pose.facing)
        half = self.aspect / 2
        shade: Colour = (self.colour[0] // 2, self.colour[1] // 2, self.colour[2] // 2)
        pen.fill(
            self.colour,
            (-half, 0.18), (-half, 0.55), (-0.8, 0.62), (-0.5, 1.0), (0.35, 1.0), (0.72, 0.62), (half, 0.5), (half, 0.18),
        )  # fmt: skip
        pen.fill((120, 105, 90), (-0.68, 0.64), (-0.45, 0.93), (-0.1, 0.93), (-0.1, 0.64))
        pen.fill((120, 105, 90), (-0.04, 0.64), (-0.04, 0.93), (0.32, 0.93), (0.6, 0.64))
        pen.fill(shade, (-half, 0.18), (-half, 0.28), (half, 0.28), (half, 0.18))
        pen.fill((190, 230, 245), (half - 0.12, 0.4), (half - 0.12, 0.49), (half, 0.47), (half, 0.4))
        for across in (-0.82, 0.82):
            pen.disc(_DARK, across, 0.2, 0.2)
            pen.disc((165, 165, 165), across, 0.2, 0.1)


@dataclass(frozen=True, slots=True)
class Bag:
    """A bag with a handle, or a suitcase."""

    colour: Colour = (40, 40, 130)
    aspect: float = 0.9

    def draw(self, picture: Image, x: float, y: float, tall: float, pose: Pose) -> None:
        """Draw it."""
        pen, half = _Pen(picture, x, y, tall, pose.facing), self.aspect / 2
        pen.line(_DARK, 0.07, (-0.2, 0.7), (-0.14, 0.97), (0.14, 0.97), (0.2, 0.7))
        pen.fill(self.colour, (-half, 0.0), (-half * 0.9, 0.72), (half * 0.9, 0.72), (half, 0.0))
        light: Colour = tuple(min(255, part + 45) for part in self.colour)  # type: ignore[assignment]  # three of them
        pen.line(light, 0.05, (-half * 0.9, 0.45), (half * 0.9, 0.45))
        pen.line(_DARK, 0.04, (-half, 0.02), (half, 0.02))


@dataclass(frozen=True, slots=True)
class Crate:
    """A box of cardboard."""

    colour: Colour = (95, 140, 180)
    aspect: float = 1.3

    def draw(self, picture: Image, x: float, y: float, tall: float, pose: Pose) -> None:
        """Draw two sides and the lid."""
        pen, half = _Pen(picture, x, y, tall, pose.facing), self.aspect / 2
        dark: Colour = (self.colour[0] * 2 // 3, self.colour[1] * 2 // 3, self.colour[2] * 2 // 3)
        pen.fill(self.colour, (-half, 0.0), (-half, 0.75), (half * 0.4, 0.75), (half * 0.4, 0.0))
        pen.fill(dark, (half * 0.4, 0.0), (half * 0.4, 0.75), (half, 0.95), (half, 0.2))
        bright: Colour = tuple(min(255, part + 30) for part in self.colour)  # type: ignore[assignment]  # three of them
        pen.fill(bright, (-half, 0.75), (-half * 0.4, 0.98), (half, 0.95), (half * 0.4, 0.75))
        pen.line((200, 215, 225), 0.05, (-half * 0.3, 0.0), (-half * 0.3, 0.75))


@dataclass(frozen=True, slots=True)
class TwoWheeler:
    """A bicycle or a motorcycle from the side, with its rider or without."""

    colour: Colour = (60, 130, 50)
    rider: Clothes | None = None

    @property
    def aspect(self) -> float:
        """Width in heights; a rider makes it higher."""
        return 1.0 if self.rider else 1.68

    def draw(self, picture: Image, x: float, y: float, tall: float, pose: Pose) -> None:
        """Draw wheels, frame, and who rides it; `tall` counts with the rider if there is one."""
        high = tall * (0.6 if self.rider else 1.0)
        pen = _Pen(picture, x, y, high, pose.facing)
        for across in (-0.5, 0.5):
            pen.disc(_DARK, across, 0.33, 0.31, 0.06)
            turn = pose.walked * 3.0
            pen.line((150, 150, 150), 0.02, *[
                (across + 0.28 * math.cos(turn + part), 0.33 + 0.28 * math.sin(turn + part)) for part in (0.0, math.pi)
            ])  # fmt: skip
        pen.line(self.colour, 0.09, (-0.5, 0.33), (-0.12, 0.75), (0.38, 0.75), (0.5, 0.33))
        pen.line(self.colour, 0.09, (-0.12, 0.75), (0.02, 0.33), (0.38, 0.75))
        pen.line(_DARK, 0.07, (0.38, 0.75), (0.36, 0.97), (0.26, 0.97))
        if self.rider is not None:
            pen.line(self.rider.trousers, 0.16, (-0.1, 0.95), (0.16, 0.72), (0.04, 0.36))
            pen.line(self.rider.coat, 0.26, (-0.1, 0.95), (0.1, 1.35))
            pen.line(self.rider.coat, 0.1, (0.08, 1.3), (0.34, 0.97))
            pen.disc(self.rider.skin, 0.16, 1.53, 0.12)


@dataclass(frozen=True, slots=True)
class Sprite:
    """Cut-out pictures of something real.

    Attributes:
        pictures: (height, width, 4) uint8 each: blue, green, red, and 255 where it is.
        stride_m: metres from one picture to the next, as it moves; 0: only the first is shown.
        turned: the way it goes in the pictures: -1 to the left, 1 to the right, 0 neither; it is mirrored for the other.
    """

    pictures: tuple[Image, ...]
    stride_m: float = 0.0
    turned: float = 0.0

    @property
    def aspect(self) -> float:
        """Width of the widest picture, in heights of the highest."""
        return float(max(one.shape[1] for one in self.pictures) / self._high)

    @property
    def _high(self) -> int:
        return int(max(one.shape[0] for one in self.pictures))

    def draw(self, picture: Image, x: float, y: float, tall: float, pose: Pose) -> None:
        """Lay the picture of this moment over the scene."""
        index = int(pose.walked / self.stride_m) % len(self.pictures) if self.stride_m else 0
        shown = self.pictures[index]
        if pose.facing * self.turned < 0:
            shown = np.ascontiguousarray(shown[:, ::-1])
        share = tall / self._high
        size = max(1, round(shown.shape[1] * share)), max(1, round(shown.shape[0] * share))
        how = cv2.INTER_AREA if share < 1 else cv2.INTER_LINEAR
        paste(picture, cv2.resize(shown, size, interpolation=how).astype(np.uint8, copy=False), x, y)


def paste(picture: Image, shown: Image, x: float, y: float) -> None:
    """Lay a picture with an alpha channel over another, the middle of its lower edge at (x, y)."""
    high, wide = shown.shape[:2]
    left, top = round(x - wide / 2), round(y - high)
    cut_left, cut_top = max(0, -left), max(0, -top)
    cut_right, cut_bottom = min(wide, picture.shape[1] - left), min(high, picture.shape[0] - top)
    if cut_right <= cut_left or cut_bottom <= cut_top:
        return
    part = shown[cut_top:cut_bottom, cut_left:cut_right]
    area = picture[top + cut_top : top + cut_bottom, left + cut_left : left + cut_right]
    alpha = part[..., 3:].astype(np.float32) / 255
    area[:] = (area * (1 - alpha) + part[..., :3] * alpha + 0.5).astype(np.uint8)
