"""Empty places that we draw ourselves: a square before a house, and a road with two lanes."""

import cv2
import numpy as np

from vedette.model.frame import Image
from vedette.testing import square
from vedette.testing.stage_view import Street

SIZE = (640, 360)


def plaza(seed: int, size: tuple[int, int] = SIZE) -> tuple[Image, Street]:
    """Return a square before a wall, and how it is seen; the ground begins at 0.45 of the height."""
    width, height = size
    place = square.paint(np.random.default_rng(seed), 1280, 720, ())
    picture = cv2.resize(place.picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return picture, Street(horizon=0.12 * height, camera_m=4.2, focal=1.1 * width, middle=width / 2)


def road(seed: int, size: tuple[int, int] = SIZE) -> tuple[Image, Street]:
    """Return a road across the picture (0.5 to 0.85 of the height) between grass and a pavement, and how it is seen."""
    width, height = size
    dice = np.random.default_rng(seed)
    picture = np.empty((height, width, 3), np.uint8)
    bands = ((0.0, (190, 175, 160), 5), (0.3, (70, 120, 95), 14), (0.5, (98, 98, 100), 9), (0.85, (150, 152, 155), 10))
    tops = [round(top * height) for top, _, _ in bands]
    for (_, colour, rough), top, bottom in zip(bands, tops, [*tops[1:], height], strict=True):
        picture[top:bottom] = square.grain(dice, bottom - top, width, colour, rough)
    for row in (tops[2], tops[3]):
        cv2.line(picture, (0, row), (width, row), (175, 178, 180), max(2, height // 150))
    middle = round(0.665 * height)
    for left in range(-int(dice.integers(0, 60)), width, width // 9):
        cv2.line(picture, (left, middle), (left + width // 20, middle), (215, 218, 220), max(2, height // 140))
    for _ in range(6):
        x = int(dice.integers(0, width))
        tall = int(dice.integers(height // 12, height // 6))
        cv2.circle(
            picture, (x, round(0.36 * height)), tall // 2, (45, int(dice.integers(80, 110)), 55), -1, cv2.LINE_AA
        )
    return picture, Street(horizon=0.08 * height, camera_m=6.0, focal=1.1 * width, middle=width / 2)
