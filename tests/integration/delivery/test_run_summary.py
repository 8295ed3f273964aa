"""The summary of a run on its way: after everything else of the run, whole, and the same whenever it is made."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from absence import missing
from neighbours.buckets import S3rver
from neighbours.readers import everything
from vedette.delivery.dispatcher import Dispatcher
from vedette.delivery.guard import guarded_session
from vedette.delivery.sinks import result_file
from vedette.delivery.sinks.base import Delivery
from vedette.delivery.sinks.objects import ObjectSink
from vedette.delivery.sinks.result_file import ResultFiles
from vedette.delivery.uploads import Uploads
from vedette.model.errors import SinkBusy, SinkForbidden, Unavailable
from vedette.model.guard import GuardPolicy
from vedette.model.ids import EventId, ProjectId, TaskId
from vedette.model.objects import ObjectStore, StoreKind
from vedette.model.output import RESULT, ObsOutput, OutputKind
from vedette.store import run_results
from vedette.store.db import Database, open_database
from vedette.store.tables import destinations, events, metadata, outbox
from vedette.store.vault import Vault
from vedette.telemetry.metrics import Metrics

START = 1_777_896_000_000
"""2026-05-04 12:00 UTC"""
SUMMARY = {"task_id": "t1", "run_id": "r1", "name": "gate", "state": "SUCCEEDED", "frames": 9, "ended_at": START}
TARGET = ObsOutput("results", "out")


def fill(conn: Connection, sealed: bytes, many: int) -> None:
    """Store a run of so many events with its summary, another run before it, and what is due of all."""
    mine = {"project_id": "p1", "task_id": "t1"}
    conn.execute(destinations.insert().values(mine | {"id": "d", "kind": "obs", "target": sealed}))
    facts = {"connection": 0, "time_us": 0, "frame_index": 0, "timestamp_ms": START, "stored_at": START, "listed": 0}
    other = {"id": "other", "run_id": "r0", "event_type": 7, "number": 1, "message": "{}"}
    told = [
        {"id": f"E{n}", "run_id": "r1", "event_type": 196609 + n % 2, "number": n + 1, "message": json.dumps({"n": n})}
        for n in range(1, many + 1)
    ]
    last = {"id": "R", "run_id": "r1", "event_type": RESULT, "number": 0}
    last |= {"message": json.dumps({"path": "clips/a.mp4", "summary": SUMMARY})}
    for row in (other, *told, last):
        conn.execute(events.insert().values(mine | facts | row))
        due = {"state": "due", "attempts": 0, "next_attempt_at": START, "created_at": START}
        conn.execute(outbox.insert().values(mine | due | {"event_id": row["id"], "destination_id": "d"}))


@dataclass
class Troubled:
    """A sink that does with some events what a test wants."""

    inner: ObjectSink
    trouble: dict[str, Callable[[int], Exception | None]] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)

    async def send(self, delivery: Delivery) -> None:
        if failure := self.trouble.get(delivery.event_id, lambda _: None)(delivery.attempt):
            raise failure
        await self.inner.send(delivery)
        self.done.append(delivery.event_id)


@dataclass
class Scene:
    """A database, a folder as its store, and a dispatcher whose clock the test moves."""

    db: Database
    vault: Vault
    folder: Path
    sink: Troubled
    now: int = START

    async def pass_time(self, seconds: float) -> None:
        for _ in range(round(seconds * 2)):
            await self.dispatcher.settle(self.now)
            self.now += 500

    def __post_init__(self) -> None:
        self.dispatcher = Dispatcher(
            self.db, self.vault, lambda _: b"", {OutputKind.OBS: self.sink}, Metrics(process=False),
            now=lambda: self.now, rand=lambda: 0.5,
        )  # fmt: skip

    async def fill(self, many: int) -> None:
        await self.db.write(fill, self.vault.seal(TARGET), many)

    async def row(self, event_id: str) -> Any:
        def look(conn: Connection) -> Any:
            return conn.execute(select(outbox).where(outbox.c.event_id == event_id)).one()

        return await self.db.read(look)

    @property
    def file(self) -> Path:
        return self.folder / "results" / "out" / "clips" / "a.mp4" / "result.json"


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    db = open_database(f"sqlite:///{tmp_path}/v.sqlite3")
    await db.write(metadata.create_all)
    (tmp_path / "store" / "results").mkdir(parents=True)
    store = ObjectStore("here", StoreKind.FOLDER, folder=str(tmp_path / "store"))

    async def find(_project: ProjectId, _bucket: str) -> ObjectStore:
        return store

    async with guarded_session(GuardPolicy()) as session:
        inner = ObjectSink(Uploads(session), find, (tmp_path,), results=files(db))
        it = Scene(db, Vault.from_file(tmp_path / "key"), tmp_path / "store", Troubled(inner))
        yield it
        await it.dispatcher.stop()
    await db.close()


def files(db: Database) -> ResultFiles:
    return ResultFiles(lambda task, run, after: db.read(run_results.told, task, run, after), {196609: "intrusion"})


async def test_it_is_written_last_and_lists_the_events_of_its_run(scene: Scene) -> None:
    """The messages in the order of their numbers, however they were delivered."""
    await scene.fill(250)
    await scene.pass_time(1)
    assert (scene.sink.done[-1], len(scene.sink.done)) == ("R", 252)
    told = json.loads(scene.file.read_bytes())
    results, counts = told.pop("results"), (told.pop("events"), told.pop("kinds"))
    assert told == SUMMARY
    assert results == [{"number": n + 1, "message": {"n": n}} for n in range(1, 251)]
    assert counts == (250, {"intrusion": 125, "196610": 125})
    assert (await scene.row("R")).state == "done"


async def test_it_waits_for_what_is_tried_again_and_does_not_spend_its_own_attempts(scene: Scene) -> None:
    """A store may be busy for hours: the summary says at its first attempt what is there."""
    scene.sink.trouble["E2"] = lambda attempt: SinkBusy("later") if attempt < 8 else None
    await scene.fill(3)
    await scene.pass_time(5)
    assert not scene.file.exists()
    assert ((await scene.row("R")).attempts, (await scene.row("R")).state) == (0, "due")
    await scene.pass_time(90)
    assert scene.sink.done[-2:] == ["E2", "R"]
    assert ((await scene.row("R")).attempts, (await scene.row("R")).state) == (1, "done")


async def test_a_dead_letter_before_it_does_not_hold_it(scene: Scene) -> None:
    """Its message is in the summary all the same."""
    scene.sink.trouble["E1"] = lambda _: SinkForbidden("no")
    await scene.fill(2)
    await scene.pass_time(2)
    assert (await scene.row("E1")).state == "dead"
    assert [one["message"]["n"] for one in json.loads(scene.file.read_bytes())["results"]] == [1, 2]


async def test_it_is_tried_again_as_events_are(scene: Scene) -> None:
    """One that fails for good is a dead letter, and can be sent again."""
    scene.sink.trouble["R"] = lambda attempt: SinkBusy("full") if attempt < 3 else None
    await scene.fill(1)
    await scene.pass_time(3)
    assert ((await scene.row("R")).attempts, (await scene.row("R")).state) == (3, "done")
    assert scene.file.exists()


def delivery() -> Delivery:
    message = {"path": "clips/a.mp4", "summary": SUMMARY}
    facts = {"event_type": RESULT, "project_id": ProjectId("p1")}
    return Delivery(EventId("R"), TaskId("t1"), 1, message, None, TARGET, **facts)


async def test_the_same_run_gives_the_same_bytes_in_memory_and_on_the_disk(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run may have more events than the memory holds: beyond a limit the file is made on the disk."""
    await scene.fill(300)
    small = await files(scene.db).make(delivery(), TARGET)
    monkeypatch.setattr(result_file, "IN_MEMORY", 1000)
    large = await files(scene.db).make(delivery(), TARGET)
    for body in (small, large):
        body.seek(0)
    with small, large:
        assert small.read() == large.read()
    await scene.pass_time(1)
    assert len(json.loads(scene.file.read_bytes())["results"]) == 300


