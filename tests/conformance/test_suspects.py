"""A stream that kills its workers is put away from the others; workers are played, and die when they hold it."""

import pytest

from conformance.ground import task
from conformance.theatre import LONELY, Theatre
from vedette.control.suspicion import FORGOTTEN_MS
from vedette.model.lifecycle import Signal, State
from vedette.model.stream import StreamState
from vedette.model.task import Task
from vedette.store import assignments
from vedette.store.assignments import Holding
from vedette.store.db import Database
from vedette.store.vault import Vault

NEIGHBOURS = 8


def camera(number: int) -> Task:
    return task(f"camera {number}", url=f"rtsp://camera/{number}")


async def second(stage: Theatre, *poison: Task) -> None:
    """Let a second pass, in which every worker that holds a poisonous stream dies."""
    stage.pass_time(1.0)
    await stage.settle()
    await stage.boot()
    await stage.talk()
    for worker in stage.workers.values():
        worker.play(StreamState.FLOWING)
    await stage.talk()
    for one in poison:
        holding = await stage.holding(one)
        if holding is not None and holding.worker_id is not None:
            stage.executor.dies(holding.worker_id)
    await stage.settle()


async def holding_of(stage: Theatre, one: Task) -> Holding:
    holding = await stage.holding(one)
    assert holding is not None
    return holding


async def lonely(stage: Theatre) -> set[str]:
    """Return the live workers that have one stream each."""
    return await stage.db.read(assignments.lonely) & stage.executor.present()


@pytest.mark.parametrize(("workers", "killers"), [(1, 1), (1, 2), (2, 1), (2, 3)])
async def test_its_neighbours_run_on_and_it_alone_is_failed(
    sqlite: Database, vault: Vault, workers: int, killers: int
) -> None:
    """However they were mixed at first: in the end it dies by itself, and of that its own budget is spent."""
    stage = Theatre(sqlite, vault, limit=workers, crash_budget=4)
    neighbours = [camera(n) for n in range(NEIGHBOURS)]
    poison = [camera(100 + n) for n in range(killers)]
    await stage.start(*poison, *neighbours)
    for _ in range(120):
        await second(stage, *poison)
        if all([(await stage.see(one)).state is State.FAILED for one in poison]):
            break
    for one in poison:
        failed = await stage.see(one)
        assert (failed.state, failed.error_code) == (State.FAILED, "VEDETTE.4001")
    for _ in range(10):
        await second(stage)
    for one in neighbours:
        assert (await stage.see(one)).state is State.RUNNING
        assert State.FAILED not in await stage.states(one)
    assert len(stage.executor.present()) <= workers + LONELY


async def test_two_deaths_put_the_stream_into_a_worker_of_its_own_beyond_the_limit(db: Database, vault: Vault) -> None:
    """The history says so; nobody else is placed there, and the worker goes when its stream does."""
    stage = Theatre(db, vault, limit=1)
    (one,) = await stage.start(camera(1))
    for _ in range(2):
        stage.executor.dies(stage.executor.started[-1])
        for _ in range(6):
            await second(stage)
    holding = await holding_of(stage, one)
    assert (holding.crashes, {holding.worker_id}) == (2, await lonely(stage))
    other = camera(2)
    await stage.add(other)
    await second(stage)
    assert (await holding_of(stage, other)).worker_id != holding.worker_id
    assert len(stage.executor.present()) == 2

    await stage.wish(one, Signal.STOP)
    for _ in range(8):
        await second(stage)
    assert await lonely(stage) == set()
    assert len(stage.executor.present()) == 1
    assert (await stage.see(other)).state is State.RUNNING
    assert (await stage.see(other)).crashes == 0


async def test_a_stream_that_has_run_for_long_is_suspected_no_more(db: Database, vault: Vault) -> None:
    """Two workers lost in a year are no pattern."""
    stage = Theatre(db, vault)
    (one,) = await stage.start(camera(1))
    stage.executor.dies(stage.executor.started[-1])
    for _ in range(4):
        await second(stage)
    assert (await holding_of(stage, one)).crashes == 1
    stage.now_ms += FORGOTTEN_MS - 10_000
    await stage.talk()
    assert (await holding_of(stage, one)).crashes == 1
    stage.now_ms += 10_000
    await stage.talk()
    assert (await holding_of(stage, one)).crashes == 0
