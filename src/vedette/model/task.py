"""A task: its document, and where it stands."""

from dataclasses import dataclass, field
from typing import Any

from vedette.model.ids import ProjectId, RunId, StreamId, TaskId
from vedette.model.lifecycle import State
from vedette.model.output import TaskOutput
from vedette.model.schedule import Schedule
from vedette.model.source import TaskInput


@dataclass(frozen=True, slots=True)
class TaskDocument:
    """What the caller asked for; kept, and given back (secrets aside)."""

    name: str
    service_name: str
    service_version: str
    input: TaskInput
    output: TaskOutput
    config: dict[str, Any] | None = None
    description: str | None = None
    schedule: Schedule | None = None
    is_saved_as_template: bool | None = None
    resource_order_id: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """A task as it stands.

    Attributes:
        created_at: milliseconds since the epoch.
        updated_at: time of the last change of state, milliseconds since the epoch.
        activated: for scheduled tasks: the timetable is obeyed.
        next_due_at: when the timetable next opens or closes, milliseconds since the epoch.
        run_id: the present or the last run.
        run_started_at: milliseconds since the epoch.
        stream_id: the stream it feeds on, while it has one.
        frames: pictures analysed in the present or last run.
        crashes: how often its worker was lost in a row, with no steady running between.
        video_source_name: name of the registered source, if the input is one.
    """

    id: TaskId
    project_id: ProjectId
    creator: str
    document: TaskDocument
    state: State
    created_at: int
    updated_at: int
    status: str = ""
    error_code: str | None = None
    error_message: str | None = None
    activated: bool | None = None
    next_due_at: int | None = None
    run_id: RunId | None = None
    run_started_at: int | None = None
    stream_id: StreamId | None = None
    frames: int = 0
    crashes: int = 0
    video_source_name: str | None = None
    warnings: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Move:
    """One change of a task's state."""

    task_id: TaskId
    at: int
    before: State | None
    after: State
    cause: str
    actor: str