async def test_a_large_one_goes_in_parts(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """S3 takes parts of 5 MiB and more; here a server that takes smaller ones."""
    if reason := S3rver.absent():
        missing(reason)
    monkeypatch.setattr(result_file, "IN_MEMORY", 1000)
    await scene.fill(400)
    with S3rver() as buckets:
        buckets.bucket("results")

        async def find(_project: ProjectId, _bucket: str) -> ObjectStore:
            return buckets.store()

        loopback = GuardPolicy.parse("lan", ["127.0.0.0/8"])
        async with guarded_session(loopback) as session:
            for part in (4000, 8 << 20):
                sink = ObjectSink(Uploads(session, part=part), find, results=files(scene.db))
                await sink.send(delivery())
                written = everything(buckets.store(), "results")
                assert list(written) == ["out/clips/a.mp4/result.json"]
                found = json.loads(written["out/clips/a.mp4/result.json"])
                assert [one["number"] for one in found["results"]] == list(range(2, 402))


async def test_a_database_that_is_away_is_one_to_come_again_to(scene: Scene) -> None:
    """Nothing of it is written then."""

    async def away(*_: object) -> list[Any]:
        raise Unavailable("The database refused.")

    with pytest.raises(SinkBusy, match="cannot be read now"):
        await ResultFiles(away, {}).make(delivery(), TARGET)
