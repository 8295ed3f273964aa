"""The place of an invented scene: a wall with a door, a pavement with a marked zone, a lamp and a plant in a pot."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from vedette.model.frame import Image
from vedette.testing.script import Point

DOOR_X = 620.0
_WALL = 0.45
"""Share of the picture's height that is wall."""
_POT = (1090, 470)


@dataclass(frozen=True, slots=True)
class Square:
    """The still picture, and what sways in it: leaves as (x, y, length, angle, pace)."""

    picture: Image
    leaves: tuple[tuple[float, float, float, float, float], ...]


def paint(dice: np.random.Generator, width: int, height: int, zone: tuple[Point, ...]) -> Square:
    """Return the place as nobody walks on it."""
    foot = int(height * _WALL)
    picture = np.empty((height, width, 3), np.uint8)
    picture[:foot] = grain(dice, foot, width, (112, 128, 150), 9)
    picture[foot:] = grain(dice, height - foot, width, (150, 152, 150), 12)
    for row in range(0, foot, 18):  # bricks
        cv2.line(picture, (0, row), (width, row), (96, 104, 118), 1)
        for column in range((row // 18 % 2) * 24, width, 48):
            cv2.line(picture, (column, row), (column, row + 18), (98, 106, 120), 1)
    cv2.rectangle(picture, (0, foot - 7), (width, foot), (80, 86, 92), -1)
    for step in range(1, 13):  # flagstones, nearer ones are larger
        row = foot + int((height - foot) * (step / 12) ** 1.6)
        cv2.line(picture, (0, row), (width, row), (128, 130, 128), 1, cv2.LINE_AA)
    for column in range(-12, 13):
        cv2.line(
            picture,
            (width // 2 + column * 90, foot),
            (width // 2 + column * 210, height),
            (130, 132, 130),
            1,
            cv2.LINE_AA,
        )
    for x in (90, 300, 860):  # windows
        cv2.rectangle(picture, (x, 60), (x + 120, 190), (70, 62, 52), -1)
        cv2.rectangle(picture, (x, 60), (x + 120, 190), (190, 196, 200), 4)
        cv2.line(picture, (x + 60, 60), (x + 60, 190), (190, 196, 200), 3)
    cv2.rectangle(picture, (int(DOOR_X) - 42, 165), (int(DOOR_X) + 42, foot), (52, 58, 84), -1)
    cv2.rectangle(picture, (int(DOOR_X) - 42, 165), (int(DOOR_X) + 42, foot), (150, 160, 170), 4)
    if zone:
        cv2.polylines(picture, [np.array(zone, np.int32)], True, (60, 190, 225), 3, cv2.LINE_AA)
    cv2.line(picture, (902, 520), (902, 486), (55, 55, 58), 5, cv2.LINE_AA)
    cv2.circle(picture, (902, 482), 9, (90, 96, 100), -1, cv2.LINE_AA)
    x, y = _POT
    cv2.fillPoly(
        picture,
        [np.array([(x - 34, y - 40), (x + 34, y - 40), (x + 24, y + 14), (x - 24, y + 14)], np.int32)],
        (58, 84, 140),
    )
    leaves = tuple(
        (
            x + float(dice.normal(0, 10)),
            y - 40.0,
            float(dice.uniform(60, 120)),
            float(dice.uniform(-1.0, 1.0)),
            float(dice.uniform(0.35, 0.8)),
        )
        for _ in range(14)
    )
    return Square(picture, leaves)


def sway(picture: Image, place: Square, time: float) -> None:
    """Draw the plant as the wind has it."""
    for number, (x, y, length, angle, pace) in enumerate(place.leaves):
        bent = angle + 0.07 * math.sin(math.tau * pace * time + number)
        tip = (round(x + length * math.sin(bent)), round(y - length * math.cos(bent)))
        middle = (round(x + 0.5 * length * math.sin(0.7 * angle)), round(y - 0.55 * length))
        green = (40 + 3 * number, 95 + 4 * number, 50)
        cv2.polylines(picture, [np.array([(round(x), round(y)), middle, tip], np.int32)], False, green, 7, cv2.LINE_AA)


def grain(dice: np.random.Generator, height: int, width: int, colour: tuple[int, int, int], rough: float) -> Image:
    """Return a surface: coarse stains and fine grain around one colour."""
    coarse = cv2.resize(dice.normal(0, rough, (height // 24 + 2, width // 24 + 2)).astype(np.float32), (width, height))
    fine = cv2.GaussianBlur(dice.normal(0, rough, (height, width)).astype(np.float32), (0, 0), 1.0)
    surface = np.array(colour, np.float32) + (coarse + fine)[..., None]
    return surface.clip(0, 255).astype(np.uint8)
