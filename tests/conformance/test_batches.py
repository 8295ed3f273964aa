"""Batch tasks over both databases: made whole, stopped half-way, and gone on with."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from conformance.ground import MINE, NOW, OTHERS, SERVICE
from vedette.algorithms.registry import Registry
from vedette.control.batches import CHUNK, Batches
from vedette.control.expansion import child_id
from vedette.control.tasks import Tasks
from vedette.model.batch import BatchChange, BatchDocument, BatchGroup, BatchSource, Tally
from vedette.model.errors import NotFound, TaskNameTaken, Unavailable
from vedette.model.group import VideoGroup
from vedette.model.ids import ProjectId, UserId
from vedette.model.lifecycle import State
from vedette.model.output import TaskOutput
from vedette.model.quota import USUAL, Quotas, Resource
from vedette.model.source import AccessType, SourceKind, VideoSource
from vedette.store import batch_lists, batches, groups, quotas, video_sources
from vedette.store.batch_lists import BatchFilter, BatchOrder
from vedette.store.db import Database
from vedette.store.idempotency import Repeat
from vedette.store.identity import Principal
from vedette.store.tables import tasks as task_rows
from vedette.store.vault import Vault

ME = Principal(UserId("u"), "operator", "default", MINE, "mine", "default", ("admin",))
SOURCES = [f"cam-{n:02}" for n in range(2 * CHUNK + 20)]
REGISTRY = Registry.load()


class Mortal:
    """A database that is away after so many writes."""

    def __init__(self, db: Database, writes: int) -> None:
        self.db, self.left = db, writes
        self.read, self.close = db.read, db.close

    async def write(self, unit: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.left -= 1
        if self.left < 0:
            raise Unavailable("gone")
        return await self.db.write(unit, *args, **kwargs)


class Gated:
    """A database whose writes wait for the test from some point on."""

    def __init__(self, db: Database, free: int) -> None:
        self.db, self.free = db, free
        self.read, self.close = db.read, db.close
        self.reached, self.go = asyncio.Event(), asyncio.Event()

    async def write(self, unit: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.free -= 1
        if self.free < 0:
            self.reached.set()
            await self.go.wait()
        return await self.db.write(unit, *args, **kwargs)


@dataclass
class Stage:
    """The verbs over a database, and what the store says."""

    db: Database
    vault: Vault
    wakes: list[int] = field(default_factory=list)

    def verbs(self, db: Any = None, usual: Quotas = USUAL) -> Batches:
        over: Database = db or self.db
        told = lambda: self.wakes.append(1)  # noqa: E731 - a name for the line below
        tasks = Tasks(over, self.vault, REGISTRY, told, lambda: NOW, usual)
        return Batches(over, self.vault, REGISTRY, tasks, told, lambda: NOW, usual)

    async def children(self, batch_id: str) -> dict[str, Any]:
        def look(conn: Connection) -> dict[str, Any]:
            rows = conn.execute(select(task_rows).where(task_rows.c.batch_id == batch_id))
            return {row.name: row for row in rows}

        return await self.db.read(look)

    async def used(self) -> int:
        return (await self.db.read(quotas.usage, MINE, USUAL))[Resource.TASKS].used

    async def listed(self, **given: Any) -> tuple[int, list[batch_lists.Listed]]:
        order = BatchOrder(**{key: given.pop(key) for key in ("by_count", "descending", "limit") if key in given})
        return await batch_lists.page(self.db, given.pop("project", MINE), BatchFilter(**given), order)


@pytest.fixture
async def stage(db: Database, vault: Vault) -> Stage:
    """Two groups: one with many sources, one with the first of them."""

    def fill(conn: Connection) -> None:
        for one in SOURCES:
            leaves = {"URL_ADDRESS": "rtsp://camera.test/main"}
            made = VideoSource(one, MINE, f"name of {one}", AccessType.CLOUD, SourceKind.URL, "<config/>", leaves)
            video_sources.insert(conn, vault, made)
        groups.insert(conn, VideoGroup("group-many", MINE, "many", AccessType.CLOUD), SOURCES)
        groups.insert(conn, VideoGroup("group-one", MINE, "one", AccessType.CLOUD), SOURCES[:1])

    await db.write(fill)
    return Stage(db, vault)


def document(name: str = "gates", *given: BatchGroup) -> BatchDocument:
    wanted = given or (BatchGroup("group-many"),)
    return BatchDocument(name, SERVICE, "3.0", wanted, TaskOutput(event_center=True))


async def test_children_are_made_in_several_transactions_and_counted(stage: Stage) -> None:
    """Each takes a place of the quota, and the loops are told once all are there."""
    batch_id, tally = await stage.verbs().create(ME, document())
    assert tally == Tally(len(SOURCES), len(SOURCES))
    made = await stage.children(batch_id)
    assert sorted(made) == sorted(f"gates_{n}" for n in range(len(SOURCES)))
    assert {row.id for row in made.values()} == {child_id(batch_id, n) for n in range(len(SOURCES))}
    assert await stage.used() == len(SOURCES)
    assert stage.wakes


@pytest.mark.parametrize("writes", [1, 2, 3, 4])
async def test_a_service_that_died_half_way_finishes_at_its_next_start(stage: Stage, writes: int) -> None:
    """However far it came: no child is missing, none is there twice, and the counters are those of an unharmed run."""
    given = (BatchGroup("group-many"), BatchGroup("nobody"), BatchGroup("group-one", (BatchSource("cam-77777"),)))
    repeat = Repeat("key", "0" * 64)
    with pytest.raises(Unavailable):
        await stage.verbs(Mortal(stage.db, writes)).create(ME, document("gates", *given), repeat)
    (left,) = await stage.db.read(batches.unfinished)
    await stage.verbs().resume()
    assert await stage.db.read(batches.unfinished) == []
    assert len(await stage.children(left[1])) == len(SOURCES) == await stage.used()
    batch_id, tally = await stage.verbs().create(ME, document("gates", *given), repeat)
    assert batch_id == left[1]
    assert (tally.total, tally.succeeded, tally.failed) == (len(SOURCES) + 2, len(SOURCES), 2)
    assert tally.errors == (
        "1 of them: There is no video group nobody.",
        "group-one/cam-77777: There is no video source cam-77777.",
    )
    await stage.verbs().resume()
    assert await stage.used() == len(SOURCES)


async def test_the_same_request_twice_at_once_makes_one_batch(stage: Stage) -> None:
    """The second waits for the first, and both are answered alike."""
    verbs, repeat = stage.verbs(), Repeat("key", "0" * 64)
    first, second = await asyncio.gather(*(verbs.create(ME, document(), repeat) for _ in range(2)))
    assert first == second
    assert await stage.used() == len(SOURCES)


async def test_other_calls_go_on_while_a_batch_is_being_made(stage: Stage) -> None:
    """The batch is listed with the children it has so far, and others write."""
    gate = Gated(stage.db, free=2)
    making = asyncio.create_task(stage.verbs(gate).create(ME, document()))
    await gate.reached.wait()
    count, (listed,) = await stage.listed()
    assert (count, listed.states) == (1, {State.PENDING: CHUNK})
    other = await stage.verbs().create(ME, document("doors", BatchGroup("group-one")))
    assert other[1] == Tally(1, 1)
    gate.go.set()
    assert (await making)[1] == Tally(len(SOURCES), len(SOURCES))


async def test_deleting_a_batch_stops_its_making(stage: Stage) -> None:
    """What is there goes, what is not there never comes, and whoever made it is told so."""
    gate = Gated(stage.db, free=2)
    maker = stage.verbs(gate)
    making = asyncio.create_task(maker.create(ME, document()))
    await gate.reached.wait()
    (left,) = await stage.db.read(batches.unfinished)
    await stage.db.write(batches.leave, MINE, left[1])
    gate.go.set()
    _, tally = await making
    rest = len(SOURCES) - CHUNK
    assert (tally.succeeded, tally.errors) == (CHUNK, (f"{rest} of them: The batch task was deleted meanwhile.",))
    with pytest.raises(NotFound):
        await stage.verbs().start(MINE, left[1], actor="operator")
    assert (await stage.listed())[0] == 0
    await stage.verbs().resume()  # the service died before it told the children
    assert {row.state for row in (await stage.children(left[1])).values()} == {State.DELETING}
    assert await stage.db.read(batches.unfinished) == []
    await stage.verbs().create(ME, document())


async def test_places_of_the_quota_are_shared_out_to_the_last(stage: Stage) -> None:
    """As many children as there is room for; the others are told in one sentence, and take no place."""
    room = CHUNK + 7
    batch_id, tally = await stage.verbs(usual=Quotas(room, 5000, 200)).create(ME, document())
    assert (tally.succeeded, tally.failed) == (room, len(SOURCES) - room)
    assert tally.errors == (f"{len(SOURCES) - room} of them: A project may have {room} tasks.",)
    assert len(await stage.children(batch_id)) == room == await stage.used()


async def test_a_name_is_had_once_in_a_project(stage: Stage) -> None:
    """By creation and by change."""
    verbs = stage.verbs()
    await verbs.create(ME, document("gates", BatchGroup("group-one")))
    second, _ = await verbs.create(ME, document("doors", BatchGroup("group-one")))
    with pytest.raises(TaskNameTaken):
        await verbs.create(ME, document("gates", BatchGroup("group-one")))
    with pytest.raises(TaskNameTaken):
        await verbs.update(MINE, second, BatchChange(name="gates"), actor="operator")
    assert set(await stage.children(second)) == {"doors_0"}


@pytest.mark.parametrize("writes", [1, 2, 30, 30 + CHUNK])
async def test_an_update_that_died_half_way_is_finished(stage: Stage, writes: int) -> None:
    """Children of both ends, the ones that follow and the ones that go, and the ones that come."""
    batch_id, _ = await stage.verbs().create(ME, document("gates", BatchGroup("group-many", _listed(0, 80))))
    change = BatchChange(name="doors", description="new", groups=(BatchGroup("group-many", _listed(40, 120)),))
    with pytest.raises(Unavailable):
        await stage.verbs(Mortal(stage.db, writes)).update(MINE, batch_id, change, actor="operator")
    await stage.verbs().resume()
    made = await stage.children(batch_id)
    stay = {name for name, row in made.items() if row.state != State.DELETING}
    assert stay == {f"doors_{n}" for n in range(40, 120)}
    assert {made[name].video_source_id for name in stay} == set(SOURCES[40:120])
    assert {name for name in made if name not in stay} == {f"gates_{n}" for n in range(40)}
    _, (listed,) = await stage.listed()
    assert (listed.name, listed.group_names, sum(listed.states.values())) == ("doors", ["many"], 120)


async def test_lists_count_filter_and_sort(stage: Stage) -> None:
    """In the database, for the caller's project alone."""
    verbs = stage.verbs()
    large, _ = await verbs.create(ME, document("large"))
    small, _ = await verbs.create(ME, document("small", BatchGroup("group-one"), BatchGroup("nobody")))

    def stop(conn: Connection) -> None:
        for n, halted in ((0, "no_service"), (1, None)):
            here = task_rows.c.id == child_id(large, n)
            conn.execute(task_rows.update().where(here).values(state=State.STOPPED, halted_by=halted))

    await stage.db.write(stop)
    total, found = await stage.listed(by_count=True)
    assert (total, [one.id for one in found]) == (2, [large, small])
    assert found[0].states == {"PENDING": len(SOURCES) - 2, "STOPPED": 1, "STOPPED_NO_SERVICE": 1}
    assert found[0].source_names == sorted(found[0].source_names)
    assert len(found[0].source_names) == batch_lists.MOST_NAMES
    assert (found[1].source_names, found[1].group_names) == (["name of cam-00"], ["one"])
    assert [one.id for one in (await stage.listed(groups=["group-one"]))[1]] == [small]
    for given in ({"states": [State.STOPPED]}, {"no_service": True}, {"states": [State.STOPPED], "no_service": True}):
        assert [one.id for one in (await stage.listed(**given))[1]] == [large]
    assert (await stage.listed(states=[State.RUNNING]))[0] == 0
    assert (await stage.listed(services=[]))[0] == 0
    assert (await stage.listed(project=OTHERS))[0] == 0
    assert [one.id for one in (await stage.listed(name_like="MALL", by_count=True, descending=False))[1]] == [small]
    assert len((await stage.listed(limit=1))[1]) == 1


