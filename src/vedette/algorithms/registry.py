"""The published services, read from entry points: manifests without a model.

Built-in algorithms and strangers' plugins come by the same door, the entry point group `vedette.algorithms`; services
that are written down, not programmed, stand in TOML files and are judged alike. A service may be there in several
versions: one implementation may answer to several, and several may share the name, each with versions of its own.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from vedette.algorithms import parameters
from vedette.algorithms.base import Algorithm, EventKind, Manifest, ServiceName
from vedette.algorithms.composed import folder as files
from vedette.algorithms.composed.compose import compose
from vedette.algorithms.composed.folder import Written
from vedette.algorithms.messages import message_schema
from vedette.algorithms.parameters import Checked, check_defaults, service_config_xml, task_config_xml
from vedette.model.errors import NotReferable, VedetteError

__all__ = ["GROUP", "Registry", "Service", "check_config", "check_defaults", "service_config_xml", "task_config_xml"]

GROUP = "vedette.algorithms"

AnyAlgorithm = type[Algorithm[Any]]


@dataclass(frozen=True, slots=True)
class Service:
    """A published service."""

    name: ServiceName
    algorithm: AnyAlgorithm

    @property
    def manifest(self) -> Manifest:
        """Return the manifest of its algorithm."""
        return self.algorithm.manifest


class Registry:
    """The services of this installation.

    Args:
        services: of one name there may be several, with different versions.
        broken: entry point or file -> why it could not be taken up.
        has_model: says whether a model is installed for a role; None: there is one for every role.
    """

    def __init__(
        self,
        services: Iterable[Service],
        broken: Mapping[str, str] | None = None,
        has_model: Callable[[str], bool] | None = None,
    ) -> None:
        self._services: dict[str, dict[str, Service]] = {}
        for service in services:
            known = self._services.setdefault(service.name.name, {})
            known |= dict.fromkeys(service.manifest.versions, service)
        self.broken = dict(broken or {})
        self._has_model = has_model

    @classmethod
    def load(
        cls,
        points: Iterable[EntryPoint] | None = None,
        *,
        folder: Path | None = None,
        has_model: Callable[[str], bool] | None = None,
        shipped: bool | None = None,
        first: Written | None = None,
    ) -> "Registry":
        """Return the services of this installation; what cannot be loaded goes to `broken`.

        Args:
            points: the algorithms; None: all that are installed.
            folder: of the operator's own manifests; one of theirs takes the place of a shipped one of the same name.
            has_model: says whether a model is installed for a role.
            shipped: whether the manifests that come with Vedette count; None: if `points` is None.
            first: a manifest that is judged as if it stood in the folder, before the others there.
        """
        door = _Door()
        for point in entry_points(group=GROUP) if points is None else points:
            door.take_point(point)
        mine = () if folder is None else tuple(files.own(folder))
        came = tuple(files.shipped()) if shipped or (shipped is None and points is None) else ()
        door.take_written(() if first is None else (first,), mine, came)
        return cls(door.services, door.broken, has_model)

    def lacking(self, manifest: Manifest) -> tuple[str, ...]:
        """Return the roles for which a service needs a model that is not installed."""
        return tuple(role for role in manifest.needs if not self._has(role))

    def installed(self, manifest: Manifest) -> frozenset[str]:
        """Return those of a service's roles for which a model is installed."""
        return frozenset(role for role in (*manifest.roles, *manifest.needs) if self._has(role))

    def _has(self, role: str) -> bool:
        return self._has_model is None or self._has_model(role)

    def services(self) -> tuple[Service, ...]:
        """Return all services, by name, each with the implementation of its newest version."""
        return tuple(self._services[name][self.versions(name)[-1]] for name in sorted(self._services))

    def versions(self, service_name: str) -> tuple[str, ...]:
        """Return the versions of a service, oldest first; none if there is no such service."""
        return tuple(sorted(self._services.get(service_name, ()), key=age))

    def event_kinds(self) -> tuple[EventKind, ...]:
        """Return the kinds of events that the services tell, by number; of several versions as the newest tells it."""
        kinds = {
            kind.number: kind
            for name, releases in self._services.items()
            for version in self.versions(name)
            for kind in releases[version].manifest.events
        }
        return tuple(kinds[number] for number in sorted(kinds))

    def find(self, service_name: str, service_version: str) -> AnyAlgorithm:
        """Return the algorithm of a service.

        Raises:
            NotReferable: no service has this name, or it has not this version; `param` says which.
        """
        return self.release(service_name, service_version).algorithm

    def release(self, service_name: str, service_version: str) -> Service:
        """Return a version of a service.

        Raises:
            NotReferable: see `find`.
        """
        releases = self._services.get(service_name)
        if releases is None:
            raise NotReferable(f"There is no service {service_name}.", param="service_name")
        if service_version not in releases:
            known = ", ".join(self.versions(service_name))
            raise NotReferable(f"The service {service_name} has the versions {known}.", param="service_version")
        return releases[service_version]


