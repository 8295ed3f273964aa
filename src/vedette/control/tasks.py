"""The verbs of tasks: create, start, stop, delete.

Whoever wants something of a task comes through here: a user's call, the timetable, an operator. A verb writes what
is wanted and wakes the loops; what is wanted becomes what is running elsewhere.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection

from vedette.algorithms.registry import Registry, check_config
from vedette.control.services import ServiceFacts, deploy_type, facts
from vedette.model.errors import IllegalTransition, InvalidParameter, NotFound, NotReferable
from vedette.model.ids import ProjectId, TaskId, VideoSourceId, new_hex
from vedette.model.lifecycle import WANTED, Signal, State, after
from vedette.model.quota import USUAL, Quotas, Resource
from vedette.model.source import InputType
from vedette.model.task import Task, TaskDocument
from vedette.store import quotas, tasks, video_sources
from vedette.store.db import Database
from vedette.store.identity import Principal
from vedette.store.vault import Vault

ONLY: Final[Mapping[InputType, str]] = {
    InputType.OBS: "cloud",
    InputType.URL: "cloud",
    InputType.EDGECAMERA: "edge",
    InputType.VCN: "edge",
}
"""Inputs that services of one kind take; the others are taken by both."""
AT_REST: Final = frozenset(
    {State.STOPPING, State.STOPPED, State.CREATE_FAILED, State.START_FAILED, State.SUCCEEDED, State.FAILED}
)
"""States in which there is nothing to stop."""
TRIES: Final = 8
"""How often a verb looks again when somebody else moved the task meanwhile."""


@dataclass(frozen=True, slots=True)
class Tasks:
    """The verbs, with what they need.

    Attributes:
        wake: tells the loops that there is something to do.
        clock: milliseconds since the epoch.
        quotas: what a project may have that has no limits of its own.
    """

    db: Database
    vault: Vault
    registry: Registry
    wake: Callable[[], None]
    clock: Callable[[], int]
    quotas: Quotas = USUAL

    async def create(self, principal: Principal, documents: Sequence[TaskDocument]) -> list[TaskId]:
        """Write new tasks, all or none, in order.

        Raises:
            NotReferable: service, version or video source do not exist.
            InvalidParameter: the service does not take this type of input, or a known parameter has a bad value.
            TaskNameTaken: a task of the project has a name.
            TaskQuotaReached: the project would have too many tasks.
        """
        first = documents[0]
        algorithm = self.registry.find(first.service_name, first.service_version)
        deploy = deploy_type(algorithm.manifest, first.service_name)
        _check_input_type(first.input.type, deploy)
        _, warnings = check_config(algorithm, first.config)
        now = self.clock()
        new = [self._new(principal, document, tuple(warnings), now) for document in documents]
        await self.db.write(_create, self.vault, new, deploy, self.quotas)
        self.wake()
        return [task.id for task in new]

    async def get(self, project_id: ProjectId, task_id: TaskId) -> tuple[Task, ServiceFacts | None]:
        """Return a task of the project, and the facts of its service.

        Raises:
            TaskNotFound: the project has none with that id.
        """
        task = await self.db.read(tasks.get, self.vault, project_id, task_id)
        return task, facts(self.registry, task.document.service_name, task.document.service_version)

    async def start(self, project_id: ProjectId, task_id: TaskId, *, actor: str) -> None:
        """Ask for a task to run; nothing changes if it is asked for already.

        Raises:
            TaskNotFound: the project has none with that id.
            IllegalTransition: it is being stopped, frozen or deleted.
        """
        await self._tell(project_id, task_id, self._starting, cause="start", actor=actor)

    async def stop(self, project_id: ProjectId, task_id: TaskId, *, actor: str) -> None:
        """Ask for a task to rest; nothing changes if it does already.

        Raises:
            TaskNotFound: the project has none with that id.
            IllegalTransition: it is frozen or being deleted.
        """
        await self._tell(project_id, task_id, _stopping, cause="stop", actor=actor)

    async def delete(self, project_id: ProjectId, task_id: TaskId, *, actor: str) -> None:
        """Ask for a task to be removed; it is gone once nothing of it runs any more.

        Raises:
            TaskNotFound: the project has none with that id.
        """
        await self._tell(project_id, task_id, _deleting, cause="delete", actor=actor)

    def _new(self, principal: Principal, document: TaskDocument, warnings: tuple[str, ...], now: int) -> Task:
        task = Task(
            id=TaskId(new_hex()),
            project_id=principal.project_id,
            creator=principal.user_name,
            document=document,
            state=State.PENDING,
            created_at=now,
            updated_at=now,
            warnings=warnings,
        )
        return replace(task, **self._activated(task, now))

    def _activated(self, task: Task, now: int) -> dict[str, Any]:
        """Return the columns of an activated timetable; a closed one is due at once, and the scheduler closes."""
        schedule = task.document.schedule
        if schedule is None:
            return {}
        return {"activated": True, "next_due_at": schedule.next_change(now) if schedule.is_open(now) else now}

    def _starting(self, task: Task, now: int) -> tuple[list[State], dict[str, Any]]:
        if task.state in WANTED:
            return [], {} if task.activated else self._activated(task, now)
        fresh = {"status": "", "error_code": None, "error_message": None, "run_id": None, "stream_id": None}
        return [after(task.state, Signal.START)], fresh | {"frames": 0, "crashes": 0} | self._activated(task, now)

    async def _tell(
        self,
        project_id: ProjectId,
        task_id: TaskId,
        plan: Callable[[Task, int], tuple[list[State], dict[str, Any]]],
        *,
        cause: str,
        actor: str,
    ) -> None:
        def look_and_move(conn: Connection, now: int) -> bool:
            task = tasks.get(conn, self.vault, project_id, task_id)
            path, columns = plan(task, now)
            return tasks.move(conn, task, path, cause=cause, actor=actor, at=now, **columns)

        for _ in range(TRIES):
            if await self.db.write(look_and_move, self.clock()):
                self.wake()
                return
        raise IllegalTransition(f"The task changes too quickly for anybody to {cause} it.")


def _stopping(task: Task, _now: int) -> tuple[list[State], dict[str, Any]]:
    calm = {"activated": False, "next_due_at": None} if task.document.schedule else {}
    if task.state in AT_REST:
        return [], calm
    return [after(task.state, Signal.STOP)], {"status": "", **calm}


def _deleting(task: Task, _now: int) -> tuple[list[State], dict[str, Any]]:
    if task.state is State.DELETING:
        return [], {}
    return [after(task.state, Signal.DELETE)], {"next_due_at": None}


def _check_input_type(kind: InputType, deploy: str) -> None:
    if ONLY.get(kind, deploy) != deploy:
        raise InvalidParameter(f"A service of type {deploy} does not take the input type {kind}.", param="type")


def _create(conn: Connection, vault: Vault, new: Sequence[Task], deploy: str, usual: Quotas) -> None:
    project_id = new[0].project_id
    for task in new:
        _check_source(conn, vault, project_id, task, deploy)
    for task in new:
        tasks.insert(conn, vault, task, actor=task.creator)
    quotas.take(conn, project_id, Resource.TASKS, len(new), usual)


def _check_source(conn: Connection, vault: Vault, project_id: ProjectId, task: Task, deploy: str) -> None:
    source_id = task.document.input.datum.video_source_id
    if task.document.input.type is not InputType.VIDEO_SOURCE or source_id is None:
        return
    try:
        source = video_sources.get(conn, vault, project_id, VideoSourceId(source_id))
    except NotFound:
        raise NotReferable(f"There is no video source {source_id}.", param="video_source_id") from None
    if source.access_type != deploy:
        raise InvalidParameter(
            f"A service of type {deploy} does not take a video source whose access type is {source.access_type}.",
            param="type",
        )
