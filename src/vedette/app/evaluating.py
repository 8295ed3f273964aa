"""One service on one clip, watched: what its detector saw, what it followed, and what it told."""

import json
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from vedette.algorithms.base import Algorithm, Classifier, Detector, Embedder, Models, PlainState
from vedette.algorithms.registry import Registry
from vedette.app import single
from vedette.evaluation.seen import Picture, Seen, Told
from vedette.evaluation.truth import Boxes
from vedette.model.detection import Detections
from vedette.model.event import Event
from vedette.model.frame import Frame
from vedette.settings import Settings

EVERY_PICTURE = 1000.0
"""Pictures a second that no clip has."""
SAID = 80
"""Characters of a configuration that are shown."""
SMALL = 480
"""Width of the pictures that are kept."""


def run(
    settings: Settings,
    clip: str,
    service: str,
    config: Mapping[str, Any],
    *,
    version: str | None = None,
    every_picture: bool = False,
    keep: Sequence[float] = (),
    advance: Callable[[float], None] = lambda _: None,
) -> Seen:
    """Run a service on a clip to its end.

    Args:
        every_picture: analyse each, and not as many as the service asks for.
        keep: seconds of which a picture is kept.
        advance: told the seconds that are done.

    Raises:
        VedetteError: see `single.watch`.
    """
    notes = _Notes(Registry.load(folder=settings.services_dir), service, version, keep, advance)
    began = time.process_time()
    summary = single.watch(
        settings, clip, service, config, on_event=notes.event, on_frame=notes.picture, version=version,
        fps=EVERY_PICTURE if every_picture else None, models=notes.watched,
    )  # fmt: skip
    cpu_s = time.process_time() - began
    return Seen(
        Path(clip).name,
        f"{service} {notes.version}{_said(config)}",
        summary.note,
        notes.pictures,
        tuple(notes.told),
        cpu_s,
        notes.kept,
        notes.kinds,
        summary.warnings,
    )


def _said(config: Mapping[str, Any]) -> str:
    """Return a configuration for a table's head, the beginning of a long one."""
    text = json.dumps(config, ensure_ascii=False) if config else ""
    return f" {text if len(text) <= SAID else text[:SAID] + '…'}" if text else ""


class _Notes:
    """What is taken down on the way."""

    def __init__(
        self,
        registry: Registry,
        service: str,
        version: str | None,
        keep: Sequence[float],
        advance: Callable[[float], None],
    ) -> None:
        self.version = version or next(reversed(registry.versions(service)), "")
        manifest = registry.find(service, self.version).manifest
        self._kinds, self._advance = {kind.number: kind.name for kind in manifest.events}, advance
        self._saw: Detections | None = None
        self.pictures: list[Picture] = []
        self.told: list[Told] = []
        self.kept: dict[float, bytes] = {}
        self._keep = deque(sorted(keep))

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of events that the service can tell."""
        return tuple(self._kinds.values())

    def watched(self, models: Models) -> Models:
        """Return the models, with somebody beside them who looks on."""
        return _Watched(models, self._see)

    def _see(self, found: Detections) -> None:
        self._saw = found

    def event(self, event: Event) -> None:
        """Take down an event."""
        over = event.message.get("alarm_type") == 1
        time_s = event.position.time_us / 1e6
        self.told.append(Told(self._kinds.get(event.event_type, str(event.event_type)), time_s, over, event.picture))

    def picture(self, frame: Frame, algorithm: Algorithm[Any]) -> None:
        """Take down what was seen and followed in a picture."""
        detected = None if self._saw is None else _boxes(self._saw)
        followed = algorithm.followed()
        taken = None if followed is None else _boxes(followed)
        self.pictures.append(Picture(frame.position.index, frame.time, detected, taken))
        self._saw = None
        while self._keep and frame.time >= self._keep[0]:
            self.kept[self._keep.popleft()] = _small(frame)
        self._advance(frame.time)


def _small(frame: Frame) -> bytes:
    """Return a JPEG for a page."""
    width = min(SMALL, frame.width)
    shown = cv2.resize(frame.bgr(), (width, round(frame.height * width / frame.width)), interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, 80])[1])


def _boxes(found: Detections) -> Boxes:
    labels = tuple(found.labels[kind] for kind in found.classes.tolist())
    return Boxes.of(
        found.boxes.astype(np.float64), ids=found.track_ids, labels=labels, scores=found.scores.astype(np.float64)
    )


class _Watched:
    """Models whose detectors are listened to."""

    def __init__(self, models: Models, see: Callable[[Detections], None]) -> None:
        self._models, self._see = models, see

    def has(self, role: str) -> bool:
        return self._models.has(role)

    def detector(self, role: str) -> Detector:
        return _Heard(self._models.detector(role), self._see)

    def classifier(self, role: str) -> Classifier:
        return self._models.classifier(role)

    def embedder(self, role: str) -> Embedder:
        return self._models.embedder(role)


class _Heard:
    """A detector that is listened to."""

    def __init__(self, detector: Detector, see: Callable[[Detections], None]) -> None:
        self.name, self.labels, self.knows_classes = detector.name, detector.labels, detector.knows_classes
        self._detector, self._see = detector, see

    def __call__(self, frame: Frame) -> Detections:
        found = self._detector(frame)
        self._see(found)
        return found

    def state(self) -> PlainState:
        return self._detector.state()

    def restore(self, state: PlainState) -> None:
        self._detector.restore(state)
