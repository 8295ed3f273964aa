"""Services that are written down, beside a running service or without one: judged, kept, listed."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vedette.algorithms.composed import folder
from vedette.algorithms.composed.eyes import known_classes
from vedette.algorithms.composed.manifest import ServiceManifest
from vedette.algorithms.composed.service import Composed
from vedette.algorithms.installed import InstalledRoles
from vedette.algorithms.models import ModelStore
from vedette.algorithms.registry import Registry
from vedette.model.errors import Misconfigured, NotFound
from vedette.settings import Settings

OWN = "services/"
"""How what is broken in the operator's folder is called."""


@dataclass(frozen=True, slots=True)
class Row:
    """A published service that is written down.

    Attributes:
        missing: roles for which it needs a model that is not installed.
    """

    service: str
    name: str
    own: bool
    missing: tuple[str, ...]


def listed(settings: Settings) -> tuple[list[Row], dict[str, str]]:
    """Return the written services, and which files of the operator's folder cannot be used, with the reasons."""
    registry = Registry.load(folder=settings.services_dir, has_model=InstalledRoles(settings.models_dir))
    own = {_name_in(one) for one in folder.own(settings.services_dir)}
    rows = [
        Row(one.name.name, one.manifest.name, one.manifest.name in own, registry.lacking(one.manifest))
        for one in registry.services()
        if issubclass(one.algorithm, Composed)
    ]
    return rows, {file: reason for file, reason in registry.broken.items() if file.startswith(OWN)}


def judged(settings: Settings, file: Path) -> ServiceManifest:
    """Return the manifest in a file, if it can be published beside all others.

    Raises:
        Misconfigured: it cannot; the message says why.
    """
    one = folder.written(file)
    plan = one.read()
    reason = Registry.load(folder=settings.services_dir, first=one).broken.get(one.where)
    if reason:
        raise Misconfigured(f"The service {one.where} cannot be published: {reason}.")
    return plan


def add(settings: Settings, file: Path) -> ServiceManifest:
    """Take a manifest into the operator's folder; one of the same name is replaced.

    Raises:
        Misconfigured: it cannot be published, or the folder cannot be written.
    """
    plan, text = judged(settings, file), folder.written(file).text
    folder.remove(settings.services_dir, plan.name)
    folder.put(settings.services_dir, plan.name, text)
    return plan


def remove(settings: Settings, name: str) -> None:
    """Take a manifest out of the operator's folder.

    Raises:
        NotFound: it is not there.
        Misconfigured: the folder cannot be written.
    """
    if not folder.remove(settings.services_dir, name):
        raise NotFound(f"There is no service {name} of yours.")


def text_of(settings: Settings, name: str) -> str:
    """Return the manifest of a service, the operator's before a shipped one.

    Raises:
        NotFound: none has this name.
    """
    for one in (*folder.own(settings.services_dir), *folder.shipped()):
        if _name_in(one) == name:
            return one.text
    raise NotFound(f"No written service has the name {name}.")


def about_models(settings: Settings, plan: ServiceManifest) -> Iterator[str]:
    """Yield what there is to say of the models that a service looks with.

    Raises:
        ModelError: the folder of models cannot be read.
    """
    store = ModelStore(settings.models_dir)
    for role in plan.model.roles:
        found = store.find(role)
        if found is None:
            yield f"No model of the role {role} is installed; tasks are refused until one is."
            continue
        yield f"The role {role} has the model {found.manifest.name}."
        if role == plan.model.roles[-1]:
            labels = found.manifest.output.labels
            for row in plan.categories:
                if not known_classes(row.classes, labels):
                    asked = ", ".join(row.classes)
                    yield f"It knows nothing of the category {row.name} ({asked}); it knows {', '.join(labels)}."


def _name_in(one: folder.Written) -> str:
    """Return the name of the service in a manifest; empty for what is none."""
    try:
        return one.read().name
    except Misconfigured:
        return ""
