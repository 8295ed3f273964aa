"""Levels of sources: what streams and probes say of them, on both databases, with workers and a clock that are played."""

from dataclasses import replace

import pytest
from sqlalchemy import Connection

from conformance.ground import MINE, OTHERS, people, task
from conformance.theatre import PROBE_EVERY_S, FakeWorker, Theatre
from vedette.control.probes import AT_ONCE, CROWD, LOAN_MS
from vedette.model.errors import NotFound, SourceInvalid, SourceLost, SourceRefused, SourceUnreachable
from vedette.model.failure import Failure
from vedette.model.ids import ProjectId, VideoSourceId
from vedette.model.look import UNSEEN, Fault, Look, Sight
from vedette.model.source import AccessType, InputDatum, InputType, SourceKind, SourceLevel, TaskInput, VideoSource
from vedette.model.stream import StreamState
from vedette.model.task import Task
from vedette.store import source_lists, source_looks, video_sources
from vedette.store.db import Database
from vedette.store.vault import Vault

ONLINE, OFFLINE, EXCEPTION = SourceLevel.ONLINE, SourceLevel.OFFLINE, SourceLevel.EXCEPTION
AWAY = Failure(SourceUnreachable.code, "nobody answers at rtsp://u:p@c/1")
BROKEN = Failure(SourceInvalid.code, "no video")


class Looking(Theatre):
    """A play with sources."""

    async def camera(self, *names: str, project: ProjectId = MINE, **leaves: str) -> None:
        def add(conn: Connection) -> None:
            for name in names:
                known = {"URL_ADDRESS": f"rtsp://{name}/1"} | leaves
                fresh = VideoSource(name, project, name, AccessType.CLOUD, SourceKind.URL, "<x/>", known)
                video_sources.insert(conn, self.vault, replace(fresh, create_at=self.now_ms))

        await self.db.write(add)

    async def round(self, seconds: float = 1.0) -> None:
        """Let a second pass: workers speak, the loops step, workers hear what came of it."""
        self.pass_time(seconds)
        for _ in range(2):
            for worker in self.workers.values():
                if worker.id in self.executor.present():
                    await worker.speak()
            await self.looks.run_once(self.now_ms)
            await self.settle()

    async def began(self) -> FakeWorker:
        """Let sources that wait have a worker started; return it."""
        await self.looks.run_once(self.now_ms)
        (worker,) = await self.boot()
        await self.round(0.1)
        return worker

    async def sight(self, name: str, project: ProjectId = MINE) -> Sight:
        (found,) = await self.db.read(source_lists.chosen, project, [name])
        return found.sight

    async def level(self, name: str) -> SourceLevel:
        return (await self.sight(name)).level

    async def demand(self, name: str) -> None:
        await self.db.write(source_looks.demand, MINE, VideoSourceId(name), self.now_ms)


@pytest.fixture
async def play(db: Database, vault: Vault) -> Looking:
    await people(db)
    return Looking(db, vault)


def names(worker: FakeWorker) -> list[str]:
    """Return whom a worker shall look at."""
    return sorted(probe.address.url.split("/")[2] for probe in worker.probes)


def answer(worker: FakeWorker, failure: Failure | None = None, image: bytes | None = b"jpeg") -> None:
    """Let a worker have looked at all it was asked to."""
    for probe in worker.probes:
        seen = Look(probe.id, 1, failure) if failure else Look(probe.id, 1, width=640, height=480, image=image)
        worker.looks.append(seen)


def watching(source_id: str) -> Task:
    fresh = task(f"watches-{source_id}")
    looks = TaskInput(InputType.VIDEO_SOURCE, InputDatum(video_source_id=source_id))
    return replace(fresh, document=replace(fresh.document, input=looks))


async def test_a_new_source_is_offline_until_somebody_has_looked(play: Looking) -> None:
    """Which a worker does at once; one is started if there is none."""
    await play.camera("a")
    assert await play.sight("a") == Sight(OFFLINE, UNSEEN, play.now_ms)
    worker = await play.began()
    assert names(worker) == ["a"]
    answer(worker)
    await play.round()
    sight = await play.sight("a")
    assert (sight.level, sight.reason, sight.since, sight.looked_at) == (ONLINE, "", play.now_ms, play.now_ms)
    assert (sight.width, sight.height) == (640, 480)
    picture = await play.db.read(source_looks.picture, MINE, VideoSourceId("a"))
    assert picture is not None
    assert picture.jpeg == b"jpeg"
    assert worker.probes == ()
    assert len(play.executor.started) == 1


