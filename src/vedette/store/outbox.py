"""Events still to be sent, by destination.

A row is `due` until its destination has it (`done`) or it is given up (`dead`, a dead letter that can be sent again:
`store.dead_letters`). Who sends keeps in memory what is on its way; a row is marked only after the fact
(`store.outbox_marks`). So a crash between the two repeats a delivery under the same event id, and never loses one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, bindparam, func, select

from vedette.model.ids import EventId, ProjectId, TaskId
from vedette.store.json_text import JsonText
from vedette.store.tables import destinations, events, outbox

NOBODY: Final = ProjectId("")

_EARLIEST: Final = (
    select(func.min(outbox.c.next_attempt_at))
    .where(outbox.c.destination_id == destinations.c.id, outbox.c.state == "due")
    .scalar_subquery()
)
_EACH: Final = select(destinations, _EARLIEST.label("earliest_at")).subquery()
_AGENDA: Final = select(_EACH).where(_EACH.c.earliest_at.is_not(None))
_FIRST: Final = (  # limited before the events are looked up: a backlog may have one time for all of its rows
    select(
        outbox.c.id,
        outbox.c.event_id,
        outbox.c.task_id,
        outbox.c.attempts,
        outbox.c.last_error,
        outbox.c.created_at,
        outbox.c.next_attempt_at,
        outbox.c.project_id,
    )
    .where(
        outbox.c.destination_id == bindparam("destination"),
        outbox.c.state == "due",
        outbox.c.next_attempt_at <= bindparam("now"),
    )
    .order_by(outbox.c.next_attempt_at, outbox.c.id)
    .limit(bindparam("most"))
    .subquery()
)
_DUE: Final[Select[Any]] = (
    select(_FIRST, events.c.message, events.c.picture, events.c.number, events.c.timestamp_ms, events.c.event_type)
    .join(events, events.c.id == _FIRST.c.event_id)
    .order_by(_FIRST.c.next_attempt_at, _FIRST.c.id)
)


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
    taken: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Due:
    """One row to be sent.

    Attributes:
        attempts: how many there were.
        resent: it was a dead letter, and somebody asked to send it again.
        message: the event's message, without its picture; a `JsonText` if it comes from the database.
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
    message: Mapping[str, Any]
    picture: str | None
    created_at: int
    project_id: ProjectId = NOBODY
    number: int = 0
    timestamp_ms: int = 0
    event_type: int = 0
    due_at: int = 0


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many rows are due and how many are dead; `fullest` are due for the destination with most of them."""

    due: int
    dead: int
    fullest: int = 0


def agenda(conn: Connection) -> list[Waiting]:
    """Return every destination that something waits for: one seek in the index for each, however many rows wait."""
    rows = conn.execute(_AGENDA)
    return [Waiting(row.id, TaskId(row.task_id), row.kind, row.target, row.earliest_at) for row in rows]


def due(conn: Connection, wants: Sequence[Want], now_ms: int) -> list[list[Due]]:
    """Return rows that are due, for each destination asked for, the longest waiting first."""
    return [_of(conn, want, now_ms) for want in wants]


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


def _of(conn: Connection, want: Want, now_ms: int) -> list[Due]:
    # those on their way are read too and left out here: one statement for every number of them stays prepared
    most = want.limit + len(want.taken)
    rows = conn.execute(_DUE, {"destination": want.destination_id, "now": now_ms, "most": most})
    return [_due(row) for row in rows if row.id not in want.taken][: want.limit]


def _due(row: Row[Any]) -> Due:
    return Due(
        row.id,
        EventId(row.event_id),
        TaskId(row.task_id),
        row.attempts,
        row.attempts == 0 and row.last_error is not None,
        JsonText(row.message),
        row.picture,
        row.created_at,
        ProjectId(row.project_id),
        row.number,
        row.timestamp_ms,
        row.event_type,
        row.next_attempt_at,
    )
