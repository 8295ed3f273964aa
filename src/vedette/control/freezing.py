"""How a task is frozen, and what it comes back to when it thaws.

A frozen task keeps its document and runs nothing; its timetable is calm. What it comes back to is written down when it
is frozen first. Of several causes one stands in its row; when that one is over, the others are looked at.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from vedette.control import run_ends
from vedette.model.freezing import Cause, Comeback, by_order, by_project, by_quota, comeback
from vedette.model.ids import ProjectId
from vedette.model.lifecycle import WANTED, Signal, State, after
from vedette.model.service import ResourceOrder
from vedette.model.task import Task
from vedette.store import freezing, orders, tasks
from vedette.store.freezing import Terms
from vedette.store.tasks import Standing
from vedette.store.vault import Vault

ENDED: Final = frozenset({State.SUCCEEDED, State.FAILED, State.START_FAILED, State.CREATE_FAILED})
FRESH: Final[dict[str, object]] = {"run_id": None, "stream_id": None, "frames": 0}
"""What lets a new run begin."""


def freeze(conn: Connection, task: Standing | Task, cause: Cause, now_ms: int) -> bool:
    """Freeze a task that can be frozen; False if somebody else moved it first."""
    of_file = task.run_id is not None and str(task.stream_id) == task.run_id
    upgraded_at_rest = task.state is State.UPGRADING and task.resume == Comeback.REST
    wanted = task.state in WANTED and not upgraded_at_rest
    resume = comeback(wanted=wanted, activated=bool(task.activated), of_file=of_file)
    columns: dict[str, object] = {"frozen_by": cause.mark, "status": cause.status, "resume": int(resume)}
    if task.activated is not None:
        columns |= {"activated": 0, "next_due_at": None}
    step = after(task.state, Signal.FREEZE)
    return tasks.move(conn, task, (step,), cause=cause.told, actor=cause.actor, at=now_ms, **columns)


@dataclass(slots=True)
class World:
    """What of a project freezes tasks, as a transaction finds it.

    Attributes:
        orders: those that the tasks name, by id.
        awake: how many tasks are not frozen; looked at only where a quota is exhausted.
    """

    terms: Terms
    orders: Mapping[str, ResourceOrder]
    awake: int

    @classmethod
    def look(cls, conn: Connection, project_id: ProjectId, of: Iterable[Standing | Task]) -> "World":
        """Look at what matters for these tasks of a project."""
        terms = freezing.terms(conn, [project_id])[project_id]
        named = {(str(project_id), order_id) for task in of if (order_id := _order_of(task))}
        found = {order.id: order for order in orders.some(conn, named).values()}
        return cls(terms, found, freezing.awake(conn, project_id) if exhausted(terms) else 0)

    def causes(self, task: Standing | Task, now_ms: int) -> list[Cause]:
        """Return what freezes a task, besides what an operator said of it alone."""
        found = [by_project(self.terms.freeze)] if self.terms.freeze else []
        order = self.orders.get(_order_of(task) or "")
        if order is not None and not order.holds(now_ms):
            found.append(by_order(order.id))
        quota = self.terms.quota
        if quota is not None and exhausted(self.terms) and self.awake >= quota:
            found.append(by_quota(quota))
        return found


def release(
    conn: Connection, vault: Vault, world: World, task: Standing | Task, now_ms: int, *, told: str, actor: str
) -> bool:
    """Thaw a task that stands frozen, unless something else freezes it: that takes the place of the mark."""
    if others := world.causes(task, now_ms):
        mark = {"frozen_by": others[0].mark, "status": others[0].status}
        return tasks.move(conn, task, (), cause="", actor=actor, at=now_ms, **mark)
    world.awake += 1
    before = freezing.state_before(conn, task.id)
    signal, columns = _back(conn, vault, task, before, now_ms)
    columns |= {"frozen_by": None, "resume": None}
    path = (after(task.state, signal),)
    if signal is Signal.THAW and before in WANTED:  # the run that was cut off has ended now
        return run_ends.move(conn, vault, task, path, cause=told, actor=actor, at=now_ms, **columns)
    return tasks.move(conn, task, path, cause=told, actor=actor, at=now_ms, **columns)


def _order_of(task: Standing | Task) -> str | None:
    return task.document.resource_order_id if isinstance(task, Task) else task.resource_order_id


def exhausted(terms: Terms) -> bool:
    """Tell whether a project has more tasks than a quota of its own."""
    return terms.quota is not None and terms.tasks > terms.quota


def _back(
    conn: Connection, vault: Vault, task: Standing | Task, before: State | None, now_ms: int
) -> tuple[Signal, dict[str, object]]:
    """Return where a task goes that thaws, and with which columns; of one with a timetable that decides."""
    resume = Comeback(task.resume or 0)
    kept = before if before in ENDED else None
    rest: dict[str, object] = {"status": f"Thawed. Before it was frozen it had ended: {kept}." if kept else ""}
    if resume is Comeback.REST:
        return Signal.THAW, rest
    obeyed: dict[str, object] = {}
    if task.activated is not None:
        (whole,) = tasks.some(conn, vault, [task.id])
        obeyed = {"activated": 1, "next_due_at": now_ms}  # the timetable says at once what holds
        schedule = whole.document.schedule
        if resume is Comeback.WAITS and kept and schedule is not None:
            # what has ended by itself does not begin again before another window opens
            following = schedule.next_change(task.updated_at)
            obeyed["next_due_at"] = following if following is None or following > now_ms else now_ms
        if resume is Comeback.WAITS or (schedule is not None and not schedule.is_open(now_ms)):
            return Signal.THAW, rest | obeyed
    elif resume is Comeback.WAITS:
        return Signal.THAW, rest
    begun = {} if resume is Comeback.GOES_ON else FRESH
    clean: dict[str, object] = {"status": "", "error_code": None, "error_message": None, "crashes": 0}
    return Signal.THAW_RUNNING, clean | begun | obeyed
