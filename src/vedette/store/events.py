"""The event center: what tasks with `event_center` have seen; list, show, delete.

Rows of other tasks are here too, because deliveries and replays need them, but nobody is shown those.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, select

from vedette.model.errors import NotFound
from vedette.model.ids import EventId, ProjectId, RunId, TaskId
from vedette.model.review import Review
from vedette.store.subscriptions import OF_NO_TASK, keep_count
from vedette.store.tables import destinations, events, outbox


@dataclass(frozen=True, slots=True)
class Retention:
    """How long things are kept.

    Attributes:
        events_max_age_s: events and their pictures; 30 days.
        events_max_rows: however young they are, no more than these; the oldest go first.
        delivered_max_age_s: outbox rows that are done; a day, so that `deliveries` of an event can be looked at.
    """

    events_max_age_s: int = 30 * 86_400
    events_max_rows: int = 1_000_000
    delivered_max_age_s: int = 86_400


@dataclass(frozen=True, slots=True)
class Told:
    """One delivery of an event: `state` is due, done or dead; to a subscription, if it names one."""

    kind: str
    state: str
    attempts: int
    last_error: str | None
    subscription_id: str | None = None


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it is kept.

    Attributes:
        seq: grows with every event stored; pages are cut by it.
        timestamp_ms: of the event, milliseconds since the epoch.
        media_time_us: position in its stream, microseconds.
        message: the documented envelope, without its picture.
        picture: key of `store.blobs`, or None.
        number: of the event among those of its task, from 1; 0 for events of before.
        main_id: the event that this one repeats.
        repeats: how many events repeat this one.
    """

    seq: int
    id: EventId
    task_id: TaskId
    run_id: RunId
    event_type: int
    timestamp_ms: int
    media_time_us: int
    message: dict[str, Any]
    picture: str | None
    deliveries: tuple[Told, ...] = ()
    number: int = 0
    video_source_id: str | None = None
    review: Review = Review.UNREVIEWED
    main_id: EventId | None = None
    repeats: int = 0


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events are wanted.

    Attributes:
        event_type: the number on the wire.
        since_ms: not before this time of the event.
        until_ms: before this time of the event.
        main_id: those that repeat this one.
        followers: also events that repeat another, which are left out otherwise.
    """

    task_id: TaskId | None = None
    event_type: int | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    video_source_id: str | None = None
    review: Review | None = None
    main_id: EventId | None = None
    followers: bool = False


def find(
    conn: Connection, project_id: ProjectId, wanted: Filter, *, before: int | None = None, limit: int = 100
) -> list[StoredEvent]:
    """Return events, the newest stored first; a page does not shift while new ones arrive.

    The next page is asked for with `before`: the `seq` of the last event of this one.
    """
    statement = select(events).where(*_where(project_id, wanted)).order_by(events.c.seq.desc()).limit(limit)
    if before is not None:
        statement = statement.where(events.c.seq < before)
    rows = conn.execute(statement).all()
    told = _deliveries(conn, [row.id for row in rows])
    return [_event(row, told[row.id]) for row in rows]


def following(
    conn: Connection, project_id: ProjectId, wanted: Filter, *, after: int, upto: int | None = None, limit: int = 100
) -> list[StoredEvent]:
    """Return events in the order in which they were stored, from the one after a `seq` up to another."""
    statement = select(events).where(*_where(project_id, wanted), events.c.seq > after)
    if upto is not None:
        statement = statement.where(events.c.seq <= upto)
    rows = conn.execute(statement.order_by(events.c.seq).limit(limit)).all()
    told = _deliveries(conn, [row.id for row in rows])
    return [_event(row, told[row.id]) for row in rows]


def newest(conn: Connection, project_id: ProjectId) -> int:
    """Return the `seq` of the event that the event center of a project took last, 0 if there is none.

    All before it are there to be read: see `event_rules.await_turn`.
    """
    mine = (events.c.project_id == project_id, events.c.listed == 1)
    return conn.execute(select(events.c.seq).where(*mine).order_by(events.c.seq.desc()).limit(1)).scalar() or 0


def step(
    conn: Connection, project_id: ProjectId, wanted: Filter, after: int, limit: int
) -> tuple[list[StoredEvent], int]:
    """Return the next events behind a `seq`, and the `seq` to go on behind; what is not wanted is passed over once.

    Where the store was emptied and counts anew, it begins at the beginning.
    """
    last = conn.execute(select(func.max(events.c.seq))).scalar() or 0
    if last < after:
        after = 0
    upto = newest(conn, project_id)
    page = following(conn, project_id, wanted, after=after, upto=upto, limit=limit)
    return page, page[-1].seq if len(page) == limit else max(after, upto)


def count(conn: Connection, project_id: ProjectId, wanted: Filter) -> int:
    """Return how many events there are in all."""
    statement = select(func.count()).select_from(events).where(*_where(project_id, wanted))
    return conn.execute(statement).scalar_one()


def get(conn: Connection, project_id: ProjectId, event_id: EventId) -> StoredEvent:
    """Return one event.

    Raises:
        NotFound: no listed event of this project has that id.
    """
    mine = (*_where(project_id, Filter(followers=True)), events.c.id == event_id)
    row = conn.execute(select(events).where(*mine)).first()
    if row is None:
        raise NotFound("No event of this project has that id.", param="event_id")
    return _event(row, _deliveries(conn, [row.id])[row.id])


def expire(conn: Connection, before_ms: int, limit: int = 500) -> list[str | None]:
    """Remove events stored before a time, except those still due somewhere; return the key of the picture of each.

    Their dead letters go with them.
    """
    return _drop(conn, events.c.stored_at < before_ms, limit)


def trim(conn: Connection, max_rows: int, limit: int = 500) -> list[str | None]:
    """Remove the oldest events beyond a number, except those still due somewhere; return the key of each's picture."""
    newest = conn.execute(select(events.c.seq).order_by(events.c.seq.desc()).limit(1)).scalar()
    if newest is None:
        return []
    surplus = conn.execute(select(func.count()).select_from(events)).scalar_one() - max_rows
    if surplus <= 0:
        return []
    edge = select(events.c.seq).order_by(events.c.seq).offset(surplus).limit(1).scalar_subquery()
    return _drop(conn, events.c.seq < func.coalesce(edge, newest + 1), limit)


