"""A running task's document is changed: what its worker, its timetable and its destinations make of that."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, select

from conformance.ground import MINE, NOW, batch, insert, move, progress, read, running, task
from conformance.theatre import Theatre
from vedette.algorithms.registry import Registry
from vedette.control import updates
from vedette.control.reopening import reopen_source
from vedette.model.ids import WorkerId
from vedette.model.lifecycle import State
from vedette.model.output import TaskOutput, WebhookOutput
from vedette.model.schedule import Schedule, Window
from vedette.model.source import AccessType, InputDatum, InputType, SourceKind, TaskInput, VideoSource
from vedette.model.stream import Ingest, StreamState
from vedette.model.task import Task
from vedette.store import assignments, ingest, outbox, tasks, video_sources
from vedette.store.db import Database
from vedette.store.tables import destinations, events
from vedette.store.tables import outbox as rows
from vedette.store.vault import Vault

REGISTRY = Registry.load()
CAMERA, OTHER_CAMERA = "rtsp://camera/1", "rtsp://camera/2"
EVENINGS = Schedule("weekly", "+00:00", (1, 2, 3, 4, 5, 6, 7), None, ((Window("18:00:00", "20:00:00"),),))
"""NOW is 08:00."""


def looking_at(url: str) -> TaskInput:
    return TaskInput(InputType.URL, InputDatum(url=url))


async def change(db: Database, vault: Vault, one: Task, now_ms: int = NOW, **fields: Any) -> None:
    """Change a document as the verb does."""

    def write(conn: Connection) -> bool:
        here = tasks.get(conn, vault, one.project_id, one.id)
        return updates.apply(conn, vault, REGISTRY, here, fields, actor="user", now_ms=now_ms)

    assert await db.write(write)


@pytest.fixture
def stage(sqlite: Database, vault: Vault) -> Theatre:
    return Theatre(sqlite, vault, limit=1)


# -- configuration


async def test_a_new_configuration_reaches_the_worker_and_moves_no_task(stage: Theatre) -> None:
    """The stream, its epoch and the run are what they were; the neighbour's words are the same."""
    one, two = await stage.start(task("one", url=CAMERA), task("two", url=CAMERA))
    (worker,) = stage.workers.values()
    await change(stage.db, stage.vault, one, config={"line_detection_sw": False})
    (given,) = (await worker.speak()).changed
    assert given.epoch == 1
    assert {run.task_id: (run.run_id, run.config) for run in given.spec.runs} == {
        one.id: (one.run_id, {"line_detection_sw": False}),
        two.id: (two.run_id, {"person_sw": True}),
    }
    await stage.talk()
    assert (await worker.speak()).changed == ()
    for known in (one, two):
        assert await stage.states(known) == [State.PENDING, State.STARTING, State.RUNNING]


# -- the source


async def test_a_task_whose_camera_changed_is_opened_anew_and_its_neighbour_is_not_touched(stage: Theatre) -> None:
    """A new run on a new stream; the old stream goes on under its epoch for who is left."""
    one, two = await stage.start(task("one", url=CAMERA), task("two", url=CAMERA))
    await change(stage.db, stage.vault, one, input=looking_at(OTHER_CAMERA))
    await stage.settle()
    moved = await stage.see(one)
    assert moved.run_id != one.run_id
    assert moved.stream_id != one.stream_id
    await stage.talk()
    for worker in stage.workers.values():
        worker.play(StreamState.FLOWING)
    await stage.talk()
    assert (await stage.states(one))[2:] == [State.RUNNING, State.RECOVERING, State.STARTING, State.RUNNING]
    assert await stage.states(two) == [State.PENDING, State.STARTING, State.RUNNING]
    assert (await stage.see(two)).run_id == two.run_id
    (worker,) = stage.workers.values()
    assert two.stream_id is not None
    old = worker.streams[two.stream_id].assignment
    assert (old.epoch, old.spec.address.url) == (1, CAMERA)
    assert [run.run_id for run in old.spec.runs] == [two.run_id]
    new = {stream.assignment.spec.address.url for stream in worker.streams.values()}
    assert new == {CAMERA, OTHER_CAMERA}