@pytest.mark.parametrize(
    ("code", "level"),
    [(SourceUnreachable.code, OFFLINE), (SourceLost.code, OFFLINE), (SourceRefused.code, EXCEPTION),
     (SourceInvalid.code, EXCEPTION), ("VEDETTE.1000", EXCEPTION)],
)  # fmt: skip
async def test_silence_is_offline_and_an_answer_without_pictures_an_exception(
    play: Looking, code: str, level: SourceLevel
) -> None:
    """With the reason, in which no password stands."""
    await play.camera("a")
    worker = await play.began()
    answer(worker, Failure(code, "rtsp://u:secret@a/1 is not well"))
    await play.round()
    sight = await play.sight("a")
    assert (sight.level, sight.reason) == (level, "rtsp://******@a/1 is not well")


async def test_sources_are_looked_at_again_and_spread(play: Looking) -> None:
    """Not all in the same second, and each within a quarter of the time that is set."""
    wanted = [f"c{number}" for number in range(AT_ONCE)]
    await play.camera(*wanted)
    worker = await play.began()
    assert names(worker) == sorted(wanted)
    answer(worker)
    await play.round()
    await play.round(PROBE_EVERY_S * 0.74)
    assert names(worker) == []
    found = set[int]()
    for _ in range(20):
        await play.round(PROBE_EVERY_S * 0.51 / 20)
        if worker.probes:
            found.add(play.now_ms)
        answer(worker)
    assert len(found) > 3
    assert all([(await play.sight(name)).looked_at for name in wanted])


async def test_of_many_a_few_are_handed_out_at_a_time_and_looked_at_briefly(play: Looking) -> None:
    """So that a thousand that are due at once neither flood a worker nor wait for hours."""
    await play.camera(*(f"c{number:03}" for number in range(AT_ONCE + CROWD)))
    worker = await play.began()
    assert len(worker.probes) == AT_ONCE
    assert all(probe.brief for probe in worker.probes)
    answer(worker)
    await play.round()
    assert len(worker.probes) == AT_ONCE
    assert not any(probe.brief for probe in worker.probes)
    await play.round()
    assert len(worker.probes) == AT_ONCE


async def test_what_a_task_watches_is_told_by_its_stream_and_probed_by_nobody(play: Looking) -> None:
    """Away within a second of it, back with the picture, and as it was when the task has gone."""
    await play.camera("a")
    (busy,) = await play.start(watching("a"))
    (worker,) = play.workers.values()
    await play.round()
    assert (await play.level("a"), worker.probes) == (ONLINE, ())
    worker.play(StreamState.AWAY, AWAY)
    await worker.speak()
    sight = await play.sight("a")
    assert (sight.level, sight.reason) == (OFFLINE, "nobody answers at rtsp://******@c/1")
    worker.play(StreamState.FLOWING)
    assert busy.stream_id is not None
    worker.looks.append(Look(busy.stream_id, play.now_ms, width=1920, faults=(Fault.BLURRY,), image=b"new"))
    await worker.speak()
    sight = await play.sight("a")
    assert (sight.level, sight.width, sight.faults) == (ONLINE, 1920, (Fault.BLURRY,))
    await play.demand("a")
    await play.round()
    assert worker.probes == ()
    worker.play(StreamState.REFUSED, BROKEN)
    await worker.speak()
    await play.settle()
    await play.round()
    sight = await play.sight("a")
    assert (sight.level, sight.reason, sight.faults) == (EXCEPTION, "no video", ())
    assert worker.streams == {}


async def test_a_probe_is_called_back_when_a_task_begins_to_watch(play: Looking) -> None:
    """The camera has one guest; what the probe saw is not taken any more."""
    await play.camera("a")
    worker = await play.began()
    (probe,) = worker.probes
    await play.add(watching("a"))
    await play.talk()
    await play.round()
    assert worker.probes == ()
    worker.play(StreamState.AWAY, AWAY)
    worker.looks.append(Look(probe.id, 1, width=640))
    await play.round()
    assert await play.level("a") is OFFLINE