def pictures(conn: Connection, since_ms: int, until_ms: int) -> set[str]:
    """Return the keys of pictures of events stored in this time, for `Blobs.sweep`."""
    within = (events.c.stored_at >= since_ms, events.c.stored_at < until_ms, events.c.picture.is_not(None))
    return set(conn.execute(select(events.c.picture).where(*within)).scalars())


def _drop(conn: Connection, old: ColumnElement[bool], limit: int) -> list[str | None]:
    waiting = select(outbox.c.id).where(outbox.c.event_id == events.c.id, outbox.c.state == "due").exists()
    chosen = select(events.c.seq, events.c.picture).where(old, ~waiting).order_by(events.c.seq).limit(limit)
    rows = conn.execute(chosen).all()
    if rows:
        keep_count(conn, outbox.c.event_id.in_(select(events.c.id).where(events.c.seq.in_([row.seq for row in rows]))))
        conn.execute(delete(events).where(events.c.seq.in_([row.seq for row in rows])))
    return [row.picture for row in rows]


def _where(project_id: ProjectId, wanted: Filter) -> list[ColumnElement[bool]]:
    conditions = [events.c.project_id == project_id, events.c.listed == 1]
    if wanted.task_id is not None:
        conditions.append(events.c.task_id == wanted.task_id)
    if wanted.event_type is not None:
        conditions.append(events.c.event_type == wanted.event_type)
    if wanted.since_ms is not None:
        conditions.append(events.c.timestamp_ms >= wanted.since_ms)
    if wanted.until_ms is not None:
        conditions.append(events.c.timestamp_ms < wanted.until_ms)
    if wanted.video_source_id is not None:
        conditions.append(events.c.video_source_id == wanted.video_source_id)
    if wanted.review is not None:
        conditions.append(events.c.review == wanted.review)
    if wanted.main_id is not None:
        conditions.append(events.c.main_id == wanted.main_id)
    elif not wanted.followers:
        conditions.append(events.c.main_id.is_(None))
    return conditions


def _deliveries(conn: Connection, ids: Sequence[str]) -> defaultdict[str, list[Told]]:
    told: defaultdict[str, list[Told]] = defaultdict(list)
    statement = (
        select(outbox, destinations.c.kind, destinations.c.task_id.label("of_task"))
        .join(destinations, destinations.c.id == outbox.c.destination_id)
        .where(outbox.c.event_id.in_(ids))
        .order_by(outbox.c.id)
    )
    for row in conn.execute(statement):
        subscription = row.destination_id if row.of_task == OF_NO_TASK else None
        told[row.event_id].append(Told(row.kind, row.state, row.attempts, row.last_error, subscription))
    return told


def _event(row: Row[Any], told: Sequence[Told]) -> StoredEvent:
    return StoredEvent(
        row.seq,
        EventId(row.id),
        TaskId(row.task_id),
        RunId(row.run_id),
        row.event_type,
        row.timestamp_ms,
        row.time_us,
        json.loads(row.message),
        row.picture,
        tuple(told),
        row.number,
        row.video_source_id,
        Review(row.review),
        None if row.main_id is None else EventId(row.main_id),
        row.repeats,
    )
