"""What the dis output appends: the whole message, once, in the project's own stream."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from vedette.delivery.sinks.base import Delivery
from vedette.delivery.sinks.data_stream import DataStreamSink
from vedette.model.data_stream import STREAMS_PER_PROJECT
from vedette.model.errors import SinkBusy, SinkRefused
from vedette.model.ids import EventId, ProjectId, TaskId
from vedette.model.output import DisOutput, Target, WebhookOutput
from vedette.store import data_records, data_streams, identity, schema
from vedette.store.db import Database, open_database

MINE = ProjectId("mine")
NOW = 1_713_859_200_000


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    database = open_database(f"sqlite:///{tmp_path / 'vedette.db'}")
    await database.write(schema.upgrade)
    await database.write(lambda conn: identity.add_project(conn, MINE, "mine", "default", at=NOW))
    yield database
    await database.close()


def delivery(number: int, target: Target | None = None, picture: bytes | None = None) -> Delivery:
    return Delivery(
        EventId(f"event-{number}"),
        TaskId("task-1"),
        1,
        {"message_id": f"event-{number}", "data": {"n": number}},
        picture,
        target or DisOutput("gate-events"),
        project_id=MINE,
    )


async def stored(db: Database, name: str = "gate-events") -> list[tuple[int, str, dict[str, object]]]:
    stream = await db.read(data_streams.get, MINE, name)
    records = await db.read(data_records.read, stream.id, 0, 0, 10**9)
    return [(record.sequence, record.partition_key, json.loads(record.data)) for record in records]


async def test_a_stream_is_made_at_first_use_and_has_the_message_with_its_picture(db: Database) -> None:
    """On a fresh install nobody has made a stream, and the user of the output wants the events nevertheless."""
    sink = DataStreamSink(db, now=lambda: NOW)
    await sink.send(delivery(1, picture=b"\xff\xd8jpeg"))
    [(sequence, key, message)] = await stored(db)
    assert (sequence, key, message["data"]) == (0, "task-1", {"n": 1})
    assert base64.b64decode(str(message["image_base64"])) == b"\xff\xd8jpeg"


async def test_a_delivery_that_is_repeated_appends_nothing(db: Database) -> None:
    """After a crash between appending and marking, also in another process."""
    for number in (1, 2, 1, 2, 3):
        await DataStreamSink(db, now=lambda: NOW).send(delivery(number))
    assert [message["message_id"] for _, _, message in await stored(db)] == ["event-1", "event-2", "event-3"]


async def test_what_had_to_leave_is_counted(db: Database) -> None:
    left: list[int] = []
    sink = DataStreamSink(db, max_bytes=200, trimmed=left.append, now=lambda: NOW)
    for number in range(10):
        await sink.send(delivery(number))
    assert sum(left) + len(await stored(db)) == 10
    assert sum(left) > 0


async def test_a_project_with_too_many_streams_is_told_so(db: Database) -> None:
    for n in range(STREAMS_PER_PROJECT):
        await db.write(data_streams.of_name, MINE, f"s-{n}", NOW)
    with pytest.raises(SinkRefused, match=str(STREAMS_PER_PROJECT)):
        await DataStreamSink(db).send(delivery(1))
    await DataStreamSink(db).send(delivery(1, DisOutput("s-3")))


async def test_another_kind_of_target_is_refused(db: Database) -> None:
    with pytest.raises(SinkRefused):
        await DataStreamSink(db).send(delivery(1, WebhookOutput("http://a.example", {})))


async def test_a_database_that_is_away_is_waited_for(db: Database) -> None:
    await db.close()
    with pytest.raises(SinkBusy):
        await DataStreamSink(db).send(delivery(1))