async def test_a_source_whose_address_somebody_watches_has_its_stream_s_word(play: Looking) -> None:
    """Two sources of one address are one camera; that of another project is none of ours."""
    await play.camera("a", URL_ADDRESS="rtsp://same/1")
    await play.start(watching("a"))
    (worker,) = play.workers.values()
    await play.camera("b", URL_ADDRESS="rtsp://same/1")
    await play.camera("b", project=OTHERS, URL_ADDRESS="rtsp://same/1")
    await play.round()
    assert await play.level("b") is ONLINE
    assert names(worker) == ["same"]
    answer(worker, AWAY)
    await play.round()
    assert await play.level("b") is ONLINE
    assert (await play.sight("b", OTHERS)).looked_at == play.now_ms


async def test_what_was_seen_of_a_source_that_has_changed_is_dropped(play: Looking) -> None:
    """And of one that is gone."""
    await play.camera("a", "b")
    worker = await play.began()
    answer(worker)
    play.pass_time(1)
    await play.db.write(source_looks.reset, MINE, "a", play.now_ms)
    await play.db.write(video_sources.remove, MINE, VideoSourceId("b"), play.now_ms)
    await worker.speak()
    assert (await play.sight("a")).looked_at is None
    await play.round()
    assert names(worker) == ["a"]
    with pytest.raises(NotFound):
        await play.demand("b")


async def test_a_source_that_kills_its_worker_is_found_out_and_waits_its_turn(play: Looking) -> None:
    """The first death puts all under suspicion, the second one names it; the innocent are seen."""
    await play.camera("poison", "good")
    worker = await play.began()
    assert names(worker) == ["good", "poison"]
    play.executor.dies(worker.id)
    alone = []
    for _ in range(8):
        await play.settle()
        await play.round(0.5)
        for known in await play.boot():
            await play.round(0.1)
            alone.append(names(known))
        for known in list(play.workers.values()):
            if known.id in play.executor.present() and known.probes:
                if names(known) == ["poison"]:
                    play.executor.dies(known.id)
                else:
                    answer(known)
    assert all(len(probes) <= 1 for probes in alone)
    assert await play.level("good") is ONLINE
    sight = await play.sight("poison")
    assert (sight.level, "worker" in sight.reason) == (EXCEPTION, True)
    assert len(play.executor.started) <= 3


async def test_a_look_that_never_ends_is_not_waited_for(play: Looking) -> None:
    """A thread may hang below us; the source is not handed out again before its time."""
    await play.camera("a")
    worker = await play.began()
    await play.round(LOAN_MS / 1000 + 1)
    assert (await play.level("a"), worker.probes) == (EXCEPTION, ())


async def test_a_source_that_cannot_be_opened_at_all_is_an_exception_at_once(play: Looking) -> None:
    """No worker is asked for what the project itself does not know."""

    def add(conn: Connection) -> None:
        leaves = {"BUCKET": "b", "PATH": "p"}
        kind = SourceKind.OBS
        video_sources.insert(conn, play.vault, VideoSource("o", MINE, "o", AccessType.CLOUD, kind, "<x/>", leaves))

    await play.camera("a")
    worker = await play.began()
    await play.db.write(add)
    await play.round()
    sight = await play.sight("o")
    assert (sight.level, sight.reason != "") == (EXCEPTION, True)
    assert names(worker) == ["a"]


async def test_a_new_worker_hears_at_once_what_is_to_be_probed(play: Looking) -> None:
    """An answer that is held back is given as soon as there is a probe in it, and then held back again."""
    await play.camera("a")
    worker = await play.began()
    assert not play.looks.has_news(worker.id)
    await play.camera("b")
    await play.looks.run_once(play.now_ms)
    assert play.looks.has_news(worker.id)


async def test_a_source_that_is_looked_at_now_is_not_looked_at_twice(play: Looking) -> None:
    """Whoever asks for a look gets the one that is under way."""
    await play.camera("a")
    worker = await play.began()
    (probe,) = worker.probes
    await play.demand("a")
    await play.round()
    assert worker.probes == (probe,)
    answer(worker)
    await play.round()
    await play.round()
    assert worker.probes == ()
