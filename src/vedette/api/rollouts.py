"""Upgrades of tasks to another version of their service, and the way back: additions of ours."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import Connection

from vedette.api.answers import JSONResponse
from vedette.api.deps import Member, Parts, PartsOf, object_id, received
from vedette.api.described import takes
from vedette.api.orders import ServiceInPath
from vedette.control.rollouts import Rollouts, Wish
from vedette.model.ids import ProjectId, TaskId
from vedette.model.rollout import Outcome, Rollout
from vedette.schemas.rollouts import (
    RollbackBody,
    RolloutDetail,
    RolloutInfo,
    RolloutList,
    RolloutQuery,
    UpgradeBody,
    rollout_detail,
    rollout_info,
)
from vedette.store import rollout_steps, rollouts

router = APIRouter(tags=["Rollouts"])

SERVICE: Final = "/vedette/v1/{project_id}/services/{service_name}"
ROLLOUTS: Final = "/vedette/v1/{project_id}/rollouts"
ROLLOUT: Final = "/vedette/v1/{project_id}/rollouts/{rollout_id}"

RolloutInPath = Annotated[str, Depends(object_id("rollout_id"))]


@router.post(
    f"{SERVICE}/upgrade",
    operation_id="UpgradeService",
    status_code=201,
    openapi_extra=takes(UpgradeBody, {"version": "3.0", "at_once": 2}),
    response_model=RolloutInfo,
)
async def upgrade(request: Request, principal: Member, name: ServiceInPath, parts: PartsOf) -> JSONResponse:
    """Bring tasks of a service to another version, one by one or several at once; their streams stay open.

    If the configuration of one does not fit, it is named and nothing is changed. The next begins when the one before
    runs again; with the first that cannot go there it stops, and that one goes on with the version it had. A rollout of
    the service that is under way gives way to this one.
    """
    body = await received(request, UpgradeBody)
    begun = await _rollouts(parts).upgrade(principal.project_id, _wish(name, body), actor=principal.user_name)
    return JSONResponse(await parts.db.read(_shown, begun), 201)


@router.post(
    f"{SERVICE}/rollback",
    operation_id="RollbackService",
    status_code=201,
    openapi_extra=takes(RollbackBody, {"at_once": 2}),
    response_model=RolloutInfo,
)
async def rollback(request: Request, principal: Member, name: ServiceInPath, parts: PartsOf) -> JSONResponse:
    """Bring tasks of a service back to the version that each stood on before its last upgrade.

    Asked for once more it changes nothing. A rollout of the service that is under way gives way to this one.
    """
    body = await received(request, RollbackBody)
    begun = await _rollouts(parts).rollback(principal.project_id, _wish(name, body), actor=principal.user_name)
    return JSONResponse(await parts.db.read(_shown, begun), 201)


@router.get(ROLLOUTS, operation_id="ListRollouts", response_model=RolloutList)
async def find(principal: Member, parts: PartsOf) -> JSONResponse:
    """List the rollouts of the project, newest first; of those that have ended the last hundred are kept."""
    found = await parts.db.read(_listed, principal.project_id)
    return JSONResponse({"count": len(found), "rollouts": found})


@router.get(ROLLOUT, operation_id="ShowRollout", response_model=RolloutDetail)
async def show(
    principal: Member, rollout_id: RolloutInPath, query: Annotated[RolloutQuery, Query()], parts: PartsOf
) -> JSONResponse:
    """Show how a rollout stands: how many tasks are done, under way, failed and left, and which."""

    def read(conn: Connection) -> dict[str, Any]:
        rollout = rollouts.get(conn, principal.project_id, rollout_id)
        outcome = None if query.outcome is None else Outcome(query.outcome)
        steps = rollout_steps.found(conn, rollout.id, outcome, offset=query.offset, limit=query.limit)
        return rollout_detail(rollout, rollout_steps.counts(conn, rollout.id), steps)

    return JSONResponse(await parts.db.read(read))


@router.post(f"{ROLLOUT}/stop", operation_id="StopRollout", response_model=RolloutInfo)
async def stop(principal: Member, rollout_id: RolloutInPath, parts: PartsOf) -> JSONResponse:
    """Let a rollout begin with no further task; those under way come to their end, and nothing is taken back."""
    stopped = await _rollouts(parts).stop(principal.project_id, rollout_id, actor=principal.user_name)
    return JSONResponse(await parts.db.read(_shown, stopped))


def _rollouts(parts: Parts) -> Rollouts:
    return Rollouts(parts.db, parts.vault, parts.registry, parts.tasks.wake, parts.clock)


def _wish(name: str, body: RollbackBody) -> Wish:
    version = body.version if isinstance(body, UpgradeBody) else None
    tasks = None if body.task_ids is None else tuple(TaskId(task_id) for task_id in body.task_ids)
    return Wish(name, version, tasks, body.at_once or 1)


def _shown(conn: Connection, rollout: Rollout) -> dict[str, Any]:
    return rollout_info(rollout, rollout_steps.counts(conn, rollout.id))


def _listed(conn: Connection, project_id: ProjectId) -> list[dict[str, Any]]:
    return [_shown(conn, one) for one in rollouts.of_project(conn, project_id)]
