"""The loop that freezes what something forbids, and thaws what nothing does. Found by indexes, a chunk at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Concatenate, Final, ParamSpec

from sqlalchemy import Connection

from vedette.control.freezing import World, exhausted, freeze, release
from vedette.model.freezing import AGAIN, OPERATOR, ORDER, PROJECT, QUOTA, THAWED, Cause, by_order, by_project, by_quota
from vedette.model.ids import ProjectId
from vedette.store import freezing, orders
from vedette.store.db import Database
from vedette.store.freezing import Held
from vedette.store.vault import Vault

P = ParamSpec("P")

ACTOR: Final = "freezing"
CHUNK: Final = 50
"""How many tasks one transaction moves: whoever else wants to write has their turn in between."""


@dataclass(frozen=True, slots=True)
class _Due:
    """What there is to do; each step looks again in its own transaction."""

    frozen: Sequence[ProjectId]
    overfull: Sequence[ProjectId]
    expired: bool
    marked: bool
    lifted: Sequence[Held]


class Freezer:
    """The loop that freezes what something forbids, and thaws what nothing does."""

    def __init__(self, db: Database, vault: Vault, *, on_change: Callable[[], None]) -> None:
        self._db = db
        self._vault = vault
        self._on_change = on_change

    async def run_once(self, now_ms: int) -> None:
        """Freeze and thaw all there is to freeze and thaw."""
        due = await self._db.read(_look, now_ms)
        for project_id in due.frozen:
            await self._all(_freeze_project, project_id, now_ms)
        for project_id in due.overfull:
            await self._all(_freeze_beyond, project_id, now_ms)
        if due.expired:
            await self._all(_freeze_expired, now_ms)
        if due.marked:
            await self._all(_freeze_marked, now_ms)
        for held in due.lifted:
            await self._all(_thaw_held, self._vault, held, now_ms)

    async def _all(self, step: Callable[Concatenate[Connection, P], int], *args: P.args, **kwargs: P.kwargs) -> None:
        """Do a step until it finds nothing more to do."""
        while await self._db.write(step, *args, **kwargs):
            self._on_change()


# -- steps: each is one transaction, and returns how many tasks it changed


def _freeze_project(conn: Connection, project_id: ProjectId, now_ms: int) -> int:
    terms = freezing.terms(conn, [project_id]).get(project_id)
    if terms is None or terms.freeze is None:
        return 0
    cause = by_project(terms.freeze)
    return sum(freeze(conn, task, cause, now_ms) for task in freezing.of_project(conn, project_id, CHUNK))


def _freeze_beyond(conn: Connection, project_id: ProjectId, now_ms: int) -> int:
    terms = freezing.terms(conn, [project_id]).get(project_id)
    if terms is None or terms.quota is None or not exhausted(terms):
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
    chosen = freezing.frozen(conn, mark, project_id, min(room, CHUNK))
    world = World.look(conn, project_id, chosen)
    return sum(release(conn, vault, world, task, now_ms, told=THAWED[kind], actor=actor) for task in chosen)


def _look(conn: Connection, now_ms: int) -> _Due:
    return _Due(
        freezing.frozen_projects(conn),
        freezing.overfull_projects(conn),
        bool(freezing.under_expired_orders(conn, now_ms, 1)),
        bool(freezing.marked(conn, 1)),
        _lifted(conn, now_ms),
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
