"""What was seen of each source when somebody looked last, and when it is to be looked at again.

The picture stands last in its row, and only `picture` reads it: lists pass over it.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, select, update

from vedette.model.errors import NotFound
from vedette.model.ids import ProjectId, StreamId, VideoSourceId
from vedette.model.lifecycle import State
from vedette.model.look import UNSEEN, Look, Snapshot
from vedette.model.source import SourceLevel
from vedette.store.tables import insert_new, source_looks, tasks
from vedette.store.text import BETWEEN

NEVER: Final = 2**53
"""When a source is due that is looked at on demand alone."""
WATCHING: Final = (State.STARTING, State.RUNNING, State.ABNORMAL, State.RECOVERING)
"""States of tasks whose stream is connected to the source, or tries to be."""
REASON_LENGTH: Final = 500
_NEW: Final = {
    "level": SourceLevel.OFFLINE, "reason": UNSEEN, "looked_at": None, "width": 0, "height": 0, "codec": "", "fps": 0.0,
    "quality": "[]", "image_at": None, "image": None,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Due:
    """A source that is to be looked at.

    Attributes:
        since: tells whether it is still what it was when it was handed out.
    """

    project_id: ProjectId
    source_id: VideoSourceId
    since: int


@dataclass(frozen=True, slots=True)
class Watched:
    """A source, and a stream on which a task watches it."""

    stream_id: StreamId
    project_id: ProjectId
    source_id: VideoSourceId
    level: SourceLevel
    reason: str
    since: int
    looked_at: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look found.

    Attributes:
        look: what was seen of it; None where only the level is known.
    """

    level: SourceLevel
    reason: str = ""
    look: Look | None = None


def insert(conn: Connection, project_id: str, source_id: str, at: int) -> None:
    """Write that nobody has looked at a new source; it is due at once."""
    row = {"project_id": project_id, "source_id": source_id, "since": at, "due_at": at, **_NEW}
    insert_new(conn, source_looks, [row])


def reset(conn: Connection, project_id: str, source_id: str, at: int) -> None:
    """Forget what was seen: another thing is opened from now on."""
    values = {**_NEW, "since": at, "due_at": at}
    conn.execute(update(source_looks).where(*_key(project_id, source_id)).values(values))


def demand(conn: Connection, project_id: ProjectId, source_id: VideoSourceId, at: int) -> None:
    """Let a source be looked at now.

    Raises:
        NotFound: the project has no such source.
    """
    asked = update(source_looks).where(*_key(project_id, source_id)).values(due_at=at)
    if conn.execute(asked).rowcount == 0:
        raise NotFound(f"There is no video source {source_id}.", param="video_source_id")


def levels(conn: Connection, project_id: ProjectId) -> dict[str, str]:
    """Return the level of each source of the project; the index alone is read, and the database joins what it finds."""
    joined = func.aggregate_strings(source_looks.c.source_id, BETWEEN).label("source_ids")
    here = source_looks.c.project_id == project_id
    rows = conn.execute(select(source_looks.c.level, joined).where(here).group_by(source_looks.c.level)).all()
    return {source_id: level for level, source_ids in rows for source_id in source_ids.split(BETWEEN)}


def picture(conn: Connection, project_id: ProjectId, source_id: VideoSourceId) -> Snapshot | None:
    """Return the last picture of a source, if there is one."""
    columns = (source_looks.c.image, source_looks.c.image_at)
    row = conn.execute(select(*columns).where(*_key(project_id, source_id))).first()
    return Snapshot(row.image, row.image_at) if row is not None and row.image is not None else None


def due(conn: Connection, at: int, limit: int) -> list[Due]:
    """Return the sources that are due and that no task watches, the longest waiting first."""
    columns = (source_looks.c.project_id, source_looks.c.source_id, source_looks.c.since)
    watched = exists().where(
        tasks.c.project_id == source_looks.c.project_id,
        tasks.c.video_source_id == source_looks.c.source_id,
        tasks.c.state.in_(WATCHING),
        tasks.c.stream_id.is_not(None),
    )
    wanted = select(*columns).where(source_looks.c.due_at <= at, ~watched)
    rows = conn.execute(wanted.order_by(source_looks.c.due_at, source_looks.c.source_id).limit(limit))
    return [Due(row.project_id, row.source_id, row.since) for row in rows.all()]


def lend(conn: Connection, one: Due, until: int) -> None:
    """Note that somebody is looking; if nothing comes of it until then, it is due again."""
    conn.execute(update(source_looks).where(*_key(one.project_id, one.source_id)).values(due_at=until))


def watched(conn: Connection, streams: Collection[StreamId] | None = None) -> list[Watched]:
    """Return the sources that tasks on streams watch; of these streams, if any are named."""
    columns = (
        tasks.c.stream_id, tasks.c.project_id, tasks.c.video_source_id, source_looks.c.level, source_looks.c.reason,
        source_looks.c.since, source_looks.c.looked_at,
    )  # fmt: skip
    of_source = and_(
        source_looks.c.project_id == tasks.c.project_id, source_looks.c.source_id == tasks.c.video_source_id
    )
    wanted = select(*columns).distinct().join(source_looks, of_source).where(tasks.c.state.in_(WATCHING))
    here = tasks.c.stream_id.is_not(None) if streams is None else tasks.c.stream_id.in_(list(streams))
    return [
        Watched(
            StreamId(row.stream_id), row.project_id, row.video_source_id, SourceLevel(row.level), row.reason,
            row.since, row.looked_at or 0,
        )
        for row in conn.execute(wanted.where(here)).all()
    ]  # fmt: skip


def note(conn: Connection, project_id: str, source_id: str, seen: Seen, *, at: int, due_at: int, since: int) -> bool:
    """Write what was seen; return whether the source is still there, and as it was.

    Args:
        since: what it stood at when it was handed out, or read.
    """
    here = (*_key(project_id, source_id), source_looks.c.since == since)
    values: dict[str, Any] = {
        "level": seen.level,
        "reason": seen.reason[:REASON_LENGTH],
        "since": case((source_looks.c.level == seen.level, source_looks.c.since), else_=at),
        "looked_at": at,
        "due_at": due_at,
    }
    if seen.look is not None and seen.look.failure is None:
        values |= _pictured(seen.look)
    if seen.level is not SourceLevel.ONLINE:
        values["quality"] = "[]"  # nothing is told of a picture that is not there
    return conn.execute(update(source_looks).where(*here).values(values)).rowcount == 1


def _pictured(look: Look) -> dict[str, Any]:
    values: dict[str, Any] = {"width": look.width, "height": look.height, "codec": look.codec[:32], "fps": look.fps}
    if look.faults is not None:
        values["quality"] = json.dumps(look.faults)
    if look.image is not None:
        values |= {"image": look.image, "image_at": look.at_ms}
    return values


def _key(project_id: str, source_id: str) -> tuple[ColumnElement[bool], ...]:
    return source_looks.c.project_id == project_id, source_looks.c.source_id == source_id
