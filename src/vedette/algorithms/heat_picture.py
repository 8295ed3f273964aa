"""Draws a heat map: as colours over the picture, and by itself. Imported by workers alone."""

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.model.frame import Image

WIDEST = 640
"""Pixels: a map of a few dozen cells gains nothing by more."""
QUALITY = 80
STRENGTH = 0.65
"""Share of the colour where it is hottest; the picture has the rest."""


def heat_pictures(dwell: NDArray[np.float64], picture: Image) -> tuple[bytes, bytes]:
    """Return two JPEG: the heat over the picture, and the heat on black.

    Args:
        dwell: (rows, columns) seconds; the greatest is drawn red, none at all is not drawn.
        picture: (height, width, 3), blue first.
    """
    height, width = picture.shape[:2]
    share = min(1.0, WIDEST / width)
    size = max(1, round(width * share)), max(1, round(height * share))
    ground = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    # people shift from foot to foot, and a cell's edge means nothing: spread over the neighbours
    smooth = np.clip(
        cv2.GaussianBlur(cv2.resize(dwell, size, interpolation=cv2.INTER_LINEAR), (0, 0), size[0] / 60), 0, None
    )
    most = float(smooth.max())
    heat = smooth / most if most > 0 else smooth
    colours = cv2.applyColorMap((heat * 255).astype(np.uint8), cv2.COLORMAP_JET)
    share_of_colour = (np.sqrt(heat) * STRENGTH)[..., None]
    over = ground * (1 - share_of_colour) + colours * share_of_colour
    alone = colours * np.sqrt(heat)[..., None]
    return _jpeg(over), _jpeg(alone)


def _jpeg(picture: NDArray[np.float64]) -> bytes:
    done, data = cv2.imencode(".jpg", picture.round().astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    assert done
    return data.tobytes()
