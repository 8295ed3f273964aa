"""A task: its document, and where it stands."""

from dataclasses import dataclass, field
from typing import Any

from vedette.model.freezing import Comeback
from vedette.model.ids import ProjectId, RunId, StreamId, TaskId
from vedette.model.lifecycle import State
from vedette.model.output import TaskOutput
from vedette.model.priority import USUAL, Priority
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
    edge_pool_id: str | None = None
    priority: Priority | None = None
    target_roi: str | None = None
    """Of a batch's entry: takes the place of the parameter `target_roi`, whatever the batch's `config` says."""

    @property
    def importance(self) -> Priority:
        """Its priority, or the usual one."""
        return self.priority or USUAL

    @property
    def parameters(self) -> dict[str, Any] | None:
        """What the algorithm is given of it: `config`, with the entry's region in its place."""
        return self.config if self.target_roi is None else (self.config or {}) | {"target_roi": self.target_roi}


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
        input_name: what stands for that name if the input is none.
        version: grows with every change of the document.
        batch_id: the batch task that made it.
        group_id: the video group in which the batch found its source.
        template_id: the template it was made from, or saved as.
        halted_by: why it is STOPPED if nobody asked for that: `no_service`, `priority`.
        frozen_by: what holds it frozen, such as `order:<id>`; see `model.freezing`.
        resume: while it is frozen or upgraded: what it comes back to.
        former_version: of the service, before the last upgrade: the way back.
        parked_for: while it is PENDING: what it waits for; the reconciler passes it over until that is to be had.
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
    input_name: str | None = None
    version: int = 1
    batch_id: str | None = None
    group_id: str | None = None
    template_id: str | None = None
    halted_by: str | None = None
    frozen_by: str | None = None
    resume: Comeback | None = None
    parked_for: str | None = None
    former_version: str | None = None
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
