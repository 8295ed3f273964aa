"""Durable streams: numbers without a gap, nothing twice, nothing beyond what is kept, nothing of other projects."""

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import Connection

from conformance.ground import MINE, OTHERS
from vedette.control.janitor import ROUND, Janitor
from vedette.model.data_stream import HASHES, STREAMS_PER_PROJECT, CursorType, DataStream, Entry, Placed
from vedette.model.errors import InvalidParameter, NameTaken, NotFound, QuotaReached
from vedette.model.ids import EventId, ProjectId, new_hex
from vedette.store import data_records, data_streams
from vedette.store.blobs import Blobs
from vedette.store.db import Database
from vedette.store.retention import Retention
from vedette.telemetry.metrics import Metrics

ROOM = 10**9
HOUR = 3_600_000


def stream(name: str = "s-1", partitions: int = 1, project: ProjectId = MINE, hours: int = 24) -> DataStream:
    return DataStream(new_hex(), project, name, partitions, hours=hours, created_at=5)


async def made(db: Database, partitions: int = 1) -> DataStream:
    one = stream(partitions=partitions)
    await db.write(data_streams.create, one)
    return one


async def put(db: Database, one: DataStream, *entries: Entry, at: int = 1000, room: int = ROOM) -> list[Placed]:
    placed, _ = await db.write(data_records.put, one, entries, at, room)
    return placed


def event(number: int, data: bytes = b"x") -> Entry:
    return Entry(data, "task", event_id=EventId(f"event-{number}"))


async def numbers(db: Database, one: DataStream, partition: int = 0, start: int = 0) -> list[int]:
    return [record.sequence for record in await db.read(data_records.read, one.id, partition, start, ROOM)]


async def test_a_stream_is_made_once_and_shown_as_it_was_made(db: Database) -> None:
    one = await made(db, 3)
    assert await db.read(data_streams.get, MINE, "s-1") == one
    with pytest.raises(NameTaken):
        await db.write(data_streams.create, stream())
    states = await db.read(data_streams.partitions, one)
    assert [(state.number, state.oldest, state.next_sequence, state.bytes) for state in states] == [
        (n, 0, 0, 0) for n in range(3)
    ]


async def test_a_project_sees_only_its_own_streams(db: Database) -> None:
    """Two projects may use the same name for two streams."""
    await made(db)
    with pytest.raises(NotFound):
        await db.read(data_streams.get, OTHERS, "s-1")
    with pytest.raises(NotFound):
        await db.write(data_streams.remove, OTHERS, "s-1")
    await db.write(data_streams.create, stream(project=OTHERS))
    assert (await db.read(data_streams.page, OTHERS, after="", limit=10))[1] == 1


async def test_streams_are_listed_by_name_page_by_page(db: Database) -> None:
    """In the order of their characters on both databases, whatever the language of the server."""
    for name in ("b", "B", "a-1", "a_1", "a"):
        await db.write(data_streams.create, stream(name))
    first, total = await db.read(data_streams.page, MINE, after="", limit=3)
    rest, _ = await db.read(data_streams.page, MINE, after=first[-1].name, limit=3)
    assert ([one.name for one in first], [one.name for one in rest], total) == (["B", "a", "a-1"], ["a_1", "b"], 5)


async def test_a_project_has_a_bounded_number_of_streams(db: Database) -> None:
    for n in range(STREAMS_PER_PROJECT):
        await db.write(data_streams.create, stream(f"s-{n}"))
    with pytest.raises(QuotaReached):
        await db.write(data_streams.of_name, MINE, "one-more", 5)
    await db.write(data_streams.of_name, MINE, "s-7", 5)


async def test_numbers_have_no_gap_though_many_append_at_once(db: Database) -> None:
    """Whoever reads up to a number has seen all before it: they are given under a lock, in the transaction."""
    one = await made(db)
    placed = await asyncio.gather(*(put(db, one, Entry(b"a", "k"), Entry(b"b", "k")) for _ in range(20)))
    assert sorted(place.sequence for pair in placed for place in pair if place.sequence is not None) == list(range(40))
    assert all(first.sequence is not None and second.sequence == first.sequence + 1 for first, second in placed)
    assert await numbers(db, one) == list(range(40))


async def test_a_unit_that_fails_uses_no_number(db: Database) -> None:
    one = await made(db)

    def broken(conn: Connection) -> None:
        data_records.put(conn, one, [Entry(b"lost")], 1, ROOM)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await db.write(broken)
    assert [place.sequence for place in await put(db, one, Entry(b"kept"))] == [0]


async def test_an_event_is_appended_once(db: Database) -> None:
    """A crash between appending and marking repeats the delivery: it is told where the first one is."""
    one = await made(db)
    first = await put(db, one, event(1), event(2))
    assert await put(db, one, event(2), event(3), event(3)) == [first[1], Placed(0, 2), Placed(0, 2)]
    assert await numbers(db, one) == [0, 1, 2]
    again = await asyncio.gather(*(put(db, one, event(4)) for _ in range(8)))
    assert {place.sequence for (place,) in again} == {3}
    other = stream("s-2")
    await db.write(data_streams.create, other)
    assert await put(db, other, event(1)) == [Placed(0, 0)]


async def test_a_partition_wins_over_a_hash_and_a_hash_over_a_key(db: Database) -> None:
    one = await made(db, 3)
    last = HASHES - 1
    placed = await put(
        db,
        one,
        Entry(b"x", "key", 1, last),
        Entry(b"x", "key", None, last),
        Entry(b"x", "key", None, 0),
        Entry(b"x", "key"),
        Entry(b"y", "key"),
        Entry(b"x", partition=7),
    )
    assert [place.partition for place in placed[:3]] == [1, 2, 0]
    assert placed[3].partition == placed[4].partition
    assert placed[5] == Placed(7, None)


