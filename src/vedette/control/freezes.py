"""An operator's freezes: of a task, of a whole project; and what freezes a task, for those who ask.

A task is frozen at once. A project is marked, and the loop freezes its tasks a chunk at a time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from sqlalchemy import Connection

from vedette.control.freezing import World, freeze, release
from vedette.model.errors import IllegalTransition
from vedette.model.freezing import AGAIN, COLD, OPERATOR, THAWED, THAWING, Cause, Comeback, ProjectFreeze, by_operator
from vedette.model.ids import ProjectId, TaskId
from vedette.model.lifecycle import State
from vedette.model.task import Task
from vedette.store import freezing, tasks
from vedette.store.db import Database
from vedette.store.vault import Vault

G = TypeVar("G")

TRIES: Final = 8
"""How often a verb looks again when somebody else moved the task meanwhile."""


@dataclass(frozen=True, slots=True)
class TaskFreeze:
    """That a task is frozen, or is not.

    Attributes:
        frozen: something freezes it, if not yet then in a moment.
        since: when it was told to freeze or stood frozen, milliseconds since the epoch.
        causes: all that freeze it.
        comes_back: what it comes back to.
    """

    frozen: bool
    since: int | None = None
    causes: tuple[Cause, ...] = ()
    comes_back: Comeback | None = None


@dataclass(frozen=True, slots=True)
class Freezes:
    """The verbs, with what they need.

    Attributes:
        wake: tells the loops that there is something to do.
        clock: milliseconds since the epoch.
    """

    db: Database
    vault: Vault
    wake: Callable[[], None]
    clock: Callable[[], int]

    async def of_task(self, project_id: ProjectId, task_id: TaskId) -> TaskFreeze:
        """Return what freezes a task.

        Raises:
            TaskNotFound: the project has none with that id.
        """
        return await self.db.read(_shown, self.vault, project_id, task_id, self.clock())

    async def freeze_task(self, project_id: ProjectId, task_id: TaskId, reason: str, *, actor: str) -> None:
        """Freeze a task; one that is frozen already is held by the operator besides.

        Raises:
            TaskNotFound: the project has none with that id.
            IllegalTransition: it is being deleted.
        """
        await self._tell(_freeze, project_id, task_id, by_operator(actor, reason))

    async def thaw_task(self, project_id: ProjectId, task_id: TaskId, *, actor: str) -> None:
        """Take back an operator's freeze of a task; it thaws if nothing else holds it.

        Raises:
            TaskNotFound: the project has none with that id.
            IllegalTransition: something else froze it.
        """
        await self._tell(_thaw, project_id, task_id, actor)

    async def of_project(self, project_id: ProjectId) -> ProjectFreeze | None:
        """Return that a project is frozen, or None.

        Raises:
            NotFound: there is no such project.
        """
        return await self.db.read(freezing.project_freeze, project_id)

    async def freeze_project(self, project_id: ProjectId, reason: str, *, actor: str) -> ProjectFreeze:
        """Freeze a project: all its tasks, and it gets no new ones. Frozen before, it only takes the new reason.

        Raises:
            NotFound: there is no such project.
        """

        def write(conn: Connection, now: int) -> ProjectFreeze:
            known = freezing.project_freeze(conn, project_id)
            wanted = ProjectFreeze(known.at if known else now, actor, reason)
            freezing.set_project_freeze(conn, project_id, wanted, actor=actor)
            return wanted

        done = await self.db.write(write, self.clock())
        self.wake()
        return done

    async def thaw_project(self, project_id: ProjectId, *, actor: str) -> None:
        """Thaw a project: its tasks thaw that nothing else holds.

        Raises:
            NotFound: there is no such project.
        """

        def write(conn: Connection) -> None:
            if freezing.project_freeze(conn, project_id) is not None:
                freezing.set_project_freeze(conn, project_id, None, actor=actor)

        await self.db.write(write)
        self.wake()

    async def _tell(
        self, act: Callable[[Connection, Vault, Task, G, int], bool], project_id: ProjectId, task_id: TaskId, given: G
    ) -> None:
        def look_and_act(conn: Connection, now: int) -> bool:
            tasks.lock(conn, project_id, task_id)
            return act(conn, self.vault, tasks.get(conn, self.vault, project_id, task_id), given, now)

        for _ in range(TRIES):
            if await self.db.write(look_and_act, self.clock()):
                self.wake()
                return
        raise IllegalTransition("The task changes too quickly for anybody to freeze or thaw it.")


def _freeze(conn: Connection, _vault: Vault, task: Task, cause: Cause, now: int) -> bool:
    if task.state is State.DELETING:
        raise IllegalTransition("A task that is being deleted cannot be frozen.")
    if task.state in freezing.FREEZABLE:
        return freeze(conn, task, cause, now)
    # frozen already, or being stopped: the loop freezes it when it stands still
    mark = {"frozen_by": cause.mark, "status": cause.status}
    return tasks.move(conn, task, (), cause="", actor=cause.actor, at=now, **mark)


def _thaw(conn: Connection, vault: Vault, task: Task, actor: str, now: int) -> bool:
    if task.frozen_by is None or task.state is State.DELETING:
        return True
    if task.frozen_by != OPERATOR:
        if task.frozen_by == AGAIN:
            return True
        raise IllegalTransition(f"No operator has frozen this task. {task.status}")
    if task.state is State.FROZEN:
        world = World.look(conn, task.project_id, [task])
        return release(conn, vault, world, task, now, told=THAWED[OPERATOR], actor=actor)
    if task.state is State.FREEZING:
        return tasks.move(conn, task, (), cause="", actor=actor, at=now, frozen_by=AGAIN, status=THAWING)
    return tasks.move(conn, task, (), cause="", actor=actor, at=now, frozen_by=None, status="")


def _shown(conn: Connection, vault: Vault, project_id: ProjectId, task_id: TaskId, now: int) -> TaskFreeze:
    task = tasks.get(conn, vault, project_id, task_id)
    if task.frozen_by is None or task.state is State.DELETING:
        return TaskFreeze(frozen=False)
    found = World.look(conn, project_id, [task]).causes(task, now)
    if task.frozen_by == OPERATOR:
        found = [Cause(OPERATOR, task.status, "", ""), *found]
    cold = task.state in COLD
    return TaskFreeze(True, task.updated_at if cold else None, tuple(found), task.resume if cold else None)
