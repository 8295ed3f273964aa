"""What we tell of a task beyond the published fields: its progress, and the history of its states. Ours."""

from typing import Annotated

from fastapi import APIRouter, Depends

from vedette.api.answers import JSONResponse
from vedette.api.deps import Member, PartsOf, object_id
from vedette.model.ids import TaskId
from vedette.schemas.event_info import History, Progress
from vedette.store import tasks

TaskIdInPath = Annotated[str, Depends(object_id("task_id"))]

router = APIRouter(prefix="/vedette/v1/{project_id}/tasks/{task_id}", tags=["Tasks (additions)"])


@router.get("/progress", operation_id="ShowTaskProgress", response_model=Progress)
async def progress(principal: Member, parts: PartsOf, task_id: TaskIdInPath) -> JSONResponse:
    """Return how far a task's present or last run has come, and how its deliveries stand."""
    task = await parts.db.read(tasks.get, parts.vault, principal.project_id, TaskId(task_id))
    delivered = await parts.db.read(tasks.deliveries, principal.project_id, task.id)
    stored = await parts.db.read(tasks.count_events, principal.project_id, task.id)
    return JSONResponse(
        {
            "state": task.state,
            "run_id": task.run_id,
            "run_started_at": task.run_started_at,
            "frames": task.frames,
            "events": stored,
            "pending_deliveries": delivered["due"],
            "delivered": delivered["done"],
            "dead_letters": delivered["dead"],
        }
    )


@router.get("/history", operation_id="ShowTaskHistory", response_model=History)
async def history(principal: Member, parts: PartsOf, task_id: TaskIdInPath) -> JSONResponse:
    """Return every change of a task's state, oldest first: when, from what to what, why, and by whom."""
    await parts.db.read(tasks.get, parts.vault, principal.project_id, TaskId(task_id))
    moves = await parts.db.read(tasks.history, principal.project_id, TaskId(task_id))
    rows = [
        {"at": move.at, "from": move.before, "to": move.after, "cause": move.cause, "actor": move.actor}
        for move in moves
    ]
    return JSONResponse({"count": len(rows), "moves": rows})
