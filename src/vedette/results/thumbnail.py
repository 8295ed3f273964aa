"""The small picture of a source. Needs OpenCV."""

from typing import Final

import cv2

from vedette.model.frame import Image

WIDTH: Final = 640
"""Pixels at most."""
QUALITY: Final = 70
"""As JPEG counts it; a picture of a street takes about 40 KB so."""


def thumbnail(picture: Image) -> bytes | None:
    """Return a picture as a small JPEG; None if it cannot be encoded."""
    height, width = picture.shape[:2]
    if width > WIDTH:
        size = (WIDTH, max(1, round(height * WIDTH / width)))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(picture.dtype, copy=False)
    done, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return encoded.tobytes() if done else None
