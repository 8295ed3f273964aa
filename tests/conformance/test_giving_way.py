"""A task that waits, and a less important one that gives way to it; over both databases, workers are played."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.event import listen

from conformance.ground import MINE, NOW, OTHERS, SERVICE, task
from conformance.theatre import ALGORITHMS, Theatre
from vedette.control.precedence import HALTED, STEADY_MS
from vedette.control.tasks import _stopping
from vedette.model.lifecycle import Signal, State
from vedette.model.priority import Priority
from vedette.model.schedule import Schedule, Window
from vedette.model.service import LOCAL_POOL, AlgStatus, Deployment
from vedette.model.stream import StreamState
from vedette.model.task import Task
from vedette.store import deployments, tasks, waiting
from vedette.store.db import Database
from vedette.store.vault import Vault

ALG = ALGORITHMS[SERVICE]
HIGH, MIDDLE, LOW = Priority.HIGH, Priority.MIDDLE, Priority.LOW
STORY = [State.STOPPING, State.STOPPED, State.PENDING]


@pytest.fixture
def stage(db: Database, vault: Vault) -> Theatre:
    return Theatre(db, vault, limit=1)


def live(name: str, priority: Priority = LOW, *, at: int = NOW, **given: Any) -> Task:
    """Return a task on a camera of its own."""
    one = task(name, url=f"rtsp://camera/{name}", at=at, **given)
    return replace(one, document=replace(one.document, priority=priority))


async def deploy(stage: Theatre, count: int, project: str = MINE) -> None:
    given = Deployment(project, ALG, LOCAL_POOL, count, AlgStatus.RUNNING, created_at=NOW, updated_at=stage.now_ms)
    await stage.db.write(deployments.put, stage.vault, given)
    await stage.settle()


async def turn(stage: Theatre, times: int = 4) -> None:
    """Let the workers speak, and the loops act on it, until nothing more comes of it."""
    for _ in range(times):
        await stage.talk()
        for worker in stage.workers.values():
            worker.play(StreamState.FLOWING)


async def steady(stage: Theatre) -> None:
    """Let what runs have run for a while."""
    stage.now_ms += STEADY_MS
    await turn(stage, 1)


async def states(stage: Theatre, *some: Task) -> list[State]:
    return [(await stage.see(one)).state for one in some]


async def test_the_least_important_and_youngest_gives_way_and_comes_back_when_there_is_room(stage: Theatre) -> None:
    """Its history tells it all; it keeps its run, and takes its place back only when it is free."""
    await deploy(stage, 3)
    middle, old, young = live("m", MIDDLE), live("o"), live("y", at=NOW + 1)
    await stage.start(middle, old, young)
    await steady(stage)
    run_id = (await stage.see(young)).run_id
    high = live("h", HIGH, at=NOW + 2)
    await stage.add(high)
    seen = await stage.see(young)
    assert (seen.state, seen.halted_by) == (State.STOPPING, HALTED)
    assert high.id in seen.status
    await turn(stage)
    assert await states(stage, high, middle, old, young) == [State.RUNNING] * 3 + [State.PENDING]
    seen = await stage.see(young)
    assert (seen.halted_by, seen.status) == (
        None,
        "Waiting for capacity of the deployed service: it has 3 streams, and all are in use.",
    )
    steps = await stage.db.read(tasks.history, young.project_id, young.id)
    assert [step.after for step in steps][-3:] == STORY
    assert [step.actor for step in steps[-3:]] == ["service"] * 3
    assert high.id in steps[-3].cause

    for _ in range(3):
        await steady(stage)
    assert await states(stage, high, middle, old, young) == [State.RUNNING] * 3 + [State.PENDING]
    await stage.wish(high, Signal.STOP)
    await turn(stage)
    seen = await stage.see(young)
    assert (seen.state, seen.run_id) == (State.RUNNING, run_id)


async def test_room_on_the_workers_is_made_for_one_stream_by_one_stream(stage: Theatre) -> None:
    """As many give way as wait, and no more."""
    await stage.add(*(low := [live(f"l{n}", at=NOW + n) for n in range(3)]))
    await stage.boot(capacity=3)
    await turn(stage)
    await steady(stage)
    high = live("h", HIGH, at=NOW + 9)
    await stage.add(high)
    await turn(stage)
    assert await states(stage, high, *low) == [State.RUNNING] * 3 + [State.PENDING]
    assert STORY[0] not in await stage.states(low[0]) + await stage.states(low[1])


async def test_nobody_gives_way_to_an_equal_or_to_another_project_or_just_after_it_began(stage: Theatre) -> None:
    """And no file does: it ends by itself."""
    await stage.add(running := live("a", MIDDLE), file := task("b"), theirs := live("t", project=OTHERS))
    await stage.boot(capacity=3)
    await turn(stage)
    await stage.add(high := live("h", HIGH, at=NOW + 1))
    await turn(stage)
    assert await states(stage, running, file, theirs, high) == [State.RUNNING] * 3 + [State.PENDING]
    await stage.wish(high, Signal.STOP)
    await steady(stage)
    await stage.add(equal := live("e", MIDDLE, at=NOW + 2))
    await turn(stage)
    assert await states(stage, running, file, theirs, equal) == [State.RUNNING] * 3 + [State.PENDING]


async def test_whoever_stops_a_task_that_gives_way_is_obeyed(stage: Theatre) -> None:
    """It does not come back behind anybody's back."""
    await deploy(stage, 1)
    (low,) = await stage.start(live("a"))
    await steady(stage)
    await stage.add(high := live("h", HIGH, at=NOW + 1))
    here = await stage.see(low)
    assert here.state is State.STOPPING

    def stop(conn: Connection) -> bool:
        path, columns = _stopping(here, stage.now_ms)
        return tasks.move(conn, here, path, cause="stop", actor="user", at=stage.now_ms, **columns)

    assert await stage.db.write(stop)
    await turn(stage)
    await stage.wish(high, Signal.STOP)
    await turn(stage)
    assert await states(stage, low, high) == [State.STOPPED, State.STOPPED]


async def test_a_window_that_closes_meanwhile_keeps_it_stopped(stage: Theatre) -> None:
    """The timetable starts it again when it opens."""
    await deploy(stage, 1)
    mornings = Schedule("weekly", "+00:00", (1, 2, 3), None, ((Window("07:00:00", "08:30:00"),),))
    low = live("a", schedule=mornings, activated=True, next_due_at=NOW + 1_800_000)
    await stage.start(low)
    await steady(stage)
    await stage.add(live("h", HIGH, at=NOW + 1))
    assert (await stage.see(low)).state is State.STOPPING
    stage.now_ms = NOW + 1_800_001
    await turn(stage)
    seen = await stage.see(low)
    assert (seen.state, seen.halted_by) == (State.STOPPED, None)
    assert seen.status.startswith("Outside its timetable")
    assert await stage.db.read(waiting.given_way, 10) == []


async def test_those_that_gave_way_are_found_by_an_index_of_their_own(sqlite: Database, vault: Vault) -> None:
    """A round asks for them twice a second, beside a hundred thousand that are STOPPED."""
    asked: list[str] = []

    def plan(conn: Connection) -> str:
        listen(conn, "before_cursor_execute", lambda *given: asked.append(given[2]))
        waiting.given_way(conn, 10)
        return str(conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked[0]}", (10, 0)).all())

    assert "tasks_given_way" in await sqlite.read(plan)
