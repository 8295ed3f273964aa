"""Pictures made worse on purpose, to see whether it is told.

Each way takes a list of pictures and a strength (1: clear, 2: borderline) and returns what a camera with that fault
would show. Lengths are shares of the picture's width, so that every clip is hit equally.
"""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.model.look import Fault

Shot = NDArray[np.uint8]
Way = Callable[[Sequence[Shot], int], list[Shot]]


def _each(change: Callable[[Shot, int, np.random.Generator], NDArray[np.floating] | Shot]) -> Way:
    def way(shots: Sequence[Shot], strength: int) -> list[Shot]:
        dice = np.random.default_rng(7)
        return [np.clip(change(shot, strength, dice), 0, 255).astype(np.uint8) for shot in shots]

    return way


def _gaussian(shot: Shot, strength: int, _: np.random.Generator) -> Shot:
    return cv2.GaussianBlur(shot, (0, 0), (0.01, 0.006)[strength - 1] * shot.shape[1])


def _defocus(shot: Shot, strength: int, _: np.random.Generator) -> Shot:
    radius = round((0.018, 0.01)[strength - 1] * shot.shape[1])
    rows, columns = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    disc = (rows**2 + columns**2 <= radius**2).astype(np.float32)
    return cv2.filter2D(shot, -1, disc / disc.sum())


def _smear(shot: Shot, strength: int, _: np.random.Generator) -> Shot:
    length = round((0.04, 0.02)[strength - 1] * shot.shape[1])
    return cv2.blur(shot, (length, 1))


def _dark(shot: Shot, strength: int, _: np.random.Generator) -> NDArray[np.floating]:
    return shot * (0.15, 0.25)[strength - 1]


def _bright(shot: Shot, strength: int, _: np.random.Generator) -> NDArray[np.floating]:
    return shot * (4.0, 2.6)[strength - 1]


def _washed(shot: Shot, strength: int, _: np.random.Generator) -> NDArray[np.floating]:
    return 255 * (shot / 255.0) ** (0.1, 0.18)[strength - 1]


def _tint(*sign: int) -> Way:
    def change(shot: Shot, strength: int, _: np.random.Generator) -> NDArray[np.floating]:
        return shot * (1.8, 1.4)[strength - 1] ** np.array(sign, np.float64)

    return _each(change)