class _Door:
    """Where algorithms come in: each is looked at, and taken up or refused with a reason."""

    def __init__(self) -> None:
        self.services: list[Service] = []
        self.broken: dict[str, str] = {}
        self._kinds: dict[int, AnyAlgorithm] = {}
        self._names: dict[str, int] = {}

    def take_point(self, point: EntryPoint) -> None:
        """Take up a plugin."""
        try:
            algorithm = point.load()
        # A plugin is a stranger's code and may raise anything at import; the others must still come up.
        except Exception as error:  # noqa: BLE001  see above
            self.broken[point.name] = f"{type(error).__name__}: {error}"
            return
        if not (isinstance(algorithm, type) and issubclass(algorithm, Algorithm) and hasattr(algorithm, "manifest")):
            self.broken[point.name] = f"{point.value} is not an Algorithm with a manifest"
            return
        self._take(point.name, algorithm)

    def take_written(self, first: Iterable[Written], own: Iterable[Written], shipped: Iterable[Written]) -> None:
        """Take up manifests; of one name the operator's counts, and of two of theirs the first."""
        taken: set[str] = set()
        for file, algorithm in (*self._composed(first, ""), *self._composed(own, "services/")):
            if algorithm.manifest.name in taken:
                self.broken[file] = f"there is a manifest of the service {algorithm.manifest.name} already"
            elif self._take(file, algorithm):
                taken.add(algorithm.manifest.name)
        for file, algorithm in self._composed(shipped, "shipped services/"):
            if algorithm.manifest.name not in taken:
                self._take(file, algorithm)

    def _composed(self, manifests: Iterable[Written], where: str) -> Iterator[tuple[str, AnyAlgorithm]]:
        for one in manifests:
            try:
                yield f"{where}{one.where}", compose(one.read())
            except VedetteError as error:
                self.broken[f"{where}{one.where}"] = error.message
            # Whatever else a file can do to those who make classes of it: the others must still come up.
            except Exception as error:  # noqa: BLE001  see above
                self.broken[f"{where}{one.where}"] = f"{type(error).__name__}: {error}"

    def _take(self, known_as: str, algorithm: AnyAlgorithm) -> bool:
        """Take up an algorithm under all its names that are free; return whether any is."""
        if fault := _fault_of_events(algorithm, self._kinds, self._names):
            self.broken[known_as] = fault
            return False
        free = 0
        for name in algorithm.manifest.services:
            if fault := _fault_of_name(name, algorithm, self.services):
                self.broken[known_as] = fault
            else:
                self.services.append(Service(name, algorithm))
                free += 1
        return free > 0


def age(version: str) -> list[int]:
    """Return what versions are compared by: their numbers, one after the other."""
    return [int(number) for number in re.findall(r"\d+", version)]


def _fault_of_name(name: ServiceName, algorithm: AnyAlgorithm, services: Iterable[Service]) -> str:
    """Return why an algorithm cannot be taken up under one of its names, or nothing."""
    mine = algorithm.manifest
    for other in services:
        theirs = other.manifest
        if other.name.name != name.name:
            continue
        if theirs.name != mine.name or other.name.deploy_type != name.deploy_type:
            return f"the service {name.name} is the algorithm {theirs.name} already, for {other.name.deploy_type}"
        if twice := [version for version in mine.versions if version in theirs.versions]:
            maker = f"{other.algorithm.__module__}:{other.algorithm.__qualname__}"
            return f"the version {', '.join(twice)} of the service {name.name} is there already, as {maker}"
    return ""


def _fault_of_events(algorithm: AnyAlgorithm, kinds: dict[int, AnyAlgorithm], names: dict[str, int]) -> str:
    """Return why the events that an algorithm declares cannot be published, or nothing.

    Args:
        kinds: whose each event type is; grows.
        names: which event type a name means; grows.
    """
    try:
        for kind in algorithm.manifest.events:
            message_schema(kind)
    # A declaration is a stranger's too, and may be anything.
    except Exception as error:  # noqa: BLE001  see above
        return f"its events have no schema: {type(error).__name__}: {error}"
    for kind in algorithm.manifest.events:
        if kinds.setdefault(kind.number, algorithm).manifest.name != algorithm.manifest.name:
            return f"the event type {kind.number} is another algorithm's already"
        if names.setdefault(kind.name, kind.number) != kind.number:
            return f"the events of type {names[kind.name]} are called {kind.name} already"
    return ""


def check_config(algorithm: AnyAlgorithm, common: Mapping[str, Any] | None) -> Checked:
    """Return the checked configuration of a task, and the warnings for its `status`.

    Raises:
        InvalidParameter: a declared key has a value of the wrong type or out of range; `param` is the key.
    """
    return parameters.check_config(algorithm.manifest, common)
