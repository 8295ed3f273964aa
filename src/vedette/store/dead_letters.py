"""Deliveries that were given up: listed, and sent again."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select, update

from vedette.model.errors import NotFound
from vedette.model.ids import EventId, ProjectId, TaskId
from vedette.store import delivery_attempts
from vedette.store.delivery_attempts import Attempt
from vedette.store.tables import destinations, outbox


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A delivery that was given up."""

    id: int
    event_id: EventId
    task_id: TaskId
    kind: str
    attempts: int
    last_error: str | None
    created_at: int
    given_up_at: int | None


def page(
    conn: Connection, project_id: ProjectId, *, after: int = 0, limit: int = 100, task_id: TaskId | None = None
) -> list[DeadLetter]:
    """Return the dead letters of a project, by id; the next page is asked for `after` the last id of this one."""
    wanted = _dead(project_id).where(outbox.c.id > after).order_by(outbox.c.id).limit(limit)
    if task_id is not None:
        wanted = wanted.where(outbox.c.task_id == task_id)
    return [_letter(row) for row in conn.execute(wanted)]


def get(conn: Connection, project_id: ProjectId, letter_id: int) -> tuple[DeadLetter, list[Attempt]]:
    """Return a dead letter, and the attempts that failed, the first one first; also those before it was sent again.

    Raises:
        NotFound: no dead letter of this project has that id.
    """
    row = conn.execute(_dead(project_id).where(outbox.c.id == letter_id)).first()
    if row is None:
        raise NotFound("No dead letter of this project has that id.", param="id")
    return _letter(row), delivery_attempts.of_rows(conn, [row.id])[row.id]


def count(conn: Connection, project_id: ProjectId) -> int:
    """Return how many dead letters a project has."""
    return conn.execute(select(func.count()).select_from(_dead(project_id).subquery())).scalar_one()


def resend(conn: Connection, project_id: ProjectId, letter_id: int, now_ms: int) -> None:
    """Send a dead letter again, with all its tries before it.

    Raises:
        NotFound: no dead letter of this project has that id.
    """
    mine = (outbox.c.id == letter_id, outbox.c.project_id == project_id, outbox.c.state == "dead")
    if not conn.execute(update(outbox).where(*mine).values(_again(now_ms))).rowcount:
        raise NotFound("No dead letter of this project has that id.", param="id")


def resend_all(
    conn: Connection, project_id: ProjectId, now_ms: int, *, before_ms: int = 2**62, limit: int = 1000
) -> int:
    """Send dead letters of a project again that were given up up to `before_ms`; return how many; call it until 0."""
    some = (
        select(outbox.c.id)
        .where(outbox.c.project_id == project_id, outbox.c.state == "dead", outbox.c.done_at <= before_ms)
        .order_by(outbox.c.id)
        .limit(limit)
    )
    return conn.execute(update(outbox).where(outbox.c.id.in_(some)).values(_again(now_ms))).rowcount


def _again(now_ms: int) -> dict[str, Any]:
    return {"state": "due", "attempts": 0, "next_attempt_at": now_ms, "done_at": None}


def _dead(project_id: ProjectId) -> Select[Any]:
    return (
        select(
            outbox.c.id,
            outbox.c.event_id,
            outbox.c.task_id,
            destinations.c.kind,
            outbox.c.attempts,
            outbox.c.last_error,
            outbox.c.created_at,
            outbox.c.done_at,
        )
        .join(destinations, destinations.c.id == outbox.c.destination_id)
        .where(outbox.c.project_id == project_id, outbox.c.state == "dead")
    )


def _letter(row: Row[Any]) -> DeadLetter:
    return DeadLetter(
        row.id,
        EventId(row.event_id),
        TaskId(row.task_id),
        row.kind,
        row.attempts,
        row.last_error,
        row.created_at,
        row.done_at,
    )
