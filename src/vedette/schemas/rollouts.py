"""The documents of rollouts, additions of ours."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from vedette.model.rollout import Outcome, Rollout, Turn
from vedette.schemas.common import ObjectId, ServiceVersion, Wire, one_of


class RollbackBody(Wire):
    """The body that brings tasks back to the version that each stood on before."""

    task_ids: Annotated[list[ObjectId], Field(min_length=1, max_length=1000)] | None = None
    """Tasks of the service; absent: all of them."""
    at_once: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """How many may be under way together; absent: one by one."""


class UpgradeBody(RollbackBody):
    """The body that brings tasks to a version of their service."""

    version: ServiceVersion | None = None
    """Where they go; absent: the newest version."""


class RolloutQuery(Wire):
    """Which tasks of a rollout are shown."""

    model_config = ConfigDict(strict=False)

    outcome: Annotated[str, one_of(tuple(Outcome))] | None = None
    """Only tasks with which it stands like this."""
    offset: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    """Tasks to pass over."""
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    """Tasks in the answer."""


class RolloutInfo(Wire):
    """A rollout."""

    id: str
    """Its id."""
    kind: str
    """`upgrade`, or `rollback`: each task goes back to where it was."""
    service_name: str
    """The service."""
    version: str | None = None
    """Where the tasks go; left out for a rollback."""
    at_once: int
    """How many tasks may be under way together."""
    status: str
    """`running`; `stopping`: it begins nothing more; `stopped`: it ended before every task had its turn; `done`."""
    reason: str | None = None
    """Why it stopped."""
    actor: str
    """Who asked for it."""
    created_at: int
    """Milliseconds since the epoch."""
    ended_at: int | None = None
    """Milliseconds since the epoch; left out while it has not ended."""
    left: int
    """Tasks that have not had their turn."""
    under_way: int
    """Tasks that are being upgraded."""
    done: int
    """Tasks that are on the version."""
    failed: int
    """Tasks that could not go there."""


class RolloutTask(Wire):
    """How a rollout stands with one task."""

    task_id: str
    """The task."""
    name: str
    """Its name."""
    state: str
    """Where it stands now."""
    before: str
    """The version it came from."""
    version: str
    """The version it goes to."""
    outcome: str
    """`left`, `under_way`, `done` or `failed`."""
    reason: str | None = None
    """Why it failed."""
    at: int | None = None
    """When it came to that; milliseconds since the epoch. Left out for one that is left."""


class RolloutDetail(RolloutInfo):
    """A rollout with its tasks."""

    tasks: list[RolloutTask]
    """Its tasks, in the order of their turns."""


class RolloutList(Wire):
    """The answer to a list of rollouts."""

    count: int
    """Entries."""
    rollouts: list[RolloutInfo]
    """The rollouts, newest first."""


def rollout_info(rollout: Rollout, counts: Mapping[Outcome, int]) -> dict[str, Any]:
    """Return the document of a rollout."""
    info = {
        "id": rollout.id,
        "kind": "rollback" if rollout.version is None else "upgrade",
        "service_name": rollout.service_name,
        "version": rollout.version,
        "at_once": rollout.at_once,
        "status": rollout.status,
        "reason": rollout.reason or None,
        "actor": rollout.actor,
        "created_at": rollout.created_at,
        "ended_at": rollout.ended_at,
        **{outcome.value: counts[outcome] for outcome in Outcome},
    }
    return {name: value for name, value in info.items() if value is not None}


def rollout_detail(rollout: Rollout, counts: Mapping[Outcome, int], steps: Sequence[Turn]) -> dict[str, Any]:
    """Return the document of a rollout with these of its tasks."""
    return rollout_info(rollout, counts) | {"tasks": [_task(turn) for turn in steps]}


def _task(turn: Turn) -> dict[str, Any]:
    step = turn.step
    info = {
        "task_id": step.task_id,
        "name": turn.name,
        "state": turn.state,
        "before": step.before,
        "version": step.version,
        "outcome": step.outcome,
        "reason": step.reason or None,
        "at": step.at,
    }
    return {name: value for name, value in info.items() if value is not None}