async def test_the_old_stream_is_closed_when_nobody_is_left_on_it(stage: Theatre) -> None:
    """Nobody keeps a camera busy for nothing."""
    (one,) = await stage.start(task("one", url=CAMERA))
    await change(stage.db, stage.vault, one, input=looking_at(OTHER_CAMERA))
    await stage.settle()
    await stage.talk()
    (worker,) = stage.workers.values()
    assert [stream.assignment.spec.address.url for stream in worker.streams.values()] == [OTHER_CAMERA]
    held = await stage.db.read(assignments.holdings)
    assert [holding.stream_id for holding in held] == [(await stage.see(one)).stream_id]


async def test_a_new_file_is_read_from_its_start(stage: Theatre) -> None:
    """Where the run had come in the old file says nothing about the new one."""
    (one,) = await stage.start(task("one"))
    (worker,) = stage.workers.values()
    assert one.stream_id is not None
    handed = Ingest(worker.id, one.stream_id, 1, (progress(one, [3]),))
    assert (await stage.db.write(ingest.store, stage.vault, handed, {}, NOW)).new == 1
    await change(stage.db, stage.vault, one, input=looking_at("file:///clips/b.mp4"))
    await stage.settle()
    await worker.speak()
    (played,) = worker.streams.values()
    (run,) = played.assignment.spec.runs
    assert (played.assignment.spec.address.url, run.checkpoint) == ("file:///clips/b.mp4", None)
    assert (await stage.see(one)).frames == 0


async def test_late_words_of_the_old_run_are_not_taken_for_the_new_one(stage: Theatre) -> None:
    """Events that were on their way, and a report that the old file is finished."""
    (one,) = await stage.start(task("one"))
    (worker,) = stage.workers.values()
    assert one.stream_id is not None
    late = Ingest(worker.id, one.stream_id, 1, (progress(one, [3, 4]),))
    await change(stage.db, stage.vault, one, input=looking_at("file:///clips/b.mp4"))
    await stage.settle()
    told = await stage.db.write(ingest.store, stage.vault, late, {}, NOW)
    assert (told.accepted, told.new) == (True, 0)
    worker.play(StreamState.ENDED)  # all it holds is the old stream
    await stage.talk()
    assert State.SUCCEEDED not in await stage.states(one)
    moved = await stage.see(one)
    assert (moved.state, moved.frames) == (State.STARTING, 0)
    assert moved.run_id is not None
    assert await stage.db.read(ingest.checkpoint_of, moved.run_id) is None


async def test_a_task_at_rest_takes_its_new_source_at_its_next_start(stage: Theatre) -> None:
    """Nothing is opened now."""
    one = task("one", state=State.STOPPED)
    await stage.add(one)
    await change(stage.db, stage.vault, one, input=looking_at("file:///clips/b.mp4"))
    await stage.settle()
    assert (await stage.see(one)).state is State.STOPPED
    assert stage.executor.started == []


async def test_a_task_that_waits_is_not_placed_by_what_its_source_was(db: Database, vault: Vault) -> None:
    """Its state and its run say nothing of the change, so its version does."""
    source = VideoSource("source-1", MINE, "gate", AccessType.CLOUD, SourceKind.URL, "<xml/>", {"URL_ADDRESS": CAMERA})
    await db.write(video_sources.insert, vault, source)
    waiting = task("one")
    at_source = TaskInput(InputType.VIDEO_SOURCE, InputDatum(video_source_id=source.id))
    waiting = replace(waiting, document=replace(waiting.document, input=at_source))
    await insert(db, vault, waiting)
    as_read = await read(db, vault, waiting)

    def change_source(conn: Connection) -> tuple[Any, ...]:
        return reopen_source(conn, vault, MINE, source.id, actor="user", at=NOW)

    assert await db.write(change_source) == ()
    assert not await move(db, as_read, (State.STARTING,), cause="", actor="service", at=NOW, stream_id="old")
    assert (await read(db, vault, waiting)).state is State.PENDING


