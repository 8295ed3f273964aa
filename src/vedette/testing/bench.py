"""A bench for authors of algorithms: invented pictures, scripted detectors; no camera, no model, no clock."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import numpy as np

from vedette.algorithms.base import Algorithm, AlgorithmConfig, Classifier, Embedder
from vedette.model.detection import Detections
from vedette.model.errors import ModelError
from vedette.model.event import Finding
from vedette.model.frame import Frame, Image, Position
from vedette.testing.messages import check_finding

Sees = Callable[[float], Detections]
"""What a detector sees, as a function of the seconds from the first picture."""

C = TypeVar("C", bound=AlgorithmConfig)


@dataclass(frozen=True, slots=True)
class Found:
    """A finding, and when it was told.

    Attributes:
        at: seconds from the first picture, to the millisecond.
    """

    at: float
    finding: Finding


def run(
    algorithm: type[Algorithm[C]],
    config: Mapping[str, Any],
    *,
    sees: Sees | Mapping[str, Sees],
    seconds: float,
    fps: float = 10.0,
    size: tuple[int, int] = (1280, 720),
    knows_classes: bool = True,
) -> list[Found]:
    """Run an algorithm on invented pictures and return what it told, with the time of each.

    Args:
        algorithm: the class; its configuration is checked as the service checks it.
        config: `config.common`.
        sees: what every detector sees, or one such function for each role.
        seconds: how long; the picture at exactly this time is not shown, and the stream ends.
        fps: pictures a second.
        size: width and height of the pictures.
        knows_classes: what the scripted detectors say of themselves.

    Raises:
        pydantic.ValidationError: the configuration breaks a rule of the algorithm.
        ModelError: it asked for a role that `sees` does not have.
        AlgorithmError: it told what its manifest does not declare, or values that break the rules declared there.
    """
    checked = algorithm.manifest.config.model_validate(dict(config))
    under_test: Any = algorithm
    subject: Algorithm[C] = under_test(checked, ScriptedModels(sees, knows_classes=knows_classes))
    found: list[Found] = []

    def take(findings: Iterable[Finding], frame: Frame) -> None:
        for finding in findings:
            check_finding(algorithm.manifest, finding)
            found.append(Found(round(frame.time, 3), finding))

    frame: Frame | None = None
    for index in range(round(seconds * fps)):
        frame = blank(index / fps, index=index, size=size)
        take(subject.process(frame), frame)
    if frame is not None:
        take(subject.finish(frame), frame)
    return found


def blank(time: float, *, index: int = 0, size: tuple[int, int] = (1280, 720)) -> Frame:
    """Return an evenly grey picture.

    Args:
        time: seconds.
        index: its ordinal.
        size: width and height, pixels.
    """
    luma, picture = _grey(*size)
    return Frame(Position(0, index, round(time * 1e6)), luma, lambda: picture)


@cache
def _grey(width: int, height: int) -> tuple[Image, Image]:
    """Return grey values and the colours of them, made once: nobody may write to pictures."""
    luma, picture = np.full((height, width), 128, np.uint8), np.full((height, width, 3), 128, np.uint8)
    for values in (luma, picture):
        values.flags.writeable = False
    return luma, picture


def frame_of(luma: Image, time: float, *, index: int = 0) -> Frame:
    """Return a picture made of (height, width) grey values.

    Args:
        luma: the grey values; its colour picture has them three times.
        time: seconds.
        index: its ordinal.
    """
    return Frame(Position(0, index, round(time * 1e6)), luma, lambda: np.repeat(luma[..., None], 3, axis=2))


def seen(
    *boxes: tuple[float, float, float, float],
    label: str = "person",
    score: float = 0.9,
    labels: tuple[str, ...] = ("person", "car"),
) -> Detections:
    """Return detections of one kind: boxes as left, top, right, bottom in pixels.

    Raises:
        ValueError: the label is not one of `labels`.
    """
    count = len(boxes)
    return Detections.of(
        np.array(boxes, np.float32).reshape(count, 4),
        np.full(count, score, np.float32),
        np.full(count, labels.index(label), np.int64),
        labels,
    )


def together(*parts: Detections) -> Detections:
    """Return several detections, which share their labels, as one."""
    return Detections.of(
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.classes for part in parts]),
        parts[0].labels,
    )


class ScriptedDetector:
    """A detector that sees what a function of time says."""

    def __init__(self, sees: Sees, *, name: str = "scripted", knows_classes: bool = True) -> None:
        self.name = name
        self.knows_classes = knows_classes
        self.labels = sees(0.0).labels
        self._sees = sees

    def __call__(self, frame: Frame) -> Detections:
        """Return what is seen at the picture's time."""
        return self._sees(frame.time)

    def state(self) -> Mapping[str, Any]:
        """Return nothing: a script remembers nothing."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up nothing."""


class ScriptedModels:
    """Gives a scripted detector for each role.

    Args:
        sees: what every detector sees, or one such function for each role.
        knows_classes: what the detectors say of themselves.
        classifiers: those there are, by role.
        embedders: those there are, by role.
    """

    def __init__(
        self,
        sees: Sees | Mapping[str, Sees],
        *,
        knows_classes: bool = True,
        classifiers: Mapping[str, Classifier] | None = None,
        embedders: Mapping[str, Embedder] | None = None,
    ) -> None:
        self._sees = sees
        self._knows_classes = knows_classes
        self._classifiers, self._embedders = dict(classifiers or {}), dict(embedders or {})

    def has(self, role: str) -> bool:
        """Return whether something was scripted for the role; a script for all of them counts for `objects` alone."""
        if role in self._classifiers or role in self._embedders:
            return True
        return role in self._sees if isinstance(self._sees, Mapping) else role == "objects"

    def detector(self, role: str) -> ScriptedDetector:
        """Return the role's detector.

        Raises:
            ModelError: nothing was scripted for the role.
        """
        if not isinstance(self._sees, Mapping):
            return ScriptedDetector(self._sees, knows_classes=self._knows_classes)
        if role not in self._sees:
            raise ModelError(f"nothing is scripted for the role {role!r}")
        return ScriptedDetector(self._sees[role], knows_classes=self._knows_classes)

    def classifier(self, role: str) -> Classifier:
        """Return the role's classifier.

        Raises:
            ModelError: there is none for the role.
        """
        if role not in self._classifiers:
            raise ModelError(f"no classifier is given for the role {role!r}")
        return self._classifiers[role]

    def embedder(self, role: str) -> Embedder:
        """Return the role's embedder.

        Raises:
            ModelError: there is none for the role.
        """
        if role not in self._embedders:
            raise ModelError(f"no embedder is given for the role {role!r}")
        return self._embedders[role]
