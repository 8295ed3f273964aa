"""The picture of an event, as JPEG: boxes, regions and lines drawn on a copy of the frame, or a part of it. Needs OpenCV."""

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.model.errors import AlgorithmError
from vedette.model.event import Box, Drawing
from vedette.model.frame import Frame, Image
from vedette.model.pictures import join

BOX_COLOUR = (40, 40, 230)
REGION_COLOUR = (0, 200, 255)
LINE_COLOUR = (255, 160, 0)
"""Blue, green, red."""
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def render(frame: Frame, drawing: Drawing) -> bytes:
    """Return the frame with the drawing on it, as JPEG; the frame itself stays as it is.

    Of a drawing that asks for a part of the picture it is a file of `model.pictures`: that part, and the whole picture
    if that is asked for too.

    Raises:
        AlgorithmError: the picture cannot be encoded, or the part lies outside of it.
    """
    if drawing.image is not None:
        return join(_encoded(drawing.image, drawing.quality), None)
    if drawing.crop is None:
        return _whole(frame, drawing)
    left, top, width, height = drawing.crop
    part = frame.bgr()[max(0, top) : max(0, top + height), max(0, left) : max(0, left + width)]
    if not part.size:
        raise AlgorithmError(f"The part {drawing.crop} lies outside of the picture.")
    return join(_encoded(part, drawing.quality), _whole(frame, drawing) if drawing.origin else None)


def _whole(frame: Frame, drawing: Drawing) -> bytes:
    picture = frame.bgr()
    if drawing.boxes or drawing.polygons or drawing.lines:
        picture = picture.copy()
        _draw(picture, drawing)
    return _encoded(picture, drawing.quality)


def _encoded(picture: Image, quality: int) -> bytes:
    try:
        done, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    except cv2.error as error:
        raise AlgorithmError("The picture of the event cannot be encoded.") from error
    if not done:
        raise AlgorithmError("The picture of the event cannot be encoded.")
    return encoded.tobytes()


def _draw(picture: Image, drawing: Drawing) -> None:
    width = max(1, round(picture.shape[0] / 360))
    for corners in drawing.polygons:
        cv2.polylines(picture, [_pixels(corners)], isClosed=True, color=REGION_COLOUR, thickness=width)
    for ends in drawing.lines:
        cv2.polylines(picture, [_pixels(ends)], isClosed=False, color=LINE_COLOUR, thickness=width)
    for box, caption in drawing.boxes:
        _box(picture, box, caption, width)


def _pixels(points: tuple[tuple[float, float], ...]) -> NDArray[np.int32]:
    return np.round(np.array(points)).astype(np.int32)


def _box(picture: Image, box: Box, caption: str, width: int) -> None:
    left, top, across, down = box
    cv2.rectangle(picture, (left, top), (left + across - 1, top + down - 1), BOX_COLOUR, width)
    if not caption:
        return
    scale = 0.45 * width
    (wide, high), low = cv2.getTextSize(caption, _FONT, scale, width)
    x = max(0, min(left, picture.shape[1] - wide))
    y = top - low if top - low - high >= 0 else min(picture.shape[0] - 1, top + down + high + low)
    cv2.rectangle(picture, (x, y - high), (x + wide, y + low), BOX_COLOUR, cv2.FILLED)
    cv2.putText(picture, caption, (x, y), _FONT, scale, (255, 255, 255), width, cv2.LINE_AA)
