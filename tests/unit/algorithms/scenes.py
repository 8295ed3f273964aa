"""Invented pictures: boxes that walk, for detectors that play a script."""

from collections.abc import Callable, Sequence

import numpy as np

from vedette.algorithms import Detections, Frame, PlainState, Position

WIDTH, HEIGHT, FPS = 640, 360, 10
LABELS = ("person", "car", "bicycle", "truck")

Thing = tuple[float, float, float, float, str]
"""Foot x, foot y, width, height, class."""
Script = Callable[[float], Sequence[Thing]]
"""Seconds -> what is in the picture."""


def frame(index: int, fps: float = FPS) -> Frame:
    luma = np.zeros((HEIGHT, WIDTH), np.uint8)
    return Frame(Position(0, index, round(index / fps * 1e6)), luma, lambda: np.zeros((HEIGHT, WIDTH, 3), np.uint8))


def detections(things: Sequence[Thing], labels: tuple[str, ...] = LABELS, score: float = 0.9) -> Detections:
    boxes = np.array([[x - w / 2, y - h, x + w / 2, y] for x, y, w, h, _ in things], np.float32).reshape(-1, 4)
    kinds = np.array([labels.index(kind) for *_, kind in things], np.int64)
    return Detections.of(boxes, np.full(len(things), score, np.float32), kinds, labels)


class Scripted:
    """A detector, and the models that give it."""

    def __init__(self, script: Script, *, knows_classes: bool = True) -> None:
        self.name = "scripted"
        self.labels = LABELS if knows_classes else ("moving",)
        self.knows_classes = knows_classes
        self._script = script

    def __call__(self, picture: Frame) -> Detections:
        return detections(self._script(picture.time), self.labels)

    def has(self, role: str) -> bool:
        return role == "objects"

    def detector(self, role: str) -> "Scripted":
        return self

    def state(self) -> PlainState:
        return {}

    def restore(self, state: PlainState) -> None:
        assert state == {}


def walk(start: tuple[float, float], speed: tuple[float, float], kind: str = "person", at: float = 0.0) -> Script:
    """Return a figure 24 wide and 60 high that walks from `start` at `speed` pixels a second, from second `at` on."""

    def script(time: float) -> Sequence[Thing]:
        since = time - at
        return [(start[0] + speed[0] * since, start[1] + speed[1] * since, 24, 60, kind)] if since >= 0 else []

    return script
