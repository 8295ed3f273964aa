"""The answer's document of one task, as the page "Obtaining Task Details" has it.

What is not set is left out, as in the published example. Secrets are hidden.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from msgspec import to_builtins

from vedette.model.listed import ListedTask
from vedette.model.output import TaskOutput
from vedette.model.schedule import Schedule
from vedette.model.source import InputType, TaskInput, VideoSource
from vedette.model.task import Task
from vedette.schemas.masking import MASK, hide_userinfo, hide_values, shown_url

MINUTE_MS = 60_000
EPOCH = date(1970, 1, 1)
MAX_STATUS = 4096
MIN_ERROR, MAX_ERROR = 2, 512


def iso(at_ms: int) -> str:
    """Return milliseconds since the epoch as the detail page writes times: `2023-06-06T06:59:33.024Z`."""
    minute, rest = divmod(at_ms, MINUTE_MS)
    return f"{_minute(minute)}{rest // 1000:02d}.{rest % 1000:03d}Z"


@lru_cache(maxsize=4096)
def _minute(minute: int) -> str:
    """Return a minute, counted from the epoch, up to its seconds; lists show the same few again and again."""
    day, rest = divmod(minute, 24 * 60)
    return f"{(EPOCH + timedelta(days=day)).isoformat()}T{rest // 60:02d}:{rest % 60:02d}:"


def task_info(
    task: Task,
    service: Mapping[str, str],
    groups: Sequence[str] = (),
    source: VideoSource | None = None,
    next_change_at: int | None = None,
) -> dict[str, Any]:
    """Return the document of a task.

    Args:
        task: the task as it stands.
        service: `service_id`, `release_id`, `title`, `company`, `task_config`, `type`, `package_id` and
            `algorithm_publish_id`.
        groups: names of the video groups its source is in.
        source: the registered source, if the input is one.
        next_change_at: when its timetable opens or closes next, milliseconds since the epoch.
    """
    document = task.document
    info = standing_info(task) | {
        "name": document.name,
        "description": document.description or None,
        "event_type": 0,
        "priority": document.importance.value,
        "steal": 0,
        "schedule_status": document.schedule and schedule_status(activated=task.activated),
        "schedule": document.schedule and schedule_info(document.schedule),
        "next_change_at": None if next_change_at is None else iso(next_change_at),
        "input": input_info(document.input),
        "output": output_info(document.output),
        "config": None if document.parameters is None else {"common": document.parameters},
        "video_source_name": task.video_source_name or task.input_name or "",
        "group_name": ",".join(groups) or None,
        "resource_order_id": document.resource_order_id,
        "device_id": document.input.datum.device_id or document.input.datum.id or (source and source.device_id),
        "access_address": _access_address(document.input, source),
    }
    return _present({**info, **service})


def standing_info(task: Task | ListedTask) -> dict[str, Any]:
    """Return where a task stands, in the fields that both dialects have; None for those that are not set."""
    return {
        "id": task.id,
        "creator": task.creator,
        "project_id": task.project_id,
        "created_at": iso(task.created_at),
        "updated_at": iso(task.updated_at),
        "state": task.state.value,
        "status": status_text(task.status, task.warnings) or None,
        "error": _error(task),
    }


def status_text(status: str, warnings: Sequence[str]) -> str:
    """Return a status and the warnings of the task's configuration, addresses hidden, within the documented length."""
    text = hide_userinfo(" ".join(part for part in (status, *warnings) if part))
    return text if len(text) <= MAX_STATUS else text[: MAX_STATUS - 1] + "…"


def _access_address(given: TaskInput, source: VideoSource | None) -> str | None:
    """Return the address that is opened, or asked for the one to open; credentials hidden."""
    leaves = source.leaves if source else {}
    server = (given.vcn.ip, given.vcn.port) if given.vcn else (leaves.get("IP"), leaves.get("PORT"))
    address = given.datum.url if given.type in {InputType.URL, InputType.RESTFUL} else None
    address = address or leaves.get("URL_ADDRESS") or leaves.get("URL")
    if address is None and server[0]:
        address = ":".join(str(part) for part in server if part)
    return address and hide_userinfo(address)


def _error(task: Task | ListedTask) -> dict[str, str] | None:
    if task.error_code is None:
        return None
    message = hide_userinfo(task.error_message or "")[:MAX_ERROR]
    return {"code": task.error_code, "message": message if len(message) >= MIN_ERROR else "Unknown error."}


def schedule_status(*, activated: bool | None) -> str:
    """Return whether the timetable of a task is obeyed."""
    return "ACTIVATED" if activated else "INACTIVATED"


def schedule_info(schedule: Schedule) -> dict[str, Any]:
    """Return a timetable as it was sent."""
    return _present(to_builtins(schedule))


def input_info(received: TaskInput) -> dict[str, Any]:
    """Return the input as it was sent, secrets hidden."""
    datum = _present(to_builtins(received.datum))
    if "url" in datum:
        datum["url"] = shown_url(datum["url"])
    if "headers" in datum:
        datum["headers"] = hide_values(datum["headers"])
    vcn = to_builtins(received.vcn) | {"password": MASK} if received.vcn else None
    return _present({"type": received.type.value, "data": [datum], "vcn": vcn})


def output_info(output: TaskOutput) -> dict[str, Any]:
    """Return the outputs as they were sent, secrets hidden."""
    info = {name: _present(value) if isinstance(value, dict) else value for name, value in to_builtins(output).items()}
    if output.webhook:
        info["webhook"]["url"] = shown_url(output.webhook.url)
        info["webhook"]["headers"] = hide_values(output.webhook.headers)
    return _present(info)


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
