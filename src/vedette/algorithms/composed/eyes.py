"""What a composed service sees with: the detector of its role, and the classes that make its categories."""

from collections.abc import Iterable

import numpy as np

from vedette.algorithms.base import Classifier, Detector, Models, PlainState
from vedette.algorithms.composed.manifest import ServiceManifest
from vedette.algorithms.targets import Kinds
from vedette.model.detection import Detections
from vedette.model.errors import ModelError
from vedette.model.frame import Frame


def plain(label: str) -> str:
    """Return a class name as it is compared: makers of models write `hard-hat`, `Hard hat` and `hard_hat`."""
    return "".join(letter for letter in label.casefold() if letter.isalnum())


def kinds(plan: ServiceManifest, detector: Detector) -> Kinds:
    """Return the categories of a service, in the classes of a detector.

    Raises:
        ModelError: it knows none of the classes of a category.
    """
    captions = tuple(row.name for row in plan.categories)
    unknown = 0 if plan.needs_no_classes else None
    if not detector.knows_classes:
        return Kinds(captions, {}, unknown)
    of: dict[str, int] = {}
    for n, row in enumerate(plan.categories):
        of |= dict.fromkeys(known_classes(row.classes, detector.labels), n)
    if not of:
        raise ModelError(
            f"The model {detector.name} knows none of the classes of {plan.name}; it knows {_some(detector.labels)}. "
            "Name them alike in the model's manifest or in the service's."
        )
    return Kinds(captions, of, unknown)


def known_classes(named: Iterable[str], labels: Iterable[str]) -> list[str]:
    """Return those of a model's labels that a category names; it names all where it names none."""
    wanted = {plain(name) for name in named}
    return [label for label in labels if not wanted or plain(label) in wanted]


def eyes(plan: ServiceManifest, models: Models) -> Detector:
    """Return what the service looks with.

    Raises:
        ModelError: a role needs a model that is not installed, or a model knows none of the classes that are named.
    """
    detector, asked = models.detector(plan.model.role), plan.model
    if asked.classifier is None:
        return detector
    if asked.of and not known_classes(asked.of, detector.labels):
        raise ModelError(
            f"The model {detector.name} knows none of {', '.join(asked.of)}; it knows {_some(detector.labels)}."
        )
    return Classified(detector, models.classifier(asked.classifier), asked.of, asked.threshold)


class Classified:
    """A detector whose boxes a classifier is shown: its labels are the classes then.

    Args:
        detector: finds the boxes.
        classifier: says what is in them.
        of: classes whose boxes it is shown; empty: all.
        threshold: how sure it must be; other boxes are left out.
    """

    knows_classes = True

    def __init__(self, detector: Detector, classifier: Classifier, of: Iterable[str], threshold: float) -> None:
        self.name = f"{detector.name} and {classifier.name}"
        self.labels = classifier.labels
        self._detector, self._classifier, self._threshold = detector, classifier, threshold
        shown = set(known_classes(of, detector.labels))
        self._shown = np.array([label in shown for label in detector.labels], np.bool_)

    def __call__(self, frame: Frame) -> Detections:
        """Return the boxes that the classifier is sure of.

        Raises:
            ModelError: an engine failed.
        """
        found = self._detector(frame)
        found = found.where(self._shown[found.classes])
        if not len(found):
            return Detections.none(self.labels)
        scores = self._classifier(frame, found.boxes)
        best = np.asarray(scores.argmax(axis=1), np.int64)
        sure = np.flatnonzero(scores[np.arange(len(best)), best] >= self._threshold)
        return Detections.of(found.boxes[sure], found.scores[sure], best[sure], self.labels)

    def state(self) -> PlainState:
        """Return what the detector remembers."""
        return self._detector.state()

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave."""
        self._detector.restore(state)


def _some(labels: tuple[str, ...]) -> str:
    return ", ".join(labels[:8]) + (f" and {len(labels) - 8} more" if len(labels) > 8 else "")
