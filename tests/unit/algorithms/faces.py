"""Invented faces: boxes with marks that turn to the camera and away from it, on a picture of noise."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from vedette.algorithms import Detections, Frame, PlainState, Position

WIDTH, HEIGHT, FPS = 1280, 720, 10
NOISE = np.random.default_rng(5).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)


@dataclass(frozen=True)
class Face:
    """A face in one picture.

    Attributes:
        turned: 0 looks at the camera, 1 in profile.
    """

    x: float = 600
    y: float = 300
    side: float = 140
    turned: float = 0.0


Script = Callable[[float], Sequence[Face]]
"""Seconds -> the faces in the picture."""


def marks(face: Face) -> list[tuple[float, float]]:
    x, y, unit = face.x, face.y, face.side / 5
    nose = (x + face.turned * 0.5 * 2 * unit, y + 0.1 * unit)
    return [(x - unit, y - unit), (x + unit, y - unit), nose, (x - unit, y + unit), (x + unit, y + unit)]


class FaceDetector:
    """A detector that plays a script, and the models that give it."""

    name, labels, knows_classes = "scripted", ("face",), True

    def __init__(self, script: Script) -> None:
        self._script = script
        self.looked = 0

    def __call__(self, frame: Frame) -> Detections:
        self.looked += 1
        faces = self._script(frame.time)
        boxes = [[f.x - f.side / 2, f.y - f.side / 2, f.x + f.side / 2, f.y + f.side / 2] for f in faces]
        count = len(faces)
        return Detections.of(
            np.array(boxes, np.float32).reshape(count, 4),
            np.full(count, 0.9, np.float32),
            np.zeros(count, np.int64),
            self.labels,
            np.array([marks(face) for face in faces], np.float32).reshape(count, 5, 2),
        )

    def has(self, role: str) -> bool:
        return role == "faces"

    def detector(self, role: str) -> "FaceDetector":
        assert role == "faces"
        return self

    def state(self) -> PlainState:
        return {}

    def restore(self, state: PlainState) -> None:
        pass


def picture(index: int) -> Frame:
    return Frame(Position(0, index, round(index / FPS * 1e6)), NOISE[:, :, 1], lambda: NOISE)
