"""People, animals and vehicles who stand about: told from things by a model for objects, looked at now and then."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from vedette.algorithms.base import Detector, PlainState
from vedette.algorithms.geometry import Points
from vedette.model.frame import Frame

LOOK_EVERY_S: Final = 1.0
LIVELY: Final = frozenset(
    ("person", "car", "bus", "truck", "motorcycle", "cat", "dog", "horse", "cow", "sheep")
)  # fmt: skip
"""As COCO names them: what comes and goes by itself."""
BELIEVED: Final = 0.4
"""Score from which on somebody is there; a bag is called a bench, a bird and a person by turns, with less."""
WITHIN: Final = 0.6
"""A thing is a part of somebody if so much of it lies in the box,"""
LARGE: Final = 0.3
"""and if it is not much smaller: a bag before somebody's feet is a bag."""


class Passers:
    """Knows where people, animals and vehicles are, give or take a second.

    Args:
        detector: knows their classes.
    """

    def __init__(self, detector: Detector) -> None:
        self.name = detector.name
        self._detector = detector
        self._lively = np.array([label in LIVELY for label in detector.labels], np.bool_)
        self._boxes = np.zeros((0, 4), np.float64)
        self._time = -np.inf

    def hold(self, frame: Frame, boxes: Points) -> NDArray[np.bool_]:
        """Return which of (n, 4) boxes are of somebody who came by foot or on wheels; looks at most once a second.

        Args:
            frame: the picture.
            boxes: left, top, right, bottom in pixels.
        """
        if frame.time - self._time >= LOOK_EVERY_S:
            found = self._detector(frame)
            self._boxes = found.boxes[self._lively[found.classes] & (found.scores >= BELIEVED)].astype(np.float64)
            self._time = frame.time
        if not len(self._boxes):
            return np.zeros(len(boxes), np.bool_)
        left_top = np.maximum(boxes[:, None, :2], self._boxes[None, :, :2])
        right_bottom = np.minimum(boxes[:, None, 2:], self._boxes[None, :, 2:])
        common = np.prod(np.clip(right_bottom - left_top, 0, None), axis=2)
        own, theirs = (np.prod(one[:, 2:] - one[:, :2], axis=1) for one in (boxes, self._boxes))
        large = own[:, None] >= LARGE * theirs[None]
        held: NDArray[np.bool_] = ((common >= WITHIN * own[:, None]) & large).any(axis=1)
        return held

    def state(self) -> PlainState:
        """Return what it remembers."""
        return {"boxes": self._boxes.copy(), "time": float(self._time), "detector": self._detector.state()}

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave."""
        self._boxes, self._time = np.array(state["boxes"]).reshape(-1, 4), float(state["time"])
        self._detector.restore(state["detector"])