def _black(shot: Shot, strength: int, dice: np.random.Generator) -> NDArray[np.floating]:
    dark = np.abs(dice.normal(0, (1, 5)[strength - 1], shot.shape))
    if strength == 2:
        cv2.putText(dark, "NO VIDEO", (8, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (200, 200, 200))
    return dark


def _grey(shot: Shot, strength: int, _: np.random.Generator) -> Shot:
    grey = np.full_like(shot, 128)
    if strength == 2:
        edge = shot.shape[0] * 7 // 100
        grey[-edge:] = shot[-edge:]
    return grey


def _snow(shot: Shot, strength: int, dice: np.random.Generator) -> NDArray[np.floating]:
    return shot + dice.normal(0, (50, 25)[strength - 1], shot.shape)


def _salt(shot: Shot, strength: int, dice: np.random.Generator) -> Shot:
    hit = dice.random(shot.shape[:2])
    share = (0.3, 0.06)[strength - 1]
    shown = shot.copy()
    shown[hit < share / 2], shown[hit > 1 - share / 2] = 0, 255
    return shown


def _cover(colour: tuple[int, int, int]) -> Way:
    def change(shot: Shot, strength: int, dice: np.random.Generator) -> NDArray[np.floating]:
        height, width = shot.shape[:2]
        rows, columns = np.mgrid[:height, :width].astype(np.float32) / (height, width)[0]
        reach = (0.6, 0.45)[strength - 1] * width / height
        edge = reach + 0.06 * np.sin(rows * 9) - columns
        alpha = np.clip(edge / 0.05 + 0.5, 0, 1)[..., None]
        folds = 1 + 0.12 * np.sin(columns * 5 + rows * 2)[..., None]
        cloth = np.array(colour) * folds + dice.normal(0, 1.5, shot.shape)
        return alpha * cloth + (1 - alpha) * shot

    return _each(change)


def _smudge(shot: Shot, strength: int, _: np.random.Generator) -> NDArray[np.floating]:
    height, width = shot.shape[:2]
    area, blur, milk = ((0.3, 0.03, 0.35), (0.2, 0.02, 0.2))[strength - 1]
    soft = cv2.GaussianBlur(shot, (0, 0), blur * width)
    radius = np.sqrt(area / np.pi)
    rows, columns = np.mgrid[:height, :width]
    far = np.hypot(rows / height - 0.5, columns / width - 0.55)
    alpha = np.clip((radius - far) / 0.04 + 0.5, 0, 1)[..., None]
    return alpha * ((1 - milk) * soft + milk * 150.0) + (1 - alpha) * shot


def _shake(shot: Shot, strength: int, dice: np.random.Generator) -> Shot:
    reach = (0.03, 0.01)[strength - 1] * shot.shape[1]
    x, y = dice.uniform(-reach, reach, 2)
    move = np.array([[1, 0, x], [0, 1, y]], np.float32)
    return cv2.warpAffine(shot, move, shot.shape[1::-1], borderMode=cv2.BORDER_REFLECT)


def _flicker(shot: Shot, strength: int, dice: np.random.Generator) -> NDArray[np.floating]:
    low, high = ((0.5, 1.4), (0.8, 1.15))[strength - 1]
    return shot * (high if dice.random() < 0.5 else low)


def _around(shot: Shot, x: int) -> Shot:
    """Return the view that starts x pixels to the right, in a world of the picture and its mirror image in turn."""
    return np.roll(np.hstack([shot, shot[:, ::-1]]), -x, axis=1)[:, : shot.shape[1]]


def _pan(shots: Sequence[Shot], strength: int) -> list[Shot]:
    pace = (0.04, 0.02)[strength - 1] * shots[0].shape[1]
    return [_around(shot, round((index + 1) * pace)) for index, shot in enumerate(shots)]


def _turned(shots: Sequence[Shot], strength: int) -> list[Shot]:
    return [_around(shot, round((1.0, 0.5)[strength - 1] * shot.shape[1])) for shot in shots]


def _frozen(shots: Sequence[Shot], strength: int) -> list[Shot]:
    return [shots[0]] * (200 if strength == 1 else 160)


WAYS: dict[str, tuple[Fault, Way]] = {
    "gaussian blur": (Fault.BLURRY, _each(_gaussian)),
    "defocus": (Fault.BLURRY, _each(_defocus)),
    "motion blur": (Fault.BLURRY, _each(_smear)),
    "too dark": (Fault.ABNORMAL_LIGHT, _each(_dark)),
    "too bright": (Fault.ABNORMAL_LIGHT, _each(_bright)),
    "washed out": (Fault.ABNORMAL_LIGHT, _each(_washed)),
    "red cast": (Fault.COLOR_DISTORTION, _tint(-1, 0, 1)),
    "green cast": (Fault.COLOR_DISTORTION, _tint(-1, 1, -1)),
    "blue cast": (Fault.COLOR_DISTORTION, _tint(1, 0, -1)),
    "frozen": (Fault.SCREEN_FREEZE, _frozen),
    "black": (Fault.BLACK_SCREEN, _each(_black)),
    "grey": (Fault.GRAY_SCREEN, _each(_grey)),
    "snow": (Fault.SNOW_NOISE, _each(_snow)),
    "salt and pepper": (Fault.SNOW_NOISE, _each(_salt)),
    "dark cloth": (Fault.OCCLUDE, _cover((28, 26, 30))),
    "hand": (Fault.OCCLUDE, _cover((120, 150, 205))),
    "smudge": (Fault.SCREEN_SMUDGE, _each(_smudge)),
    "shaking": (Fault.SCREEN_JITTER, _each(_shake)),
    "panning": (Fault.SCREEN_MOVEMENT, _pan),
    "turned away": (Fault.SCENE_UPHEAVAL, _turned),
    "flicker": (Fault.SCREEN_SPLASH, _each(_flicker)),
}
"""Ways to spoil pictures, and what must be told of them."""
