"""The figures of an invented scene: where they walk, and how they look."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from vedette.model.frame import Image
from vedette.testing.script import Point

_SHIFT = 4
"""OpenCV draws in sixteenths of a pixel, so that slow walking is smooth."""


@dataclass(frozen=True, slots=True)
class Clothes:
    """Colours, blue first."""

    coat: tuple[int, int, int]
    trousers: tuple[int, int, int]
    skin: tuple[int, int, int]
    hair: tuple[int, int, int]
    stripe: tuple[int, int, int] | None


@dataclass(frozen=True, slots=True)
class Walker:
    """One figure.

    Attributes:
        start: when it comes, seconds.
        legs: way points (x, y) with the seconds to wait there.
        pace: body heights a second.
        build: height against the usual one.
    """

    name: str
    start: float
    legs: tuple[tuple[float, float, float], ...]
    pace: float
    build: float
    clothes: Clothes

    def tall(self, y: float, height: int) -> float:
        """Return the figure's height in pixels with its feet at y: perspective."""
        return self.build * height * (0.105 + 0.30 * (y / height - 0.45))

    def at(self, time: float, height: int) -> tuple[float, float, float, float] | None:
        """Return feet x and y, the way walked so far in body heights, and the direction (-1, 1, 0 standing), or None."""
        left = time - self.start
        if left < 0:
            return None
        walked = 0.0
        for (x1, y1, wait), (x2, y2, _) in zip(self.legs, self.legs[1:], strict=False):
            if left < wait:
                return x1, y1, walked, 0.0
            left -= wait
            mean = self.tall((y1 + y2) / 2, height)
            way = math.hypot(x2 - x1, (y2 - y1) * 1.6) / mean
            needed = way / self.pace
            if left < needed:
                part = left / needed
                return x1 + part * (x2 - x1), y1 + part * (y2 - y1), walked + part * way, 1.0 if x2 >= x1 else -1.0
            left -= needed
            walked += way
        return None

    def duration(self, height: int) -> float:
        """Return for how many seconds it is there."""
        total = 0.0
        for (x1, y1, wait), (x2, y2, _) in zip(self.legs, self.legs[1:], strict=False):
            total += wait + math.hypot(x2 - x1, (y2 - y1) * 1.6) / self.tall((y1 + y2) / 2, height) / self.pace
        return total


def clothes(dice: np.random.Generator) -> Clothes:
    """Return something to wear: dark, light or coloured."""
    coats = ((40, 30, 28), (60, 44, 150), (150, 88, 40), (225, 225, 220), (60, 110, 60), (40, 150, 205), (95, 40, 90))
    trousers = ((45, 35, 30), (110, 70, 45), (75, 75, 78), (35, 45, 60), (170, 190, 200))
    skins = ((150, 180, 225), (110, 145, 200), (70, 95, 140))
    hairs = ((25, 25, 30), (40, 60, 90), (190, 200, 205))
    coat = coats[dice.integers(len(coats))]
    stripe = (230, 230, 90) if dice.random() < 0.25 else None
    return Clothes(
        coat,
        trousers[dice.integers(len(trousers))],
        skins[dice.integers(len(skins))],
        hairs[dice.integers(len(hairs))],
        stripe,
    )


def draw_shadow(picture: Image, x: float, y: float, tall: float, strength: float) -> None:
    """Darken the ground beside the feet, softly."""
    wide, deep = 0.36 * tall, 0.075 * tall
    cx, cy = x + 0.16 * tall, y - 0.005 * tall
    left, top = max(0, int(cx - wide) - 2), max(0, int(cy - deep) - 2)
    right, bottom = min(picture.shape[1], int(cx + wide) + 3), min(picture.shape[0], int(cy + deep) + 3)
    if right <= left or bottom <= top:
        return
    rows, columns = np.mgrid[top:bottom, left:right].astype(np.float32)
    reach = ((columns - cx) / wide) ** 2 + ((rows - cy) / deep) ** 2
    dim = 1 - strength * np.clip(1.25 - reach, 0, 1)
    area = picture[top:bottom, left:right]
    area[:] = (area * dim[..., None]).astype(np.uint8)


def draw(picture: Image, walker: Walker, x: float, y: float, walked: float, facing: float) -> None:
    """Draw a walker with its feet at (x, y)."""
    draw_figure(picture, walker.clothes, walker.tall(y, picture.shape[0]), x, y, walked, facing)


def draw_figure(picture: Image, wear: Clothes, tall: float, x: float, y: float, walked: float, facing: float) -> None:
    """Draw a figure so many pixels tall: two swinging legs, two arms, a coat and a head."""
    swing = math.sin(walked * math.tau * 1.15) * (0.15 if facing else 0.0)
    lean = 0.02 * facing

    def point(across: float, up: float) -> tuple[int, int]:
        return round((x + across * tall) * 2**_SHIFT), round((y - up * tall) * 2**_SHIFT)

    def limb(begin: Point, middle: Point, end: Point, wide: float, colour: tuple[int, int, int]) -> None:
        bones = np.array([point(*begin), point(*middle), point(*end)], np.int32)
        cv2.polylines(picture, [bones], False, colour, max(2, round(wide * tall)), cv2.LINE_AA, _SHIFT)

    dark = tuple(int(part * 0.75) for part in wear.trousers)
    thick = 0.095
    hip, half = 0.49, 0.035
    for side, colour in ((-1.0, (dark[0], dark[1], dark[2])), (1.0, wear.trousers)):
        reach = side * swing if facing else side * 0.045
        lift = max(0.0, -reach * 0.35) if facing else 0.0
        knee = (reach * 0.5 + 0.03 * facing, hip / 2)
        limb((side * half * 0.5, hip), knee, (reach, 0.05 + lift), thick, colour)
    limb((lean, 0.76), (lean - swing * 0.6, 0.62), (lean - swing * 1.1 + 0.03 * facing, 0.48), 0.06, wear.coat)
    coat = np.array(
        [point(-0.085, 0.47), point(0.085, 0.47), point(0.125 + lean, 0.78), point(0.07 + lean, 0.84)], np.int32
    )
    rest = np.array([point(-0.07 + lean, 0.84), point(-0.125 + lean, 0.78)], np.int32)
    cv2.fillPoly(picture, [np.concatenate([coat, rest])], wear.coat, cv2.LINE_AA, _SHIFT)
    if wear.stripe:
        limb((-0.1 + lean, 0.64), (lean, 0.635), (0.1 + lean, 0.64), 0.05, wear.stripe)
    limb((lean, 0.76), (lean + swing * 0.6, 0.62), (lean + swing * 1.1 + 0.03 * facing, 0.48), 0.055, wear.coat)
    one = 2**_SHIFT
    head = (round(0.058 * tall * one), round(0.075 * tall * one))
    cv2.ellipse(picture, point(lean * 1.5, 0.915), head, 0, 0, 360, wear.skin, -1, cv2.LINE_AA, _SHIFT)
    cap = (head[0], round(head[1] * 0.6))
    cv2.ellipse(picture, point(lean * 1.2, 0.945), cap, 0, 180, 360, wear.hair, -1, cv2.LINE_AA, _SHIFT)
