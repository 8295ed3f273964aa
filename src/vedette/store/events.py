"""The event center: what tasks with `event_center` have seen; list, show, delete.

Rows of other tasks are here too, because deliveries and replays need them, but nobody is shown those.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select

from vedette.model.errors import NotFound
from vedette.model.ids import EventId, ProjectId, RunId, TaskId
from vedette.model.review import Review
from vedette.store import delivery_attempts
from vedette.store.delivery_attempts import Attempt
from vedette.store.subscriptions import OF_NO_TASK
from vedette.store.tables import destinations, events, outbox


@dataclass(frozen=True, slots=True)
class Told:
    """One delivery of an event: `state` is due, done or dead; to a subscription, if it names one.

    Attributes:
        failed: attempts that failed, where one event is asked for.
    """

    kind: str
    state: str
    attempts: int
    last_error: str | None
    subscription_id: str | None = None
    failed: tuple[Attempt, ...] = ()


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
        frame: index of its picture in the connection.
        watched: what the task looked at, as it may be shown; None for events of before.
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
    frame: int = 0
    watched: dict[str, Any] | None = None


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
    return _event(row, _deliveries(conn, [row.id], attempts=True)[row.id])


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


def _deliveries(conn: Connection, ids: Sequence[str], *, attempts: bool = False) -> defaultdict[str, list[Told]]:
    told: defaultdict[str, list[Told]] = defaultdict(list)
    statement = (
        select(outbox, destinations.c.kind, destinations.c.task_id.label("of_task"))
        .join(destinations, destinations.c.id == outbox.c.destination_id)
        .where(outbox.c.event_id.in_(ids))
        .order_by(outbox.c.id)
    )
    rows = conn.execute(statement).all()
    failed = delivery_attempts.of_rows(conn, [row.id for row in rows]) if attempts else {}
    for row in rows:
        subscription = row.destination_id if row.of_task == OF_NO_TASK else None
        tried = tuple(failed.get(row.id, ()))
        told[row.event_id].append(Told(row.kind, row.state, row.attempts, row.last_error, subscription, tried))
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
        row.frame_index,
        None if row.clip is None else json.loads(row.clip),
    )
