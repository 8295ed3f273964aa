"""How the streams go, as the workers that read them say. Ours."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from vedette.api.answers import JSONResponse
from vedette.api.deps import Member, PartsOf, object_id
from vedette.control.streams import Standing
from vedette.model.errors import NotFound
from vedette.model.ids import TaskId
from vedette.schemas.stream_info import StreamInfo, StreamList
from vedette.store import feeding, tasks

TaskIdInPath = Annotated[str, Depends(object_id("task_id"))]

router = APIRouter(prefix="/vedette/v1/{project_id}", tags=["Streams"])


@router.get("/streams", operation_id="ListStreams", response_model=StreamList)
async def streams(principal: Member, parts: PartsOf) -> JSONResponse:
    """Return the streams that the project's tasks feed on and that a worker holds now.

    They are told as of the worker's last report, which comes each second.
    """
    wanted = await parts.db.read(feeding.of, principal.project_id)
    found = [stream_info(one) for one in parts.streams.standing(wanted)]
    return JSONResponse({"count": len(found), "streams": found})


@router.get("/tasks/{task_id}/stream", operation_id="ShowTaskStream", response_model=StreamInfo)
async def of_task(principal: Member, parts: PartsOf, task_id: TaskIdInPath) -> JSONResponse:
    """Return the stream that a task feeds on; refused while it feeds on none."""
    task = await parts.db.read(tasks.get, parts.vault, principal.project_id, TaskId(task_id))
    wanted = await parts.db.read(feeding.of, principal.project_id)
    for one in parts.streams.standing([row for row in wanted if task.id in row.tasks]):
        return JSONResponse(stream_info(one))
    raise NotFound(f"The task is {task.state} and feeds on no stream now.")


def stream_info(one: Standing) -> dict[str, Any]:
    """Return a stream as it is told."""
    report, stats = one.report, one.report.stats
    failure = report.failure
    return {
        "stream_id": report.stream_id,
        "tasks": one.tasks,
        "node": one.node,
        "state": report.state,
        "failure": {"code": failure.code, "message": failure.message} if failure else None,
        "codec": stats.codec,
        "width": stats.width,
        "height": stats.height,
        "fps": round(stats.fps, 3),
        "fps_in": round(stats.fps_in, 2),
        "fps_analysed": round(stats.fps_analysed, 2),
        "bits_per_s": round(stats.bits_per_s),
        "bytes_in": stats.bytes_in,
        "decoded": stats.decoded,
        "analysed": stats.analysed,
        "dropped": stats.dropped,
        "corrupt": stats.corrupt,
        "reconnects": stats.reconnects,
        "cores": None if report.cores is None else round(report.cores, 3),
        "lag_s": round(stats.lag_s, 3),
        "last_frame_at": stats.last_frame_ms or None,
        "drift_ppm": None if stats.drift_ppm is None else round(stats.drift_ppm, 1),
        "camera_ahead_s": None if stats.camera_ahead_s is None else round(stats.camera_ahead_s, 3),
    }
