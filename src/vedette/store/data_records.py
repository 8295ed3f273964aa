"""The records of durable streams: appended, read from a place on, and removed when they are too old or too much.

The row of a partition is locked before a number is given, so numbers have no gap, and whoever sees a record sees all
before it.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select, update

from vedette.model.data_stream import CursorType, DataStream, Entry, Placed, Record
from vedette.model.errors import InvalidParameter, NotFound
from vedette.store.tables import data_partitions, data_records

LOOKED_AT: Final = 1000
"""Records whose sizes are looked at in one go."""


def put(
    conn: Connection, stream: DataStream, entries: Sequence[Entry], now_ms: int, max_bytes: int
) -> tuple[list[Placed], int]:
    """Append entries; return where each of them is, and how many old records had to leave for them.

    Args:
        max_bytes: what the stream may hold; each partition may hold an equal part of it, and keeps the newest record.

    Raises:
        NotFound: the stream was deleted meanwhile.
    """
    placed: list[Placed | None] = [None] * len(entries)
    wanted: list[tuple[int, int]] = []
    for index, entry in enumerate(entries):
        if (partition := stream.partition_of(entry)) is None:
            placed[index] = Placed(entry.partition or 0, None)
        else:
            wanted.append((partition, index))
    trimmed = 0
    for partition, group in groupby(sorted(wanted), key=lambda pair: pair[0]):  # all lock in one order
        indexes = [index for _, index in group]
        numbers = _append(conn, stream, partition, [entries[index] for index in indexes], now_ms)
        for index, number in zip(indexes, numbers, strict=True):
            placed[index] = Placed(partition, number)
        trimmed += _trim(conn, stream, partition, max_bytes // stream.partitions)
    return [one for one in placed if one is not None], trimmed


def read(conn: Connection, stream_id: str, partition: int, start: int, max_bytes: int) -> list[Record]:
    """Return records from a number on, as much data as allowed, and at least one record if there is one."""
    here = (data_records.c.stream_id == stream_id, data_records.c.partition == partition)
    sizes = conn.execute(
        select(data_records.c.sequence, func.length(data_records.c.data).label("size"))
        .where(*here, data_records.c.sequence >= start)
        .order_by(data_records.c.sequence)
        .limit(LOOKED_AT)
    )
    last, taken = None, 0
    for row in sizes.all():
        taken += row.size
        if last is not None and taken > max_bytes:
            break
        last = row.sequence
    if last is None:
        return []
    rows = conn.execute(
        select(data_records)
        .where(*here, data_records.c.sequence.between(start, last))
        .order_by(data_records.c.sequence)
    )
    return [Record(row.sequence, row.at, row.partition_key, bytes(row.data)) for row in rows]


def position(
    conn: Connection, stream: DataStream, partition: int, kind: CursorType, *, sequence: int = 0, at_ms: int = 0
) -> int:
    """Return the number with which reading begins.

    Raises:
        InvalidParameter: no record has that number yet, nor will the next one have it.
    """
    if kind is CursorType.TRIM_HORIZON:
        return 0
    here = (data_partitions.c.stream_id == stream.id, data_partitions.c.number == partition)
    following = conn.execute(select(data_partitions.c.next_sequence).where(*here)).scalar_one()
    if kind is CursorType.LATEST:
        return int(following)
    if kind is CursorType.AT_TIMESTAMP:
        first = conn.execute(
            select(func.min(data_records.c.sequence)).where(
                data_records.c.stream_id == stream.id,
                data_records.c.partition == partition,
                data_records.c.at >= at_ms,
            )
        ).scalar()
        return int(following if first is None else first)
    start = sequence + 1 if kind is CursorType.AFTER_SEQUENCE_NUMBER else sequence
    if start > following:
        raise InvalidParameter(
            f"starting-sequence-number: the next record of the partition will have the number {following}.",
            param="starting-sequence-number",
        )
    return start


def expire(conn: Connection, stream: DataStream, now_ms: int, limit: int = 500) -> int:
    """Remove records that are older than the stream keeps them; return how many; call it until 0."""
    gone = 0
    for partition in range(stream.partitions):
        here = (data_records.c.stream_id == stream.id, data_records.c.partition == partition)
        _lock(conn, stream.id, partition)
        old = conn.execute(
            select(data_records.c.sequence, func.length(data_records.c.data).label("size"))
            .where(*here, data_records.c.at < now_ms - stream.hours * 3_600_000)
            .order_by(data_records.c.sequence)
            .limit(limit)
        ).all()
        if old:
            conn.execute(delete(data_records).where(*here, data_records.c.sequence.in_([row.sequence for row in old])))
            _weigh(conn, stream.id, partition, -sum(row.size for row in old))
            gone += len(old)
    return gone


def _append(conn: Connection, stream: DataStream, partition: int, entries: Sequence[Entry], now_ms: int) -> list[int]:
    number, _ = _lock(conn, stream.id, partition)
    asked = [entry.event_id for entry in entries if entry.event_id is not None]
    known: dict[str | None, int] = {}
    if asked:
        here = (data_records.c.stream_id == stream.id, data_records.c.event_id.in_(asked))
        rows = conn.execute(select(data_records.c.event_id, data_records.c.sequence).where(*here))
        known = {row.event_id: row.sequence for row in rows}
    numbers: list[int] = []
    new: list[dict[str, Any]] = []
    for entry in entries:
        if entry.event_id is None or entry.event_id not in known:
            row = {"stream_id": stream.id, "partition": partition, "sequence": number, "at": now_ms}
            new.append(row | {"partition_key": entry.partition_key, "data": entry.data, "event_id": entry.event_id})
            numbers.append(number)
            if entry.event_id is not None:
                known[entry.event_id] = number
            number += 1
        else:
            numbers.append(known[entry.event_id])
    if new:
        conn.execute(insert(data_records), new)
        _weigh(conn, stream.id, partition, sum(len(row["data"]) for row in new), number)
    return numbers


def _trim(conn: Connection, stream: DataStream, partition: int, max_bytes: int) -> int:
    """Remove the oldest records of a partition that holds too much; return how many."""
    following, held = _lock(conn, stream.id, partition)
    here = (data_records.c.stream_id == stream.id, data_records.c.partition == partition)
    gone = 0
    while held > max_bytes:
        rows = conn.execute(
            select(data_records.c.sequence, func.length(data_records.c.data).label("size"))
            .where(*here, data_records.c.sequence < following - 1)
            .order_by(data_records.c.sequence)
            .limit(LOOKED_AT)
        ).all()
        last, freed = None, 0
        for row in rows:
            if held - freed <= max_bytes:
                break
            last, freed, gone = row.sequence, freed + row.size, gone + 1
        if last is None:
            break
        conn.execute(delete(data_records).where(*here, data_records.c.sequence <= last))
        _weigh(conn, stream.id, partition, -freed)
        held -= freed
    return gone


def _lock(conn: Connection, stream_id: str, partition: int) -> tuple[int, int]:
    """Keep everybody else from the end of a partition until the commit; return its next number and its bytes."""
    here = (data_partitions.c.stream_id == stream_id, data_partitions.c.number == partition)
    row = conn.execute(select(data_partitions).where(*here).with_for_update()).first()
    if row is None:
        raise NotFound("The data stream was deleted meanwhile.", param="stream_name")
    return row.next_sequence, row.bytes


def _weigh(conn: Connection, stream_id: str, partition: int, more: int, following: int | None = None) -> None:
    here = (data_partitions.c.stream_id == stream_id, data_partitions.c.number == partition)
    values = {"bytes": data_partitions.c.bytes + more} | ({} if following is None else {"next_sequence": following})
    conn.execute(update(data_partitions).where(*here).values(values))
