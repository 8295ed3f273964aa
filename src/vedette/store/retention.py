"""How long events are kept, how many, and how much room they may take: the oldest go first, but never what is still due."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, select, update

from vedette.model.event import KEPT_BYTES
from vedette.store.subscriptions import keep_count
from vedette.store.tables import events, outbox


@dataclass(frozen=True, slots=True)
class Retention:
    """How long things are kept.

    Attributes:
        events_max_age_s: events and their pictures; 30 days.
        events_max_rows: however young they are, no more than these; the oldest go first.
        events_max_bytes: messages and pictures together; the oldest go first.
        delivered_max_age_s: outbox rows that are done; a day, so that `deliveries` of an event can be looked at.
    """

    events_max_age_s: int = 30 * 86_400
    events_max_rows: int = 1_000_000
    events_max_bytes: int = KEPT_BYTES
    delivered_max_age_s: int = 86_400


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is kept.

    Attributes:
        bytes: of messages and pictures.
        oldest_ms: when the first of them was stored; None if there is none.
    """

    events: int
    bytes: int
    oldest_ms: int | None


@dataclass(frozen=True, slots=True)
class Kept:
    """An event that is kept, as far as its removal goes."""

    seq: int
    bytes: int
    picture: str | None


_WAITS: Final = select(outbox.c.id).where(outbox.c.event_id == events.c.id, outbox.c.state == "due").limit(1)
_FREE: Final = _WAITS.scalar_subquery().is_(None)
"""Nobody waits for the event. Not as `NOT EXISTS`: PostgreSQL makes a join of that, and has met few rows that are due when
it plans, so that a backlog of 100,000 would be read once for each event."""


def extent(conn: Connection) -> Extent:
    """Return how much is kept; the index `events_by_size` tells it without the rows."""
    row = conn.execute(select(func.count(), func.coalesce(func.sum(events.c.bytes), 0)).select_from(events)).one()
    oldest = conn.execute(select(events.c.stored_at).order_by(events.c.seq).limit(1)).scalar()
    return Extent(row[0], int(row[1]), oldest)


def expire(conn: Connection, before_ms: int, limit: int = 500) -> list[str | None]:
    """Remove events stored before a time, except those still due somewhere; return the key of the picture of each.

    Their dead letters go with them.
    """
    chosen = select(events.c.seq).where(events.c.stored_at < before_ms, _FREE).order_by(events.c.seq).limit(limit)
    return remove(conn, list(conn.execute(chosen).scalars()))


def oldest(conn: Connection, after: int, limit: int = 500) -> list[Kept]:
    """Return the events behind a `seq` that nobody waits for any more, the oldest first."""
    free = select(events.c.seq, events.c.bytes, events.c.picture).where(events.c.seq > after, _FREE)
    return [Kept(*row) for row in conn.execute(free.order_by(events.c.seq).limit(limit))]


def remove(conn: Connection, seqs: Sequence[int]) -> list[str | None]:
    """Remove events, except those that are due again by now; return the key of the picture of each that went."""
    chosen = select(events.c.seq, events.c.id, events.c.picture).where(events.c.seq.in_(seqs), _FREE)
    rows = conn.execute(chosen.order_by(events.c.seq)).all()
    if rows:
        keep_count(conn, outbox.c.event_id.in_([row.id for row in rows]))
        conn.execute(delete(events).where(events.c.seq.in_([row.seq for row in rows])))
    return [row.picture for row in rows]


def pictures(conn: Connection, since_ms: int, until_ms: int) -> set[str]:
    """Return the keys of pictures of events stored in this time, for `Blobs.sweep`."""
    within: tuple[ColumnElement[bool], ...] = (events.c.stored_at >= since_ms, events.c.stored_at < until_ms)
    return set(conn.execute(select(events.c.picture).where(*within, events.c.picture.is_not(None))).scalars())


def unweighed(conn: Connection, after: int, limit: int = 500) -> list[Kept]:
    """Return events behind a `seq` that were stored before their size was: with the size of the message alone."""
    size = func.length(events.c.message)
    without = select(events.c.seq, size, events.c.picture).where(events.c.seq > after, events.c.bytes == 0)
    return [Kept(*row) for row in conn.execute(without.order_by(events.c.seq).limit(limit))]


def weigh(conn: Connection, weights: Sequence[tuple[int, int]]) -> None:
    """Write the sizes of events, each by its `seq`."""
    one = update(events).where(events.c.seq == bindparam("at"))
    conn.execute(one.values(bytes=bindparam("weight")), [{"at": seq, "weight": weight} for seq, weight in weights])