async def test_a_batch_of_another_project_is_unknown(stage: Stage) -> None:
    """Its id alone opens nothing."""
    batch_id, _ = await stage.verbs().create(ME, document("gates", BatchGroup("group-one")))
    theirs = ProjectId(OTHERS)
    for verb in (stage.verbs().start, stage.verbs().stop, stage.verbs().delete):
        with pytest.raises(NotFound):
            await verb(theirs, batch_id, actor="stranger")
    with pytest.raises(NotFound):
        await stage.verbs().update(theirs, batch_id, BatchChange(description="mine"), actor="stranger")
    assert {row.state for row in (await stage.children(batch_id)).values()} == {State.PENDING}


async def test_a_caller_who_goes_away_does_not_stop_the_making(stage: Stage) -> None:
    """Half a batch would be of no use to anybody."""
    gate = Gated(stage.db, free=2)
    making = asyncio.create_task(stage.verbs(gate).create(ME, document()))
    await gate.reached.wait()
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    gate.go.set()
    async with asyncio.timeout(20):
        while await stage.db.read(batches.unfinished):  # noqa: ASYNC110 - nobody is left to tell of it
            await asyncio.sleep(0)
    assert await stage.used() == len(SOURCES)


async def test_a_place_is_not_lost_to_a_child_whose_name_is_taken(stage: Stage) -> None:
    """With one place left, the next child has it."""
    first, _ = await stage.verbs().create(ME, document("gates", BatchGroup("group-one")))
    await stage.verbs().delete(MINE, first, actor="operator")  # the batch is gone, its child has the name still
    narrow = stage.verbs(usual=Quotas(2, 5000, 200))
    second, tally = await narrow.create(ME, document("gates", BatchGroup("group-many", _listed(0, 3))))
    assert tally.errors == (
        "group-many/cam-00: A task of this project has the name 'gates_0'.",
        "1 of them: A project may have 2 tasks.",
    )
    assert set(await stage.children(second)) == {"gates_1"}
    assert await stage.used() == 2


async def test_a_service_that_ends_leaves_a_batch_half_way(stage: Stage) -> None:
    """It does not wait for thousands of children; whoever asked is told that it goes on later."""
    gate = Gated(stage.db, free=2)
    verbs = stage.verbs(gate)
    making = asyncio.create_task(verbs.create(ME, document()))
    await gate.reached.wait()
    await verbs.close()
    with pytest.raises(Unavailable):
        await making
    await stage.verbs().resume()
    assert await stage.used() == len(SOURCES)


def _listed(first: int, end: int) -> tuple[BatchSource, ...]:
    return tuple(BatchSource(one) for one in SOURCES[first:end])


async def test_tasks_are_counted(stage: Stage) -> None:
    """The counter of the project and the rows agree."""
    await stage.verbs().create(ME, document("gates", BatchGroup("group-one")))

    def rows(conn: Connection) -> int:
        return conn.execute(select(func.count()).select_from(task_rows)).scalar_one()

    assert await stage.db.read(rows) == await stage.used() == 1
