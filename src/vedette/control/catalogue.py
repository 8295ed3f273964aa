"""The published services as a project sees them: one entry for each version of each name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from vedette.algorithms.base import Manifest
from vedette.algorithms.registry import Registry
from vedette.control.services import algorithm_id, needs, service_id
from vedette.control.task_rules import ONLY
from vedette.model.errors import NotFound
from vedette.model.ids import ProjectId
from vedette.model.service import AlgStatus
from vedette.model.source import InputType
from vedette.store import rollouts
from vedette.store.deployments import Capacity

SERVED_INPUTS = (InputType.VIDEO_SOURCE, InputType.URL)
"""Inputs that can be opened; the others are taken, and their tasks say that they cannot be read."""


@dataclass(frozen=True, slots=True)
class Published:
    """One version of a service.

    Attributes:
        name: the API name, as in the path of a create.
        deploy: `cloud` or `edge`.
        alg_id: what is deployed; the same for all versions.
        versions: all that there are of the service, oldest first.
        installed: those of its roles for which there is a model.
        lacking: roles for which it needs a model that is not installed.
        problem: why it cannot run here; empty if it can.
    """

    service_id: str
    name: str
    version: str
    deploy: str
    alg_id: str
    manifest: Manifest
    versions: tuple[str, ...]
    installed: frozenset[str] = frozenset()
    lacking: tuple[str, ...] = ()
    problem: str = ""

    def inputs(self) -> tuple[InputType, ...]:
        """Return the inputs that it takes and that can be opened."""
        return tuple(kind for kind in SERVED_INPUTS if ONLY.get(kind, self.deploy) == self.deploy)


@dataclass(frozen=True, slots=True)
class Versions:
    """How the tasks of a project stand to the newest version of a service.

    Attributes:
        behind: some stand on another one.
        upgrading: a rollout is under way.
    """

    behind: bool
    upgrading: bool


@dataclass(frozen=True, slots=True)
class Deployable:
    """An algorithm as it is deployed: all service names of one deploy type."""

    alg_id: str
    deploy: str
    manifest: Manifest
    names: tuple[str, ...]


def newest(registry: Registry) -> list[Published]:
    """Return the newest version of every service, by name."""
    names = [service.name.name for service in registry.services()]
    return [_published(registry, name, registry.versions(name)[-1]) for name in names]


def find(registry: Registry, wanted: str) -> Published:
    """Return the service with an id, of whatever version.

    Raises:
        NotFound: none has it.
    """
    for service in registry.services():
        name = service.name.name
        for version in registry.versions(name):
            if service_id(name, version) == wanted:
                return _published(registry, name, version)
    raise NotFound(f"There is no service {wanted}.", param="service_id")


def deployables(registry: Registry) -> Mapping[str, Deployable]:
    """Return all algorithms that can be deployed, by `alg_id`."""
    found: dict[str, Deployable] = {}
    for one in newest(registry):
        names = (*found[one.alg_id].names, one.name) if one.alg_id in found else (one.name,)
        found[one.alg_id] = Deployable(one.alg_id, one.deploy, one.manifest, names)
    return found


def deployable(registry: Registry, alg_id: str) -> Deployable:
    """Return the algorithm that is deployed under an id.

    Raises:
        NotFound: none is.
    """
    found = deployables(registry).get(alg_id)
    if found is None:
        raise NotFound(f"There is no algorithm {alg_id}.", param="alg_id")
    return found


def status(one: Published, capacity: Capacity | None, upgrading: bool) -> AlgStatus:
    """Return how a service stands in a project.

    One that nobody deployed or stopped runs, if all of it is here; one that lacks a model does not.
    """
    if one.lacking:
        return AlgStatus.NOT_DEPLOYED
    known = AlgStatus.RUNNING if capacity is None else capacity.status
    return AlgStatus.UPGRADING if upgrading and known is AlgStatus.RUNNING else known


def versions_of(conn: Connection, project_id: ProjectId, services: Iterable[Published]) -> Mapping[str, Versions]:
    """Return how the tasks of a project stand to the newest versions of services, by name."""
    moving, used = rollouts.services_under_way(conn, project_id), rollouts.edges(conn, project_id)
    return {
        one.name: Versions(bool({*used.get(one.name, ())} - {one.versions[-1]}), one.name in moving) for one in services
    }


def _published(registry: Registry, name: str, version: str) -> Published:
    release = registry.release(name, version)
    deploy, manifest = release.name.deploy_type, release.manifest
    return Published(
        service_id(name, version),
        name,
        version,
        deploy,
        algorithm_id(manifest, deploy),
        manifest,
        registry.versions(name),
        registry.installed(manifest),
        registry.lacking(manifest),
        needs(registry, manifest),
    )