def test_the_ranges_of_the_partitions_meet_and_hold_every_hash() -> None:
    for count in (1, 3, 7, 50):
        one = stream(partitions=count)
        ranges = [one.hash_range(n) for n in range(count)]
        assert (ranges[0][0], ranges[-1][1]) == (0, HASHES - 1)
        assert all(before[1] + 1 == after[0] for before, after in pairwise(ranges))
        for n, (first, last) in enumerate(ranges):
            assert {one.partition_of(Entry(b"", hash_key=key)) for key in (first, last)} == {n}


async def test_reading_goes_on_where_it_ended(db: Database) -> None:
    """As much data as is asked for, and one record at least: else a large one would stop the reader for ever."""
    one = await made(db)
    await put(db, one, Entry(b"12345", "k"), Entry(b"123", "k"), Entry(b"1", "k"))
    found = await db.read(data_records.read, one.id, 0, 0, 8)
    assert [(record.sequence, record.data, record.partition_key, record.at) for record in found] == [
        (0, b"12345", "k", 1000), (1, b"123", "k", 1000),
    ]  # fmt: skip
    assert [record.sequence for record in await db.read(data_records.read, one.id, 0, 0, 1)] == [0]
    assert [record.sequence for record in await db.read(data_records.read, one.id, 0, 2, 1)] == [2]
    assert await db.read(data_records.read, one.id, 0, 3, 1) == []


async def test_the_five_places_to_begin(db: Database) -> None:
    one = await made(db)
    for at in (1000, 2000, 3000):
        await put(db, one, Entry(b"x"), at=at)

    async def begin(kind: CursorType, **given: int) -> int:
        return await db.read(data_records.position, one, 0, kind, **given)

    assert await begin(CursorType.TRIM_HORIZON) == 0
    assert await begin(CursorType.LATEST) == 3
    assert await begin(CursorType.AT_SEQUENCE_NUMBER, sequence=1) == 1
    assert await begin(CursorType.AFTER_SEQUENCE_NUMBER, sequence=1) == 2
    assert [await begin(CursorType.AT_TIMESTAMP, at_ms=at) for at in (0, 1001, 3000, 3001)] == [0, 1, 2, 3]
    assert await begin(CursorType.AFTER_SEQUENCE_NUMBER, sequence=2) == 3
    with pytest.raises(InvalidParameter):
        await begin(CursorType.AFTER_SEQUENCE_NUMBER, sequence=3)


async def test_what_is_too_old_goes_and_its_numbers_are_not_used_again(db: Database) -> None:
    one = await made(db)
    await put(db, one, Entry(b"old"), at=HOUR)
    await put(db, one, Entry(b"young"), at=3 * HOUR)
    assert await db.write(data_records.expire, one, 26 * HOUR) == 1
    assert await db.write(data_records.expire, one, 26 * HOUR) == 0
    assert await numbers(db, one) == [1]
    [state] = await db.read(data_streams.partitions, one)
    assert (state.oldest, state.next_sequence, state.bytes) == (1, 2, 5)
    assert await db.write(data_records.expire, one, 99 * HOUR) == 1
    assert [place.sequence for place in await put(db, one, Entry(b"new"))] == [2]


async def test_the_oldest_leave_when_there_is_too_much(db: Database) -> None:
    """Each partition has its part of the room, and the newest record stays, however large it is."""
    one = await made(db, 2)
    for n in range(5):
        await put(db, one, Entry(b"x" * 10, partition=0), Entry(b"%d" % n, partition=1), room=60)
    assert (await numbers(db, one), await numbers(db, one, 1)) == ([2, 3, 4], [0, 1, 2, 3, 4])
    _, trimmed = await db.write(data_records.put, one, [Entry(b"x" * 99, partition=0)], 1000, 60)
    assert trimmed == 3
    assert await numbers(db, one) == [5]
    assert (await db.read(data_streams.fill)).bytes == 99 + 5


async def test_a_stream_that_is_removed_leaves_nothing(db: Database) -> None:
    """A new one of the same name begins with the number 0, and a writer who still knows the old one is told."""
    old = await made(db)
    await put(db, old, event(1))
    await db.write(data_streams.remove, MINE, "s-1")
    with pytest.raises(NotFound):
        await put(db, old, event(2))
    new = await db.write(data_streams.of_name, MINE, "s-1", 7)
    assert (new.partitions, new.hours, await numbers(db, new)) == (1, 72, [])
    assert await put(db, new, event(1)) == [Placed(0, 0)]


async def test_the_janitor_removes_what_is_too_old_of_all_streams(db: Database, tmp_path: Path) -> None:
    """More than a round of it, and it says how many went."""
    one, other = await made(db), stream("s-2", project=OTHERS, hours=72)
    await db.write(data_streams.create, other)
    for some in (one, other):
        await put(db, some, *(Entry(b"x", partition=0) for _ in range(ROUND + 1)), at=HOUR)
    metrics = Metrics(process=False)
    janitor = Janitor(db, Blobs(tmp_path / "pictures"), Retention(), metrics)

    def went() -> float | None:
        return metrics.registry.get_sample_value("vedette_data_records_removed_total", {"reason": "age"})

    await janitor.run_once(25 * HOUR)
    assert not went()
    await janitor.run_once(26 * HOUR)
    assert (went(), await numbers(db, one), len(await numbers(db, other))) == (ROUND + 1, [], ROUND + 1)
