"""The verbs of tasks: create, change, start, stop, delete.

Whoever wants something of a task comes through here: a user's call, the timetable, an operator. A verb writes what
is wanted and wakes the loops; what is wanted becomes what is running elsewhere.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

from vedette.algorithms.registry import Registry
from vedette.control import task_rules, updates
from vedette.control.creation import activated, drafts, write
from vedette.control.precedence import HALTED
from vedette.control.services import ServiceFacts, facts, lasting_facts
from vedette.model.errors import Frozen, IllegalTransition, NotFound, Outdated
from vedette.model.freezing import COLD, Comeback
from vedette.model.ids import ProjectId, TaskId, VideoSourceId
from vedette.model.lifecycle import Signal, State, after, is_wanted, path
from vedette.model.quota import USUAL, Quotas
from vedette.model.secrets import unmask
from vedette.model.source import VideoSource
from vedette.model.task import Task, TaskDocument
from vedette.store import freezing, task_lists, tasks, video_sources
from vedette.store.db import Database
from vedette.store.idempotency import Repeat, once
from vedette.store.identity import Principal
from vedette.store.vault import Vault

AT_REST: Final = frozenset(
    {State.STOPPING, State.STOPPED, State.CREATE_FAILED, State.START_FAILED, State.SUCCEEDED, State.FAILED}
)
"""States in which there is nothing to stop."""
START: Final = "start"
TRIES: Final = 8
"""How often a verb looks again when somebody else moved the task meanwhile."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A task, and what its document tells besides.

    Attributes:
        service: the facts of its service, by name.
        groups: names of the video groups its source is in.
        source: the registered source, if its input is one.
        next_change_at: when its timetable opens or closes next, milliseconds since the epoch; None if it is not obeyed.
    """

    task: Task
    service: Mapping[str, str]
    groups: tuple[str, ...]
    source: VideoSource | None
    next_change_at: int | None = None


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

    async def create(
        self,
        principal: Principal,
        documents: Sequence[TaskDocument],
        *,
        template_id: str | None = None,
        repeat: Repeat | None = None,
    ) -> list[TaskId]:
        """Write new tasks, all or none, in order.

        Args:
            principal: who creates them.
            documents: of one service and one configuration, nothing masked in them.
            template_id: a template whose parameters hold where the documents have none of their own.
            repeat: the key under which the same request may come again; it is then answered the same.

        Raises:
            NotReferable: service, version, template, order or video source do not exist.
            InvalidParameter: the service does not take this type of input, a known parameter has a bad value, the
                template is another service's, something is masked, or the key was used for another request.
            TaskNameTaken: a task of the project has a name.
            TaskQuotaReached: the project would have too many tasks.
        """
        whole = [unmask(document, None) for document in documents]
        if template_id is None:
            task_rules.check_service(self.registry, whole[0])  # what is wrong by itself costs no transaction
        made = await self.db.write(self._create, principal, whole, template_id, repeat, self.clock())
        self.wake()
        return [TaskId(task_id) for task_id in made]

    async def update(
        self,
        project_id: ProjectId,
        task_id: TaskId,
        change: Mapping[str, Any],
        *,
        actor: str,
        versions: Collection[int] | None = None,
    ) -> None:
        """Change fields of a task's document; a task that runs takes them over live.

        Args:
            project_id: the task's project.
            task_id: the task.
            change: fields of `TaskDocument` and their new values; see `control.updates.apply`.
            actor: who asks.
            versions: the change holds only for these versions of the document; None: for every one.

        Raises:
            TaskNotFound: the project has none with that id.
            Outdated: the document has another version.
            IllegalTransition: it is being deleted.
            InvalidParameter: a rule is broken.
            NotReferable: something that the document names does not exist.
            TaskNameTaken: another task of the project has the new name.
        """

        def look_and_change(conn: Connection, now: int) -> bool:
            tasks.lock(conn, project_id, task_id)
            task = tasks.get(conn, self.vault, project_id, task_id)
            if versions is not None and task.version not in versions:
                raise Outdated(f"The task has the version {task.version} by now.", param="If-Match")
            own = _with_region(task, change)
            return updates.apply(conn, self.vault, self.registry, task, own, actor=actor, now_ms=now)

        if not await self.db.write(look_and_change, self.clock()):
            raise IllegalTransition("The task changes too quickly for anybody to update it.")
        self.wake()

    async def get(self, project_id: ProjectId, task_id: TaskId) -> tuple[Task, ServiceFacts | None]:
        """Return a task of the project, and the facts of its service.

        Raises:
            TaskNotFound: the project has none with that id.
        """
        task = await self.db.read(tasks.get, self.vault, project_id, task_id)
        return task, facts(self.registry, task.document.service_name, task.document.service_version)

    async def show(self, project_id: ProjectId, task_id: TaskId) -> Shown:
        """Return a task of the project with what its document tells besides.

        Raises:
            TaskNotFound: the project has none with that id.
        """

        def look(conn: Connection) -> Shown:
            task = tasks.get(conn, self.vault, project_id, task_id)
            document = task.document
            source_id = document.input.source_id
            source = None
            if source_id is not None:
                with suppress(NotFound):
                    source = video_sources.get(conn, self.vault, project_id, VideoSourceId(source_id))
            names = task_lists.group_names(conn, project_id, source_id, task.group_id)
            service = lasting_facts(self.registry, document.service_name, document.service_version)
            change_at = None
            if document.schedule is not None and task.activated:
                change_at = document.schedule.next_change(self.clock())
            return Shown(task, service, tuple(names), source, change_at)

        return await self.db.read(look)

    async def start(self, project_id: ProjectId, task_id: TaskId, *, actor: str) -> None:
        """Ask for a task to run; nothing changes if it is asked for already.

        Raises:
            TaskNotFound: the project has none with that id.
            IllegalTransition: it is being stopped or deleted.
            Frozen: it is frozen, or its project is.
        """
        await self._tell(project_id, task_id, self._starting, cause=START, actor=actor)

    async def stop(self, project_id: ProjectId, task_id: TaskId, *, actor: str) -> None:
        """Ask for a task to rest; nothing changes if it does already. One that is frozen rests when it thaws.

        Raises:
            TaskNotFound: the project has none with that id.
            IllegalTransition: it is being deleted.
        """
        await self._tell(project_id, task_id, _stopping, cause="stop", actor=actor)

    async def delete(self, project_id: ProjectId, task_id: TaskId, *, actor: str) -> None:
        """Ask for a task to be removed; it is gone once nothing of it runs any more.

        Raises:
            TaskNotFound: the project has none with that id.
        """
        await self._tell(project_id, task_id, _deleting, cause="delete", actor=actor)

    def _create(
        self,
        conn: Connection,
        principal: Principal,
        documents: Sequence[TaskDocument],
        template_id: str | None,
        repeat: Repeat | None,
        now: int,
    ) -> list[str]:
        def work() -> list[str]:
            new = drafts(conn, self.registry, principal, documents, template_id, now)
            write(conn, self.vault, new, self.quotas)
            return [task.id for task in new]

        made: list[str] = once(conn, principal.project_id, repeat, now, work)
        return made

    def _starting(self, task: Task, now: int) -> tuple[list[State], dict[str, Any]]:
        if task.frozen_by is not None or task.state in COLD:
            raise Frozen(f"A frozen task cannot be started. {task.status}".rstrip())
        if is_wanted(task.state, task.resume):
            return [], {} if task.activated else activated(task.document.schedule, now)
        fresh: dict[str, Any] = {
            "status": "",
            "error_code": None,
            "error_message": None,
            "run_id": None,
            "stream_id": None,
        }
        fresh |= {"frames": 0, "crashes": 0, **activated(task.document.schedule, now)}
        if task.state is State.UPGRADING:  # at rest: it stands on the new version already
            return path(task.state, (Signal.STOPPED, Signal.START)), fresh
        return [after(task.state, Signal.START)], fresh

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
            if cause == START:
                freezing.check_project(conn, project_id)
            path, columns = plan(task, now)
            return tasks.move(conn, task, path, cause=cause, actor=actor, at=now, **columns)

        for _ in range(TRIES):
            if await self.db.write(look_and_move, self.clock()):
                self.wake()
                return
        raise IllegalTransition(f"The task changes too quickly for anybody to {cause} it.")


def _with_region(task: Task, change: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a change of one task: the region a batch gave it is shown in its `config`, so it is changed there too."""
    if task.document.target_roi is None or "config" not in change:
        return change
    return {**change, "target_roi": (change["config"] or {}).get(task_rules.ROI)}


def _stopping(task: Task, _now: int) -> tuple[list[State], dict[str, Any]]:
    calm: dict[str, Any] = {}
    if task.activated is not None:  # also while a timetable that was removed is still to be acted on
        calm = {"activated": False if task.document.schedule else None, "next_due_at": None}
    if task.state in COLD:
        return [], {**calm, "resume": int(Comeback.REST), "halted_by": None}
    if task.state in AT_REST:
        return [], calm | ({"halted_by": None, "status": ""} if task.halted_by == HALTED else {})
    return [after(task.state, Signal.STOP)], {"status": "", **calm}


def _deleting(task: Task, _now: int) -> tuple[list[State], dict[str, Any]]:
    if task.state is State.DELETING:
        return [], {}
    return [after(task.state, Signal.DELETE)], {"next_due_at": None}
