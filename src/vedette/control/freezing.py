"""Tasks are frozen while something forbids them, and thawed when nothing does. Found by indexes, a chunk at a time.

A frozen task keeps its document and runs nothing; its timetable is calm. What it comes back to is written down when it
is frozen first. Of several causes one stands in its row; when that one is over, the loop looks at the others.
"""

from collections.abc import Callable
from typing import Concatenate, Final, ParamSpec

from sqlalchemy import Connection

from vedette.control import run_ends
from vedette.model.freezing import (
    AGAIN,
    OPERATOR,
    ORDER,
    PROJECT,
    QUOTA,
    THAWED,
    Cause,
    Comeback,
    by_order,
    by_project,
    by_quota,
    comeback,
)
from vedette.model.ids import ProjectId
from vedette.model.lifecycle import WANTED, Signal, State, after
from vedette.model.task import Task
from vedette.store import freezing, orders, tasks
from vedette.store.db import Database
from vedette.store.freezing import Held
from vedette.store.tasks import Standing
from vedette.store.vault import Vault

P = ParamSpec("P")

ACTOR: Final = "freezing"
CHUNK: Final = 200
"""How many tasks one transaction moves: whoever else wants to write has their turn in between."""
ENDED: Final = frozenset({State.SUCCEEDED, State.FAILED, State.START_FAILED, State.CREATE_FAILED})
FRESH: Final[dict[str, object]] = {"run_id": None, "stream_id": None, "frames": 0}
"""What lets a new run begin."""


class Freezer:
    """The loop that freezes what something forbids, and thaws what nothing does."""

    def __init__(self, db: Database, vault: Vault, *, on_change: Callable[[], None]) -> None:
        self._db = db
        self._vault = vault
        self._on_change = on_change

    async def run_once(self, now_ms: int) -> None:
        """Freeze and thaw all there is to freeze and thaw."""
        for project_id in await self._db.read(freezing.frozen_projects):
            await self._all(_freeze_project, project_id, now_ms)
        for project_id in await self._db.read(freezing.overfull_projects):
            await self._all(_freeze_beyond, project_id, now_ms)
        if await self._db.read(freezing.under_expired_orders, now_ms, 1):  # a look keeps nobody waiting
            await self._all(_freeze_expired, now_ms)
        if await self._db.read(freezing.marked, 1):
            await self._all(_freeze_marked, now_ms)
        for held in await self._db.read(_lifted, now_ms):
            await self._all(_thaw_held, self._vault, held, now_ms)

    async def _all(self, step: Callable[Concatenate[Connection, P], int], *args: P.args, **kwargs: P.kwargs) -> None:
        """Do a step until it finds nothing more to do."""
        while await self._db.write(step, *args, **kwargs):
            self._on_change()


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


def causes(conn: Connection, task: Standing | Task, now_ms: int) -> list[Cause]:
    """Return what the world has that freezes a task, besides what an operator said of it alone."""
    terms = freezing.terms(conn, [task.project_id])[task.project_id]
    found = [by_project(terms.freeze)] if terms.freeze else []
    order_id = task.resource_order_id if isinstance(task, Standing) else task.document.resource_order_id
    order = orders.find(conn, task.project_id, order_id) if order_id else None
    if order is not None and not order.holds(now_ms):
        found.append(by_order(order.id))
    if terms.quota is not None and terms.tasks > terms.quota <= freezing.awake(conn, task.project_id):
        found.append(by_quota(terms.quota))
    return found


def release(conn: Connection, vault: Vault, task: Standing | Task, now_ms: int, *, told: str, actor: str) -> bool:
    """Thaw a task that stands frozen, unless something else freezes it: that takes the place of the mark."""
    if others := causes(conn, task, now_ms):
        mark = {"frozen_by": others[0].mark, "status": others[0].status}
        return tasks.move(conn, task, (), cause="", actor=actor, at=now_ms, **mark)
    before = freezing.state_before(conn, task.id)
    signal, columns = _back(conn, vault, task, before, now_ms)
    columns |= {"frozen_by": None, "resume": None}
    path = (after(task.state, signal),)
    if signal is Signal.THAW and before in WANTED:  # the run that was cut off has ended now
        return run_ends.move(conn, vault, task, path, cause=told, actor=actor, at=now_ms, **columns)
    return tasks.move(conn, task, path, cause=told, actor=actor, at=now_ms, **columns)


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


# -- steps: each is one transaction, and returns how many tasks it changed


def _freeze_project(conn: Connection, project_id: ProjectId, now_ms: int) -> int:
    terms = freezing.terms(conn, [project_id]).get(project_id)
    if terms is None or terms.freeze is None:
        return 0
    cause = by_project(terms.freeze)
    return sum(freeze(conn, task, cause, now_ms) for task in freezing.of_project(conn, project_id, CHUNK))


def _freeze_beyond(conn: Connection, project_id: ProjectId, now_ms: int) -> int:
    terms = freezing.terms(conn, [project_id]).get(project_id)
    if terms is None or terms.quota is None or terms.tasks <= terms.quota:
        return 0
    beyond = freezing.awake(conn, project_id) - terms.quota
    if beyond <= 0:
        return 0
    cause = by_quota(terms.quota)
    chosen = freezing.least_wanted(conn, project_id, min(beyond, CHUNK))
    return sum(freeze(conn, task, cause, now_ms) for task in chosen)


def _freeze_expired(conn: Connection, now_ms: int) -> int:
    found = freezing.under_expired_orders(conn, now_ms, CHUNK)
    return sum(freeze(conn, task, by_order(task.resource_order_id or ""), now_ms) for task in found)


def _freeze_marked(conn: Connection, now_ms: int) -> int:
    return sum(
        freeze(conn, task, Cause(OPERATOR, task.status, "freeze", OPERATOR), now_ms)
        for task in freezing.marked(conn, CHUNK)
    )


def _thaw_held(conn: Connection, vault: Vault, held: Held, now_ms: int) -> int:
    mark, project_id = held
    room = _room(conn, mark, project_id, now_ms)
    kind = mark.partition(":")[0]
    actor = (kind == PROJECT and freezing.thawer(conn, project_id)) or ACTOR
    return sum(
        release(conn, vault, task, now_ms, told=THAWED[kind], actor=actor)
        for task in freezing.frozen(conn, mark, project_id, min(room, CHUNK))
    )


def _lifted(conn: Connection, now_ms: int) -> list[Held]:
    """Return the marks of frozen tasks whose cause is over."""
    return [held for held in freezing.held(conn) if _room(conn, *held, now_ms) and freezing.frozen(conn, *held, 1)]


def _room(conn: Connection, mark: str, project_id: ProjectId, now_ms: int) -> int:
    """Return how many of the tasks under a mark it does not hold any more."""
    if mark == OPERATOR:
        return 0
    if mark == AGAIN:
        return CHUNK
    if mark.startswith(ORDER):
        order = orders.find(conn, project_id, mark.removeprefix(ORDER))
        return CHUNK if order is None or order.holds(now_ms) else 0
    terms = freezing.terms(conn, [project_id])[project_id]
    if mark == QUOTA and terms.quota is not None:
        return max(0, terms.quota - freezing.awake(conn, project_id))
    return 0 if mark == PROJECT and terms.freeze else CHUNK
