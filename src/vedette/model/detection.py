"""What a detector sees in a picture, as columns."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Detections:
    """n things in one picture.

    Attributes:
        boxes: (n, 4) float32: left, top, right, bottom in pixels.
        scores: (n,) float32, 0..1.
        classes: (n,) int64, indices into `labels`.
        track_ids: (n,) int64; -1 where nobody has tracked yet.
        labels: the names of the classes.
        points: (n, k, 2) float32: k marks on each thing in pixels, such as the eyes of a face; None if the model gives none.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    classes: NDArray[np.int64]
    track_ids: NDArray[np.int64]
    labels: tuple[str, ...]
    points: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        n = len(self.boxes)
        if self.points is not None and (len(self.points) != n or self.points.shape[2:] != (2,)):
            raise ValueError("the points of Detections do not fit its boxes")
        if self.boxes.shape != (n, 4) or not (len(self.scores) == len(self.classes) == len(self.track_ids) == n):
            raise ValueError("the columns of Detections differ in length")

    @classmethod
    def of(
        cls,
        boxes: NDArray[np.float32],
        scores: NDArray[np.float32],
        classes: NDArray[np.int64],
        labels: tuple[str, ...],
        points: NDArray[np.float32] | None = None,
    ) -> "Detections":
        """Return untracked detections."""
        return cls(boxes, scores, classes, np.full(len(boxes), -1, np.int64), labels, points)

    @classmethod
    def none(cls, labels: tuple[str, ...] = ()) -> "Detections":
        """Return no detections."""
        return cls.of(np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty(0, np.int64), labels)

    def __len__(self) -> int:
        return len(self.boxes)

    def where(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> "Detections":
        """Return the chosen rows, by mask or by index."""
        points = None if self.points is None else self.points[chosen]
        return Detections(
            self.boxes[chosen], self.scores[chosen], self.classes[chosen], self.track_ids[chosen], self.labels, points
        )

    def rows(self) -> Iterator[tuple[NDArray[np.float32], float, str, int]]:
        """Yield box, score, label and track id of each."""
        for box, score, kind, track in zip(self.boxes, self.scores, self.classes, self.track_ids, strict=True):
            yield box, float(score), self.labels[int(kind)], int(track)

    @property
    def feet(self) -> NDArray[np.float32]:
        """(n, 2): the middle of each box's lower edge, where a thing stands on the ground."""
        return np.stack([(self.boxes[:, 0] + self.boxes[:, 2]) / 2, self.boxes[:, 3]], axis=1)
