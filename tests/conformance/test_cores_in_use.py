"""A live stream waits for cores that others use, as workers measured them; over both databases, workers are played."""

from dataclasses import replace

import pytest

from conformance.ground import NOW, task
from conformance.theatre import Theatre
from vedette.control.precedence import STEADY_MS
from vedette.model.lifecycle import Signal, State
from vedette.model.priority import Priority
from vedette.model.stream import StreamState
from vedette.model.task import Task
from vedette.store.db import Database
from vedette.store.vault import Vault


@pytest.fixture
def stage(db: Database, vault: Vault) -> Theatre:
    made = Theatre(db, vault)
    made.cores_at_once = 2.0
    made.serve()
    return made


def camera(number: int, priority: Priority = Priority.LOW) -> Task:
    one = task(f"camera {number}", url=f"rtsp://camera/{number}", at=NOW + number)
    return replace(one, document=replace(one.document, priority=priority))


async def turn(stage: Theatre, cores: float) -> None:
    """Let the workers speak, and say what every stream costs."""
    for _ in range(4):
        await stage.talk()
        await stage.boot()
        for worker in stage.workers.values():
            worker.play(StreamState.FLOWING)
            for played in worker.streams.values():
                played.cores = cores


async def states(stage: Theatre, *some: Task) -> list[State]:
    return [(await stage.see(one)).state for one in some]


async def test_a_camera_waits_until_what_it_needs_is_free_and_says_so(stage: Theatre) -> None:
    """Four were started before anybody knew what they cost; a file and the fifth find it known."""
    four = [camera(n) for n in range(4)]
    await stage.add(*four)
    await turn(stage, cores=0.45)
    assert await states(stage, *four) == [State.RUNNING] * 4
    fifth, file = camera(5), task("file")
    await stage.add(fifth, file)
    await turn(stage, cores=0.45)
    assert (await stage.see(file)).state is State.RUNNING
    seen = await stage.see(fifth)
    assert (seen.state, seen.parked_for) == (State.PENDING, "cores::0.5")
    assert seen.status == (
        "Waiting for CPU: live streams use 1.8 of 2.0 cores, and this one needs about 0.5. "
        "It starts when that much is free."
    )
    await turn(stage, cores=0.3)  # the others cost less by now
    await turn(stage, cores=0.3)
    assert (await stage.see(fifth)).state is State.RUNNING


async def test_the_cost_of_a_camera_is_remembered(stage: Theatre) -> None:
    """It is not taken for a usual one when it is started again."""
    costly = camera(1)
    await stage.add(costly)
    await turn(stage, cores=1.5)
    await stage.wish(costly, Signal.STOP)
    await turn(stage, cores=1.5)
    await stage.add(cheap := camera(2))
    await turn(stage, cores=0.6)
    await stage.wish(costly, Signal.START)
    await turn(stage, cores=0.6)
    assert (await stage.see(costly)).parked_for == "cores::1.5"
    assert await states(stage, cheap, costly) == [State.RUNNING, State.PENDING]
    await stage.wish(cheap, Signal.STOP)
    await turn(stage, cores=1.5)
    assert (await stage.see(costly)).state is State.RUNNING


async def test_what_was_lost_with_its_worker_keeps_its_cores(stage: Theatre) -> None:
    """A crash is no reason to wait in the line again."""
    four = [camera(n) for n in range(4)]
    await stage.add(*four)
    await turn(stage, cores=0.6)
    for worker in list(stage.executor.present()):
        stage.executor.dies(worker)
    await stage.settle()
    await turn(stage, cores=0.6)
    assert await states(stage, *four) == [State.RUNNING] * 4


async def test_a_less_important_one_gives_its_cores_up(stage: Theatre) -> None:
    """As it would its place."""
    low = [camera(n) for n in range(4)]
    await stage.add(*low)
    await turn(stage, cores=0.5)
    stage.now_ms += STEADY_MS
    await turn(stage, cores=0.5)
    await stage.add(high := camera(9, Priority.HIGH))
    await turn(stage, cores=0.5)
    assert await states(stage, high, *low) == [State.RUNNING] * 4 + [State.PENDING]
