"""The main colours of a thing, by name.

Each pixel gets one of the eleven basic colour terms (Berlin and Kay, 1969) by its place in CIE L*a*b* (1976, light D65,
from sRGB by IEC 61966-2-1): grey ones by lightness, the others by hue angle, with lightness and chroma where a hue has
two names. Pixels in the middle of the box weigh most, as its corners show what is behind the thing; so do those whose
colour is not all around the box as well. Dark ones weigh little, as they are as likely the thing's shadow, its glass or
its tyres.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vedette.model.event import Box
from vedette.model.frame import Image

NAMES: Final = ("black", "grey", "white", "red", "orange", "brown", "yellow", "green", "blue", "purple", "pink")
BLACK, GREY, WHITE, RED, ORANGE, BROWN, YELLOW, GREEN, BLUE, PURPLE, PINK = range(len(NAMES))

Part = tuple[float, float]
"""From and to which share of the box's height, from its top."""
ALL: Final[Part] = (0.0, 1.0)
UPPER: Final[Part] = (0.2, 0.5)
"""Where a standing person's upper clothes are: below the head, above the hip."""
LOWER: Final[Part] = (0.55, 0.85)
"""Where their lower clothes are: below the hip, above the feet."""

HUES: Final = (
    (12.0, PINK),
    (48.0, RED),
    (78.0, ORANGE),
    (117.0, YELLOW),
    (190.0, GREEN),
    (313.0, BLUE),
    (340.0, PURPLE),
)
"""Up to which hue angle of L*a*b*, in degrees, a colour has which name; beyond the last one it is pink again."""
DARK, LIGHT = 28.0, 68.0
"""Grey of less lightness is black, of more white."""
PLAIN, PLAIN_SHARE = 9.0, 0.15
"""Grey is what has less chroma than the first, or than this share of its lightness: a cast is stronger on light things."""
PLAIN_DARK: Final = 0.35
"""So much more chroma for each step that it is darker than `DARK`: dark paint mirrors the sky."""
SAMPLES: Final = 40
"""Rows and columns of a box that are looked at, at most."""
SPREAD: Final = 0.27
"""Standard deviation of the weights, as a share of the box's width and of the part's height."""
DARK_WEIGHT: Final = 0.5
AROUND: Final = 0.2
"""Share of the box's sides by which what is around it reaches."""
BEHIND: Final = 0.6
"""How much less a colour weighs if all that is around the box has it."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Colour:
    """One of the main colours of a thing.

    Attributes:
        name: one of `NAMES`.
        share: of the weighted pixels, 0..1.
    """

    name: str
    share: float


def main_colours(
    picture: Image, box: Box, part: Part = ALL, *, most: int = 2, least: float = 0.2
) -> tuple[Colour, ...]:
    """Return the main colours in a box or in a part of it, the strongest first.

    Args:
        picture: (height, width, 3) blue, green, red, as `Frame.bgr` gives it.
        box: left, top, width, height in pixels; what lies outside the picture is left out.
        part: of the box's height, such as `UPPER`.
        most: how many colours.
        least: share that a colour after the first one must have.

    Returns:
        At least one colour; none only if the box lies outside the picture.
    """
    left, top, width, height = box
    first, last = top + height * part[0], top + height * part[1]
    rows = _places(first, last, picture.shape[0])
    columns = _places(left, left + width, picture.shape[1])
    if not len(rows) or not len(columns):
        return ()
    weights = np.outer(_bell(rows, first, last), _bell(columns, left, left + width)).ravel()
    lab = lab_of(picture[np.ix_(rows, columns)].reshape(-1, 3))
    named = _named(lab)
    weights *= np.where(named == BLACK, DARK_WEIGHT, 1.0) * (1 - BEHIND * _around(picture, box)[named])
    shares = np.bincount(named, weights, len(NAMES)) / weights.sum()
    if shares[RED] > shares[PINK] / 3:  # red paint has pink lights
        shares[RED], shares[PINK] = shares[RED] + shares[PINK], 0.0
    order = np.argsort(-shares, kind="stable")[:most].tolist()
    return tuple(
        Colour(NAMES[name], round(float(shares[name]), 3))
        for rank, name in enumerate(order)
        if rank == 0 or shares[name] >= least
    )


def _around(picture: Image, box: Box) -> Floats:
    """Return the share of each name in the band around a box; zeros if the band lies outside the picture."""
    left, top, width, height = box
    rows = _places(top - AROUND * height, top + (1 + AROUND) * height, picture.shape[0])
    columns = _places(left - AROUND * width, left + (1 + AROUND) * width, picture.shape[1])
    beyond = np.logical_or.outer((rows < top) | (rows >= top + height), (columns < left) | (columns >= left + width))
    named = _named(lab_of(picture[np.ix_(rows, columns)][beyond]))
    return np.asarray(np.bincount(named, minlength=len(NAMES)) / max(1, len(named)), np.float64)


def lab_of(pixels: Image) -> Floats:
    """Return (n, 3) L*, a*, b* of (n, 3) pixels given as blue, green, red."""
    scaled = (_LINEAR[pixels[:, ::-1]] @ _XYZ.T) / _WHITE
    root = np.where(scaled > 216 / 24389, np.cbrt(scaled), (scaled * 24389 / 27 + 16) / 116)
    x, y, z = root.T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


def names_of(pixels: Image) -> NDArray[np.int64]:
    """Return (n,) indices into `NAMES` of (n, 3) pixels given as blue, green, red."""
    return _named(lab_of(pixels))


def _named(lab: Floats) -> NDArray[np.int64]:
    lightness, a, b = lab.T
    chroma = np.hypot(a, b)
    hue = np.degrees(np.arctan2(b, a)) % 360
    by_hue = np.array([name for _, name in HUES] + [PINK])[np.searchsorted([upto for upto, _ in HUES], hue)]
    by_hue = _two_names(by_hue, lightness, chroma, hue)
    greys = np.where(lightness < DARK, BLACK, np.where(lightness > LIGHT, WHITE, GREY))
    plain = chroma < np.maximum(PLAIN + PLAIN_DARK * np.maximum(DARK - lightness, 0), PLAIN_SHARE * lightness)
    return np.asarray(np.where(plain, greys, by_hue), np.int64)


def _two_names(named: NDArray[np.int64], lightness: Floats, chroma: Floats, hue: Floats) -> NDArray[np.int64]:
    """Tell light red (pink) from red, dark orange (brown) from orange, and olive (green) from yellow."""
    told = named.copy()
    told[(named == RED) & (lightness > 60) & (chroma < 58)] = PINK
    told[(named == PINK) & (lightness < 50)] = RED
    told[(named == ORANGE) & ((lightness < 55) | (chroma < 38))] = BROWN
    muddy = (named == YELLOW) & ((lightness < 54) | (chroma < 25))
    told[muddy] = np.where(hue < 96, BROWN, GREEN)[muddy]
    return told


def _places(first: float, last: float, end: int) -> NDArray[np.int64]:
    """Return which rows or columns are looked at: all between two edges, or `SAMPLES` of them evenly spaced."""
    start, stop = max(0, round(first)), min(end, max(round(first) + 1, round(last)))
    if stop <= start:
        return np.zeros(0, np.int64)
    count = min(SAMPLES, stop - start)
    return np.asarray(start + (np.arange(count) + 0.5) * (stop - start) / count, np.int64)


def _bell(places: NDArray[np.int64], first: float, last: float) -> Floats:
    off = (places + 0.5 - (first + last) / 2) / max(last - first, 1.0)
    return np.asarray(np.exp(-0.5 * (off / SPREAD) ** 2))


def _linear() -> Floats:
    """Return the (256,) linear light of the values of sRGB."""
    value = np.arange(256) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


_LINEAR: Final = _linear()
_XYZ: Final = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_WHITE: Final = np.array([0.9505, 1.0, 1.089])
