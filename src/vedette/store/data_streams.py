"""Durable streams of a project: made, listed, shown, removed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select

from vedette.model.data_stream import STREAMS_PER_PROJECT, DataStream, PartitionState
from vedette.model.errors import NameTaken, NotFound, QuotaReached
from vedette.model.ids import ProjectId, new_hex
from vedette.store.tables import data_partitions, data_records, data_streams, insert_new, projects


@dataclass(frozen=True, slots=True)
class Fill:
    """How full the streams of the installation are: bytes of all, and of the fullest."""

    bytes: int
    fullest: int


def create(conn: Connection, stream: DataStream) -> None:
    """Make a stream with its partitions.

    Raises:
        NameTaken: the project has a stream of this name.
        QuotaReached: the project may not have more.
    """
    if not _make(conn, stream):
        raise NameTaken(f"A data stream of this project has the name {stream.name} already.", param="stream_name")


def of_name(conn: Connection, project_id: ProjectId, name: str, now_ms: int) -> DataStream:
    """Return a stream; if there is none of this name it is made, with one partition and the longest retention.

    Raises:
        QuotaReached: the project may not have more.
    """
    if (known := find(conn, project_id, name)) is None:
        _make(conn, DataStream(new_hex(), project_id, name, created_at=now_ms))
        known = get(conn, project_id, name)
    return known


def find(conn: Connection, project_id: ProjectId, name: str) -> DataStream | None:
    """Return a stream of a project, or None."""
    row = conn.execute(
        select(data_streams).where(data_streams.c.project_id == project_id, data_streams.c.name == name)
    ).first()
    return None if row is None else _stream(row)


def get(conn: Connection, project_id: ProjectId, name: str) -> DataStream:
    """Return a stream of a project.

    Raises:
        NotFound: there is none of this name.
    """
    if (found := find(conn, project_id, name)) is None:
        raise NotFound(f"The project has no data stream {name}.", param="stream_name")
    return found


def with_id(conn: Connection, project_id: ProjectId, stream_id: str) -> DataStream:
    """Return the stream of a project with this id.

    Raises:
        NotFound: there is none.
    """
    here = (data_streams.c.project_id == project_id, data_streams.c.id == stream_id)
    row = conn.execute(select(data_streams).where(*here)).first()
    if row is None:
        raise NotFound("The data stream is gone.", param="partition-cursor")
    return _stream(row)


def page(conn: Connection, project_id: ProjectId, *, after: str, limit: int) -> tuple[list[DataStream], int]:
    """Return the streams of a project that follow a name, in the order of their names, and how many it has in all."""
    mine = data_streams.c.project_id == project_id
    wanted = select(data_streams).where(mine).order_by(data_streams.c.name)
    found = [stream for row in conn.execute(wanted) if (stream := _stream(row)).name > after]
    total = conn.execute(select(func.count()).select_from(data_streams).where(mine)).scalar_one()
    return sorted(found, key=lambda stream: stream.name)[:limit], total


def partitions(conn: Connection, stream: DataStream) -> Sequence[PartitionState]:
    """Return how the partitions of a stream stand."""
    oldest = (
        select(func.min(data_records.c.sequence))
        .where(
            data_records.c.stream_id == data_partitions.c.stream_id,
            data_records.c.partition == data_partitions.c.number,
        )
        .scalar_subquery()
    )
    rows = conn.execute(
        select(data_partitions, oldest.label("oldest"))
        .where(data_partitions.c.stream_id == stream.id)
        .order_by(data_partitions.c.number)
    )
    return [
        PartitionState(
            row.number, row.next_sequence if row.oldest is None else row.oldest, row.next_sequence, row.bytes
        )
        for row in rows
    ]


def remove(conn: Connection, project_id: ProjectId, name: str) -> None:
    """Remove a stream with all its records.

    Raises:
        NotFound: there is none of this name.
    """
    stream = get(conn, project_id, name)
    conn.execute(delete(data_records).where(data_records.c.stream_id == stream.id))
    conn.execute(delete(data_streams).where(data_streams.c.id == stream.id))


def every(conn: Connection) -> list[DataStream]:
    """Return the streams of all projects."""
    return [_stream(row) for row in conn.execute(select(data_streams))]


def fill(conn: Connection) -> Fill:
    """Return how full the streams of the installation are."""
    each = select(func.sum(data_partitions.c.bytes).label("bytes")).group_by(data_partitions.c.stream_id).subquery()
    row = conn.execute(select(func.sum(each.c.bytes).label("all"), func.max(each.c.bytes).label("fullest"))).one()
    return Fill(int(row.all or 0), int(row.fullest or 0))


def _make(conn: Connection, stream: DataStream) -> bool:
    """Make a stream, if its name is free; the row of the project keeps two requests from both having the last place."""
    conn.execute(select(projects.c.id).where(projects.c.id == stream.project_id).with_for_update())
    if find(conn, stream.project_id, stream.name) is not None:
        return False
    mine = data_streams.c.project_id == stream.project_id
    if conn.execute(select(func.count()).select_from(data_streams).where(mine)).scalar_one() >= STREAMS_PER_PROJECT:
        raise QuotaReached(f"A project may have {STREAMS_PER_PROJECT} data streams.")
    row = {
        "project_id": stream.project_id,
        "name": stream.name,
        "id": stream.id,
        "partitions": stream.partitions,
        "stream_type": stream.stream_type,
        "data_type": stream.data_type,
        "data_duration": stream.hours,
        "created_at": stream.created_at,
    }
    if not insert_new(conn, data_streams, [row]):
        return False
    numbers = [{"stream_id": stream.id, "number": n} for n in range(stream.partitions)]
    conn.execute(insert(data_partitions), numbers)
    return True


def _stream(row: Row[Any]) -> DataStream:
    return DataStream(
        row.id,
        ProjectId(row.project_id),
        row.name,
        row.partitions,
        row.stream_type,
        row.data_type,
        row.data_duration,
        row.created_at,
    )
