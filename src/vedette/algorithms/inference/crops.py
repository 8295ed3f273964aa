"""Models that look at one thing at a time: boxes are cut out of the picture, and go through the model together."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vedette.algorithms.inference.canvas import Canvas
from vedette.algorithms.inference.face import Session
from vedette.algorithms.layouts import calibrated
from vedette.algorithms.layouts.parts import Outputs
from vedette.algorithms.layouts.whole import read_classes, read_vectors
from vedette.model.errors import ModelError
from vedette.model.frame import Frame, Image

AT_ONCE = 16
"""Cut-outs that go through a model together, if it takes many."""


class Cutter:
    """Cuts boxes out of pictures and shows them to a model.

    Args:
        session: shared with others.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._most = AT_ONCE if session.many and not session.manifest.input.multiple else 1
        self._canvas = Canvas(session.manifest.input, session.element, self._most)

    def outputs(self, frame: Frame, boxes: NDArray[np.float32]) -> Iterator[tuple[Outputs, int]]:
        """Yield the model's outputs for the boxes, some at a time, and for how many of them they are.

        Raises:
            ModelError: the engine failed.
        """
        image = frame.bgr()
        for begin in range(0, len(boxes), self._most):
            some = boxes[begin : begin + self._most]
            for row, box in enumerate(some):
                self._canvas.lay(cut(image, box), row)
            yield self._session(self._canvas.pixels[: len(some)]), len(some)


def cut(image: Image, box: NDArray[Any]) -> Image:
    """Return what lies in a box of left, top, right, bottom; one pixel of the picture at least."""
    high, wide = image.shape[:2]
    left, top = (int(np.clip(np.floor(value), 0, most - 1)) for value, most in zip(box[:2], (wide, high), strict=True))
    right, bottom = int(min(wide, np.ceil(box[2]))), int(min(high, np.ceil(box[3])))
    return image[top : max(bottom, top + 1), left : max(right, left + 1)]


class CropClassifier:
    """Says what kind of thing each box holds.

    Args:
        session: of a model with the layout `classes`.
    """

    def __init__(self, session: Session) -> None:
        self.name = session.manifest.name
        self.labels = session.manifest.output.labels
        self._spec = session.manifest.output
        self._cutter = Cutter(session)

    def __call__(self, frame: Frame, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (n, labels) scores for n boxes; one half is what the model is to be believed from.

        Raises:
            ModelError: the engine failed, or the output has not the shape that the manifest says.
        """
        parts = [np.empty((0, len(self.labels)), np.float32)]
        for outputs, count in self._cutter.outputs(frame, boxes):
            try:
                parts.append(calibrated(read_classes(outputs, self._spec, count), self._spec.threshold))
            except ValueError as error:
                raise ModelError(f"The output of model {self.name} is not what its manifest says: {error}.") from error
        return np.concatenate(parts)


class CropEmbedder:
    """Says of each box how it looks, as a vector: things that look alike have vectors that point the same way.

    Args:
        session: of a model with the layout `embedding`.
    """

    def __init__(self, session: Session) -> None:
        self.name = session.manifest.name
        self._cutter = Cutter(session)

    def __call__(self, frame: Frame, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (n, d) vectors of length 1 for n boxes; (0, 0) for no boxes.

        Raises:
            ModelError: the engine failed, or the output has not the shape that the manifest says.
        """
        parts = []
        for outputs, count in self._cutter.outputs(frame, boxes):
            try:
                parts.append(read_vectors(outputs, count))
            except ValueError as error:
                raise ModelError(f"The output of model {self.name} is not what its manifest says: {error}.") from error
        return np.concatenate(parts) if parts else np.empty((0, 0), np.float32)
