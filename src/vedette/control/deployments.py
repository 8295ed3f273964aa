"""Deploying an algorithm in a project, and stopping it: how many streams, where, and what its tasks start from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection

from vedette.algorithms.registry import Registry, check_defaults
from vedette.control import catalogue
from vedette.control.admission import CAPACITY, DEPLOY
from vedette.control.catalogue import Deployable
from vedette.model.errors import InvalidParameter, NotFound, NotReferable
from vedette.model.ids import ProjectId
from vedette.model.secrets import MASK
from vedette.model.service import LOCAL_POOL, AlgStatus, Deployment
from vedette.model.source import AccessType
from vedette.store import deployments, edge_pools, waiting
from vedette.store.db import Database
from vedette.store.deployments import ANALYSIS_FPS
from vedette.store.vault import Vault

FASTEST: Final = 240.0
"""Pictures a second; the same bound as the setting's."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a deploy request asks for; what is None stays as it is, or is nothing yet."""

    stream_count: int
    pool_id: str | None = None
    deploy_config: Mapping[str, Any] | None = None
    envs: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Deployed:
    """A deployment as it stands.

    Attributes:
        in_use: tasks of the algorithm that hold a stream.
        waiting: tasks that wait for this deployment.
        warnings: what of its settings has no effect.
    """

    deployment: Deployment
    algorithm: Deployable | None
    in_use: int
    waiting: int
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deployments:
    """The verbs, with what they need.

    Attributes:
        wake: tells the loops that there is something to do.
    """

    db: Database
    vault: Vault
    registry: Registry
    wake: Callable[[], None]

    async def deploy(self, project_id: ProjectId, alg_id: str, wish: Wish, now_ms: int) -> str:
        """Deploy an algorithm, or change how it is deployed; tasks that run take it over. Return its display name.

        Raises:
            NotFound: there is no such algorithm.
            NotReferable: there is no such pool.
            InvalidParameter: the pool is missing or not for this algorithm, or a setting has a bad value.
        """
        algorithm = catalogue.deployable(self.registry, alg_id)
        check_defaults(algorithm.manifest, wish.deploy_config or {})
        _check_rate(wish.envs or {})
        await self.db.write(_deploy, self.vault, project_id, algorithm, wish, now_ms)
        self.wake()
        return algorithm.manifest.title_en

    async def stop(self, project_id: ProjectId, alg_id: str, now_ms: int) -> None:
        """Stop an algorithm: its tasks are stopped, and wait when they are started, until it is deployed again.

        Raises:
            NotFound: there is no such algorithm.
        """
        catalogue.deployable(self.registry, alg_id)
        await self.db.write(_stop, self.vault, project_id, alg_id, now_ms)
        self.wake()

    def all_of(self, conn: Connection, project_id: ProjectId) -> list[Deployed]:
        """Return the deployments of a project, oldest first."""
        return [self._standing(conn, one) for one in deployments.of_project(conn, self.vault, project_id)]

    def one_of(self, conn: Connection, project_id: ProjectId, alg_id: str) -> Deployed:
        """Return a deployment of a project.

        Raises:
            NotFound: nobody deployed or stopped this algorithm there.
        """
        found = deployments.find(conn, self.vault, project_id, alg_id)
        if found is None:
            raise NotFound(f"Nobody has deployed {alg_id} in this project.", param="alg_id")
        return self._standing(conn, found)

    def _standing(self, conn: Connection, one: Deployment) -> Deployed:
        algorithm = catalogue.deployables(self.registry).get(one.alg_id)
        project_id = ProjectId(one.project_id)
        names = algorithm.names if algorithm else ()
        keys = [f"{kind}:{one.project_id}:{one.alg_id}" for kind in (CAPACITY, DEPLOY)]
        waits = sum(waiting.count_parked(conn, key) for key in keys)
        return Deployed(one, algorithm, deployments.in_use(conn, project_id, names), waits, warnings(one, algorithm))


def warnings(deployment: Deployment, algorithm: Deployable | None) -> tuple[str, ...]:
    """Return a sentence for each setting that has no effect."""
    unknown = sorted(set(deployment.envs) - {ANALYSIS_FPS})
    keys = check_defaults(algorithm.manifest, deployment.deploy_config) if algorithm else ()
    return *keys, *(f"The environment variable {name!r} is not known and has no effect." for name in unknown)


def _deploy(
    conn: Connection, vault: Vault, project_id: ProjectId, algorithm: Deployable, wish: Wish, now_ms: int
) -> None:
    stored = deployments.find(conn, vault, project_id, algorithm.alg_id)
    pool_id = wish.pool_id or (stored.pool_id if stored else None)
    if pool_id is None:
        raise InvalidParameter("pool_id is needed when an algorithm is not deployed yet.", param="pool_id")
    _check_pool(conn, project_id, algorithm, pool_id)
    wanted = Deployment(
        project_id=project_id,
        alg_id=algorithm.alg_id,
        pool_id=pool_id,
        stream_count=wish.stream_count,
        status=AlgStatus.RUNNING,
        deploy_config=_kept(wish.deploy_config, stored.deploy_config if stored else {}),
        envs=_unmasked(wish.envs, stored.envs if stored else {}),
        created_at=stored.created_at if stored else now_ms,
        updated_at=now_ms,
    )
    deployments.put(conn, vault, wanted)


def _stop(conn: Connection, vault: Vault, project_id: ProjectId, alg_id: str, now_ms: int) -> None:
    never = Deployment(project_id, alg_id, LOCAL_POOL, 0, AlgStatus.STOPPED, created_at=now_ms)
    stored = deployments.find(conn, vault, project_id, alg_id) or never
    deployments.put(conn, vault, replace(stored, status=AlgStatus.STOPPED, updated_at=now_ms))


def _check_pool(conn: Connection, project_id: ProjectId, algorithm: Deployable, pool_id: str) -> None:
    if pool_id == LOCAL_POOL:
        return
    if algorithm.deploy == AccessType.CLOUD:
        raise InvalidParameter(f"An algorithm of type cloud is deployed on the pool {LOCAL_POOL}.", param="pool_id")
    try:
        edge_pools.get(conn, project_id, pool_id)
    except NotFound:
        raise NotReferable(f"There is no edge pool {pool_id}.", param="pool_id") from None


def _check_rate(envs: Mapping[str, str]) -> None:
    rate = envs.get(ANALYSIS_FPS)
    if rate is None or rate == MASK:
        return
    try:
        number = float(rate)
    except ValueError:
        number = 0.0
    if not 0 < number <= FASTEST:
        raise InvalidParameter(f"{ANALYSIS_FPS} must be a number above 0 and up to {FASTEST:g}.", param="envs")


def _kept(wanted: Mapping[str, Any] | None, stored: Mapping[str, Any]) -> dict[str, Any]:
    return dict(stored if wanted is None else wanted)


def _unmasked(wanted: Mapping[str, str] | None, stored: Mapping[str, str]) -> dict[str, str]:
    """Return the variables as they are to be; a masked value leaves the stored one."""
    result = dict(stored if wanted is None else wanted)
    for name in [name for name, value in result.items() if value == MASK]:
        if name not in stored:
            raise InvalidParameter(f"envs holds {MASK} for a variable that is not stored.", param="envs")
        result[name] = stored[name]
    return result
