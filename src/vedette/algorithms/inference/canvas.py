"""Pictures laid into a model's input."""

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.algorithms.inputs import Colour, Fit, InputSpec, Order
from vedette.algorithms.layouts.parts import Size
from vedette.model.frame import Image


class Place(NamedTuple):
    """Where a picture lies in the input.

    Attributes:
        given: width and height of the input.
        scale: input pixels per picture pixel, across and down.
        offset: where the picture begins, pixels from the left and from the top; below 0 where some of it hangs over.
    """

    given: Size
    scale: tuple[float, float]
    offset: tuple[float, float]


class Canvas:
    """The input of a model: pictures are laid into it, and its memory is used again for the next ones.

    Args:
        spec: what the model is given.
        element: type of the model's numbers.
        most: pictures that it takes at once.
    """

    def __init__(self, spec: InputSpec, element: np.dtype[Any], most: int = 1) -> None:
        planes = spec.colour.planes
        self._spec, self._element, self._most = spec, element, most
        self._factors = [np.float32(spec.scale / spec.deviation[plane]) for plane in range(planes)]
        self._shifts = [np.float32(-spec.mean[plane] / spec.deviation[plane]) for plane in range(planes)]
        self._make((spec.width, spec.height))

    def _make(self, given: Size) -> None:
        width, height = given
        planes = self._spec.colour.planes
        flat = (height, width) if planes == 1 else (height, width, planes)
        self._sheet: Image = np.full(flat, self._spec.fill, np.uint8)
        self._filled = (0, 0, *given)
        self._given = given
        shape = (planes, height, width) if self._spec.order is Order.NCHW else (height, width, planes)
        self.pixels: NDArray[Any] = np.zeros((self._most, *shape), self._element)

    def lay(self, image: Image, row: int = 0) -> Place:
        """Write a (height, width, 3) picture into a row of `pixels`, and return where it lies."""
        spec = self._spec
        high, wide = image.shape[:2]
        given, (left, top, width, height) = placed(spec, (wide, high))
        if given != self._given:
            self._make(given)
        how = cv2.INTER_AREA if width * 2 < wide else cv2.INTER_LINEAR
        scale = width / wide, height / high
        if spec.fit is Fit.COVER:
            # what is cut off afterwards need not be scaled
            cut_x, cut_y = max(0, int(-left / scale[0])), max(0, int(-top / scale[1]))
            part = image[cut_y : high - cut_y, cut_x : wide - cut_x]
            self._sheet[:] = self._flat(cv2.resize(part, given, interpolation=how))
            scale = given[0] / part.shape[1], given[1] / part.shape[0]
            place = Place(given, scale, (-cut_x * scale[0], -cut_y * scale[1]))
        else:
            if (left, top, width, height) != self._filled:
                self._sheet[:] = spec.fill
                self._filled = (left, top, width, height)
            self._sheet[top : top + height, left : left + width] = self._flat(
                cv2.resize(image, (width, height), interpolation=how)
            )
            place = Place(given, scale, (float(left), float(top)))
        self._write(row)
        return place

    def _flat(self, image: Any) -> Image:
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if self._spec.colour is Colour.GREY else image)

    def _write(self, row: int) -> None:
        """Turn the sheet into the model's numbers."""
        planes = cv2.split(self._sheet)
        rows = self.pixels[row] if self._spec.order is Order.NCHW else np.moveaxis(self.pixels[row], 2, 0)
        turned = planes[::-1] if self._spec.colour is Colour.RGB else planes
        for target, plane, factor, shift in zip(rows, turned, self._factors, self._shifts, strict=True):
            if self._element == np.float32:
                np.multiply(plane, factor, out=target)
                if shift:
                    np.add(target, shift, out=target)
            else:
                value = plane * factor + shift
                target[:] = np.clip(np.rint(value), 0, 255) if self._element == np.uint8 else value


def placed(spec: InputSpec, size: Size) -> tuple[Size, tuple[int, int, int, int]]:
    """Return the size of the input for a picture, and left, top, width and height of the picture in it."""
    wide, high = size
    given = spec.width, spec.height
    if spec.fit is Fit.STRETCH:
        return given, (0, 0, *given)
    ratios = spec.width / wide, spec.height / high
    if spec.fit is Fit.COVER:
        ratio = max(ratios)
        width, height = max(spec.width, round(wide * ratio)), max(spec.height, round(high * ratio))
        return given, ((spec.width - width) // 2, (spec.height - height) // 2, width, height)
    ratio = min(ratios)
    width, height = max(1, int(wide * ratio)), max(1, int(high * ratio))
    if spec.multiple:
        step = spec.multiple
        given = -(-width // step) * step, -(-height // step) * step
    if spec.fit is Fit.CENTRE:
        return given, ((given[0] - width) // 2, (given[1] - height) // 2, width, height)
    return given, (0, 0, width, height)
