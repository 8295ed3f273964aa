"""What workers hand over is stored, or nothing of it is: then it is told, and handed over again."""

import errno
from pathlib import Path
from typing import Any

import msgspec
import pytest

from vedette.api.workers import KEY_HEADER, WorkerDoor
from vedette.control.storing import RECENT_S, Storing
from vedette.model.errors import Unavailable
from vedette.model.event import Event
from vedette.model.frame import Position
from vedette.model.ids import EventId, RunId, StreamId, TaskId, WorkerId
from vedette.model.stream import Checkpoint, Ingest, IngestAnswer, RunProgress
from vedette.store.blobs import Blobs
from vedette.store.ingest import Stored
from vedette.telemetry.metrics import Metrics

FULL = OSError(errno.ENOSPC, "No space left on device")


class Disk(Blobs):
    """Has room for so many pictures."""

    room = 100

    def put(self, jpeg: bytes) -> str:
        if self.room <= 0:
            raise FULL
        self.room -= 1
        return super().put(jpeg)


class Rows:
    """Stands in for the desk: stores, or fails as it is told."""

    failure: Unavailable | None = None

    async def holds(self, _batch: Ingest) -> bool:
        return True

    async def ingest(self, batch: Ingest, pictures: Any) -> Stored:
        if self.failure is not None:
            raise self.failure
        assert len(pictures) == len(batch.progress[0].events)
        return Stored(accepted=True, new=len(pictures))


class Asked:
    """A request."""

    def __init__(self, batch: Ingest) -> None:
        self.headers = {KEY_HEADER: "key"}
        self._body = msgspec.msgpack.encode(batch)

    async def body(self) -> bytes:
        return self._body


class Stage:
    """A door, the disk and the rows behind it, and its clock."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.now = folder, 0.0
        self.disk, self.rows, self.metrics = Disk(folder), Rows(), Metrics(process=False)
        self.storing = Storing(self.metrics, lambda: self.now)
        desk: Any = self.rows
        nothing: Any = None
        self.door = WorkerDoor(
            desk, self.disk, self.metrics, "key", storing=self.storing, sessions=nothing, on_events=lambda: None
        )

    async def hand_over(self) -> IngestAnswer:
        point = Checkpoint(Position(0, 1, 1), None, None, 2)
        told = tuple(
            Event(EventId(f"E{n}"), TaskId("t"), RunId("r"), 1, Position(0, n, n), n, {"n": n}, b"jpeg")
            for n in range(3)
        )
        batch = Ingest(WorkerId("w"), StreamId("s"), 1, (RunProgress(TaskId("t"), RunId("r"), told, point),))
        request: Any = Asked(batch)
        return msgspec.msgpack.decode((await self.door.ingest(request)).body, type=IngestAnswer)

    def files(self) -> int:
        return len(list(self.folder.rglob("*.jpg")))

    def failures(self, what: str) -> float | None:
        return self.metrics.registry.get_sample_value("vedette_storage_failures_total", {"reason": what})

    def failing(self) -> float | None:
        return self.metrics.registry.get_sample_value("vedette_storage_failing")


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "pictures")


async def test_where_one_picture_has_no_room_none_of_its_batch_is_left(stage: Stage) -> None:
    """Workers try again four times a second: what is left each time would fill the disk to its last byte."""
    stage.disk.room = 2
    with pytest.raises(Unavailable, match="No space left"):
        await stage.hand_over()
    assert stage.files() == 0
    assert (stage.failures("pictures"), stage.failing()) == (1, 1)
    with pytest.raises(Unavailable, match="No space left"):
        stage.storing.check()
    stage.disk.room = 100
    assert (await stage.hand_over()).stored == 3
    assert (stage.files(), stage.failing()) == (3, 0)
    stage.storing.check()


async def test_pictures_go_again_when_the_database_certainly_has_no_row_of_them(stage: Stage) -> None:
    """A database that went away in the middle of a commit may have: then they stay, and the janitor looks later."""
    certain, unsure = Unavailable("full"), Unavailable("away")
    certain.undone = True
    for failure, left in ((certain, 0), (unsure, 3)):
        stage.rows.failure = failure
        with pytest.raises(Unavailable):
            await stage.hand_over()
        assert stage.files() == left
    assert stage.failures("database") == 2


async def test_a_failure_counts_for_as_long_as_somebody_might_try_again(stage: Stage) -> None:
    """A worker whose task was deleted meanwhile does not come back to say that all is well."""
    stage.disk.room = 0
    with pytest.raises(Unavailable):
        await stage.hand_over()
    stage.now = RECENT_S - 0.1
    with pytest.raises(Unavailable):
        stage.storing.check()
    stage.now = RECENT_S
    stage.storing.check()
