"""Events still to be sent, by destination.

A row is `due` until its destination has it (`done`) or it is given up (`dead`, a dead letter that can be sent again).
Who sends keeps in memory what is on its way; a row is marked only after the fact. So a crash between the two repeats
a delivery under the same event id, and never loses one.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, bindparam, delete, func, select, update

from vedette.model.errors import NotFound
from vedette.model.ids import EventId, ProjectId, TaskId
from vedette.store.subscriptions import keep_count
from vedette.store.tables import destinations, events, outbox

NOBODY: Final = ProjectId("")
ERROR_LIMIT = 512
"""Characters of an error that are kept."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A destination that something waits for.

    Attributes:
        kind: the kind of output.
        target: the sealed output value.
        earliest_at: when the next of its rows is due, milliseconds since the epoch.
    """

    destination_id: str
    task_id: TaskId
    kind: str
    target: bytes = field(repr=False)
    earliest_at: int


@dataclass(frozen=True, slots=True)
class Want:
    """How many rows of a destination are wanted; `taken` are those that are on their way already."""

    destination_id: str
    limit: int
    taken: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Due:
    """One row to be sent.

    Attributes:
        attempts: how many there were.
        resent: it was a dead letter, and somebody asked to send it again.
        message: the event's message, without its picture.
        picture: key of `store.blobs`, or None.
        created_at: when the event was committed, milliseconds since the epoch.
        number: of the event among those of its task, from 1.
        timestamp_ms: of the event.
        due_at: when it is due, by which rows are put in order; milliseconds since the epoch.
    """

    id: int
    event_id: EventId
    task_id: TaskId
    attempts: int
    resent: bool
    message: dict[str, Any]
    picture: str | None
    created_at: int
    project_id: ProjectId = NOBODY
    number: int = 0
    timestamp_ms: int = 0
    event_type: int = 0
    due_at: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended: `next_attempt_at` None with an error is the end; no error is delivered."""

    row_id: int
    attempts: int
    error: str | None = None
    next_attempt_at: int | None = None


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


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many rows are due and how many are dead; `fullest` are due for the destination with most of them."""

    due: int
    dead: int
    fullest: int = 0


def agenda(conn: Connection) -> list[Waiting]:
    """Return every destination that something waits for: one seek in the index for each, however many rows wait."""
    earliest = (
        select(func.min(outbox.c.next_attempt_at))
        .where(outbox.c.destination_id == destinations.c.id, outbox.c.state == "due")
        .scalar_subquery()
    )
    inner = select(destinations, earliest.label("earliest_at")).subquery()
    rows = conn.execute(select(inner).where(inner.c.earliest_at.is_not(None)))
    return [Waiting(row.id, TaskId(row.task_id), row.kind, row.target, row.earliest_at) for row in rows]


def due(conn: Connection, wants: Sequence[Want], now_ms: int) -> list[list[Due]]:
    """Return rows that are due, for each destination asked for, the longest waiting first."""
    return [[_due(row) for row in conn.execute(_of(want, now_ms))] for want in wants]


def mark(conn: Connection, outcomes: Sequence[Outcome], now_ms: int) -> None:
    """Write down how attempts ended, many at once."""
    if not outcomes:
        return
    statement = (
        update(outbox)
        .where(outbox.c.id == bindparam("row"), outbox.c.state == "due")
        .values(
            state=bindparam("to"),
            attempts=bindparam("tries"),
            next_attempt_at=bindparam("next"),
            last_error=bindparam("error"),
            done_at=bindparam("end"),
        )
    )
    conn.execute(
        statement,
        [
            {
                "row": outcome.row_id,
                "to": _state(outcome),
                "tries": outcome.attempts,
                "next": now_ms if outcome.next_attempt_at is None else outcome.next_attempt_at,
                "error": None if outcome.error is None else outcome.error[:ERROR_LIMIT],
                "end": now_ms if outcome.next_attempt_at is None else None,
            }
            for outcome in outcomes
        ],
    )


def hasten(conn: Connection, destination_id: str, now_ms: int, limit: int = 5000) -> int:
    """Make due what waits for a destination that has come back, in the order of old; return how many rows that were."""
    later = (
        select(outbox.c.id)
        .where(outbox.c.destination_id == destination_id, outbox.c.state == "due", outbox.c.next_attempt_at > now_ms)
        .limit(limit)
    )
    return conn.execute(
        update(outbox).where(outbox.c.id.in_(later)).values(next_attempt_at=outbox.c.created_at)
    ).rowcount


def give_up(conn: Connection, destination_id: str, reason: str, before_ms: int, now_ms: int, limit: int = 1000) -> int:
    """Make dead letters of what has waited for a destination since before a time; return how many.

    Rows that somebody asked to send again are left to be tried.
    """
    old = (
        select(outbox.c.id)
        .where(
            outbox.c.destination_id == destination_id,
            outbox.c.state == "due",
            outbox.c.created_at < before_ms,
            (outbox.c.attempts > 0) | outbox.c.last_error.is_(None),
        )
        .limit(limit)
    )
    values = {"state": "dead", "last_error": reason[:ERROR_LIMIT], "done_at": now_ms}
    return conn.execute(update(outbox).where(outbox.c.id.in_(old)).values(values)).rowcount


def backlog(conn: Connection) -> Backlog:
    """Return how many rows are due, and how many are dead."""
    counts = {
        state: select(func.count())
        .select_from(outbox)
        .where(outbox.c.destination_id == destinations.c.id, outbox.c.state == state)
        .scalar_subquery()
        for state in ("due", "dead")
    }
    inner = select(counts["due"].label("due"), counts["dead"].label("dead")).select_from(destinations).subquery()
    sums = (
        func.sum(inner.c.due).label("due"),
        func.sum(inner.c.dead).label("dead"),
        func.max(inner.c.due).label("top"),
    )
    row = conn.execute(select(*sums)).one()
    return Backlog(int(row.due or 0), int(row.dead or 0), int(row.top or 0))


def shorten(conn: Connection, limit: int, now_ms: int, most: int = 1000) -> int:
    """Make dead letters of what is beyond the limit of a destination's queue, from its end; return how many.

    Args:
        most: rows of one destination; call it until 0.
    """
    buried = 0
    counted = (
        select(outbox.c.destination_id, func.count().label("waiting"))
        .where(outbox.c.state == "due")
        .group_by(outbox.c.destination_id)
        .having(func.count() > limit)
    )
    for name, waiting in conn.execute(counted).all():
        last = (
            select(outbox.c.id)
            .where(outbox.c.destination_id == name, outbox.c.state == "due")
            .order_by(outbox.c.next_attempt_at.desc(), outbox.c.id.desc())
            .limit(min(waiting - limit, most))
        )
        reason = f"The queue of the destination is full: {limit} deliveries wait."
        values = {"state": "dead", "last_error": reason, "done_at": now_ms}
        chosen = list(conn.execute(last).scalars())
        buried += conn.execute(update(outbox).where(outbox.c.id.in_(chosen)).values(values)).rowcount
    return buried


def dead_letters(
    conn: Connection, project_id: ProjectId, *, after: int = 0, limit: int = 100, task_id: TaskId | None = None
) -> list[DeadLetter]:
    """Return the dead letters of a project, by id; the next page is asked for `after` the last id of this one."""
    wanted = _dead(project_id).where(outbox.c.id > after).order_by(outbox.c.id).limit(limit)
    if task_id is not None:
        wanted = wanted.where(outbox.c.task_id == task_id)
    return [_letter(row) for row in conn.execute(wanted)]


def count_dead(conn: Connection, project_id: ProjectId) -> int:
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


def sweep(conn: Connection, before_ms: int, limit: int = 1000) -> int:
    """Remove rows delivered before a time; return how many."""
    old = select(outbox.c.id).where(outbox.c.state == "done", outbox.c.done_at < before_ms)
    leaving = outbox.c.id.in_(conn.execute(old.limit(limit)).scalars().all())
    keep_count(conn, leaving)
    return conn.execute(delete(outbox).where(leaving)).rowcount


def _of(want: Want, now_ms: int) -> Select[Any]:
    return (
        select(
            outbox.c.id,
            outbox.c.event_id,
            outbox.c.task_id,
            outbox.c.attempts,
            outbox.c.last_error,
            outbox.c.created_at,
            outbox.c.next_attempt_at,
            outbox.c.project_id,
            events.c.message,
            events.c.picture,
            events.c.number,
            events.c.timestamp_ms,
            events.c.event_type,
        )
        .join(events, events.c.id == outbox.c.event_id)
        .where(
            outbox.c.destination_id == want.destination_id,
            outbox.c.state == "due",
            outbox.c.next_attempt_at <= now_ms,
            outbox.c.id.not_in(want.taken),
        )
        .order_by(outbox.c.next_attempt_at, outbox.c.id)
        .limit(want.limit)
    )


def _due(row: Row[Any]) -> Due:
    return Due(
        row.id,
        EventId(row.event_id),
        TaskId(row.task_id),
        row.attempts,
        row.attempts == 0 and row.last_error is not None,
        json.loads(row.message),
        row.picture,
        row.created_at,
        ProjectId(row.project_id),
        row.number,
        row.timestamp_ms,
        row.event_type,
        row.next_attempt_at,
    )


def _state(outcome: Outcome) -> str:
    if outcome.error is None:
        return "done"
    return "dead" if outcome.next_attempt_at is None else "due"


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
