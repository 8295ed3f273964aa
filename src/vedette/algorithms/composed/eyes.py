"""What a composed service sees with: the detector of its role, and the classes that make its categories."""

from collections.abc import Iterable

from vedette.algorithms.base import Detector, Models
from vedette.algorithms.composed.manifest import ServiceManifest
from vedette.algorithms.targets import Kinds
from vedette.model.errors import ModelError


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
        ModelError: a role needs a model that is not installed.
    """
    return models.detector(plan.model.role)


def _some(labels: tuple[str, ...]) -> str:
    return ", ".join(labels[:8]) + (f" and {len(labels) - 8} more" if len(labels) > 8 else "")