# -- the timetable


async def test_a_new_timetable_is_obeyed_at_once(stage: Theatre) -> None:
    """Its window is closed now, so the task rests; without it the task runs again."""
    (one,) = await stage.start(task("one"))
    await change(stage.db, stage.vault, one, schedule=EVENINGS)
    await stage.settle()
    await stage.talk()
    resting = await stage.see(one)
    assert (resting.state, resting.next_due_at) == (State.STOPPED, NOW + 10 * 3_600_000)
    all_day = replace(EVENINGS, periods=((Window("00:00:00", "20:00:00"),),))
    await change(stage.db, stage.vault, one, schedule=all_day)
    await stage.settle()
    assert (await stage.see(one)).state is State.STARTING


# -- destinations


async def sent(db: Database, vault: Vault) -> dict[str, list[int]]:
    """Return which pictures' events are due where: the address with the value of its first header."""

    def look(conn: Connection) -> list[Any]:
        return list(
            conn.execute(
                select(destinations.c.target, events.c.frame_index)
                .join(rows, rows.c.destination_id == destinations.c.id)
                .join(events, events.c.id == rows.c.event_id)
                .order_by(events.c.frame_index)
            )
        )

    found: dict[str, list[int]] = {}
    for row in await db.read(look):
        target = vault.unseal(row.target, WebhookOutput)
        found.setdefault(f"{target.url} {next(iter(target.headers.values()))}", []).append(row.frame_index)
    return found


def to(url: str, secret: str = "s", name: str = "X") -> TaskOutput:
    return TaskOutput(webhook=WebhookOutput(url, {name: secret}), event_center=True)


async def told(db: Database, vault: Vault, one: Task, epoch: int, *indexes: int) -> None:
    assert (await db.write(ingest.store, vault, batch(one, epoch, indexes), {}, NOW)).new == len(indexes)


async def test_each_event_has_the_destination_of_its_time(db: Database, vault: Vault) -> None:
    """What was due for the old one stays due there; nothing is sent to both, and nothing to none."""
    one, epoch = await running(db, vault)
    await change(db, vault, one, output=to("http://old.example/"))
    await told(db, vault, one, epoch, 1, 2)
    await change(db, vault, one, output=to("http://new.example/"))
    await told(db, vault, one, epoch, 3)
    await change(db, vault, one, output=to("http://old.example/"))
    await told(db, vault, one, epoch, 4)
    assert await sent(db, vault) == {"http://old.example/ s": [1, 2, 4], "http://new.example/ s": [3]}
    await change(db, vault, one, output=TaskOutput(event_center=True))
    await told(db, vault, one, epoch, 5)
    assert sum(len(indexes) for indexes in (await sent(db, vault)).values()) == 4
    assert len(await db.read(outbox.agenda)) == 2


async def test_what_is_due_goes_with_the_new_secret(db: Database, vault: Vault) -> None:
    """The old one is good for nothing any more; another header is another destination."""
    one, epoch = await running(db, vault)
    await change(db, vault, one, output=to("http://hook.example/", "old"))
    await told(db, vault, one, epoch, 1)
    await change(db, vault, one, output=to("http://hook.example/", "new"))
    assert await sent(db, vault) == {"http://hook.example/ new": [1]}
    await told(db, vault, one, epoch, 2)
    assert await sent(db, vault) == {"http://hook.example/ new": [1, 2]}
    await change(db, vault, one, output=to("http://hook.example/", "other", name="Y"))
    await told(db, vault, one, epoch, 3)
    assert await sent(db, vault) == {"http://hook.example/ new": [1, 2], "http://hook.example/ other": [3]}
    assert (await read(db, vault, one)).state is State.RUNNING
    assert WorkerId("w1") in {row.worker_id for row in await db.read(assignments.holdings)}
