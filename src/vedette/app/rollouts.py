"""Upgrades of tasks beside the running service, which goes on with them by itself."""

from vedette.algorithms.installed import InstalledRoles
from vedette.algorithms.registry import Registry
from vedette.app.ground import Ground, ground, now_ms
from vedette.app.sales import project_of
from vedette.control.rollouts import Rollouts, Wish
from vedette.model.rollout import Outcome, Rollout
from vedette.settings import Settings
from vedette.store import rollout_steps, rollouts

ACTOR = "operator"
"""Who has done it, in the history of the tasks."""

Standing = tuple[Rollout, dict[Outcome, int]]


async def upgrade(settings: Settings, project: str | None, wish: Wish) -> Standing:
    """Begin to bring tasks of a service to another version.

    Raises:
        InvalidParameter: the project is not known, or the configuration of a task does not fit.
        NotReferable: there is no such service, version or task.
    """
    async with ground(settings) as base:
        begun = await _rollouts(base).upgrade(await project_of(base.db, project), wish, actor=ACTOR)
        return await _standing(base, begun)


async def rollback(settings: Settings, project: str | None, wish: Wish) -> Standing:
    """Begin to bring tasks of a service back to where each was.

    Raises:
        InvalidParameter: the project is not known, or the configuration of a task does not fit.
        NotReferable: there is no such service or task, or a task that was named has no way back.
    """
    async with ground(settings) as base:
        begun = await _rollouts(base).rollback(await project_of(base.db, project), wish, actor=ACTOR)
        return await _standing(base, begun)


async def stop(settings: Settings, project: str | None, rollout_id: str) -> Standing:
    """Let a rollout begin with no further task.

    Raises:
        InvalidParameter: the project is not known.
        NotFound: it has no such rollout.
    """
    async with ground(settings) as base:
        stopped = await _rollouts(base).stop(await project_of(base.db, project), rollout_id, actor=ACTOR)
        return await _standing(base, stopped)


async def listed(settings: Settings, project: str | None) -> list[Standing]:
    """Return the rollouts of a project, newest first."""
    async with ground(settings) as base:
        found = await base.db.read(rollouts.of_project, await project_of(base.db, project))
        return [await _standing(base, one) for one in found]


def _rollouts(base: Ground) -> Rollouts:
    return Rollouts(base.db, base.vault, _registry(base.settings), lambda: None, now_ms)


def _registry(settings: Settings) -> Registry:
    return Registry.load(folder=settings.services_dir, has_model=InstalledRoles(settings.models_dir))


async def _standing(base: Ground, rollout: Rollout) -> Standing:
    return rollout, await base.db.read(rollout_steps.counts, rollout.id)
