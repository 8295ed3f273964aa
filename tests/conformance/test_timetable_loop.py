"""The timetable opens and closes tasks, by a clock that is told."""

from dataclasses import replace

import pytest

from conformance.ground import NOW, insert, move, task
from conformance.theatre import Theatre
from vedette.control import scheduler
from vedette.model.lifecycle import Signal, State
from vedette.model.schedule import Schedule, Window
from vedette.model.task import Task
from vedette.store import tasks
from vedette.store.db import Database
from vedette.store.vault import Vault

HOUR_MS = 3_600_000
MORNING = Schedule(
    "weekly", "+00:00", days_of_week=tuple(range(1, 8)),
    periods=((Window("09:00:00", "11:00:00"), Window("12:00:00", "13:00:00"), Window("13:00:01", "14:00:00")),),
)  # fmt: skip
"""NOW is 08:00."""


@pytest.fixture
def stage(sqlite: Database, vault: Vault) -> Theatre:
    return Theatre(sqlite, vault)


def timed(name: str = "gate", *, due: int = NOW) -> Task:
    return task(name, schedule=MORNING, activated=True, next_due_at=due)


async def at(stage: Theatre, clock: str) -> None:
    """Let it be this time of the day, and the loops look."""
    hours, minutes, seconds = (int(part) for part in clock.split(":"))
    stage.now_ms = NOW + ((hours - 8) * 3600 + minutes * 60 + seconds) * 1000
    await stage.settle()


async def test_a_task_outside_its_window_rests_and_says_when_it_starts(stage: Theatre) -> None:
    """PENDING would read as a lack of room."""
    one = timed()
    await stage.add(one)
    resting = await stage.see(one)
    assert (resting.state, resting.next_due_at) == (State.STOPPED, NOW + HOUR_MS)
    assert resting.status == "Outside its timetable; it starts again at 2024-04-23T09:00:00Z."
    assert stage.executor.started == []


async def test_a_window_starts_a_task_and_its_end_stops_it(stage: Theatre) -> None:
    """Each window is a run of its own."""
    one = timed()
    await stage.add(one)
    await at(stage, "08:59:59")
    assert (await stage.see(one)).state is State.STOPPED
    await at(stage, "09:00:00")
    await stage.boot()
    running = await stage.see(one)
    assert (running.state, running.next_due_at, running.status) == (State.STARTING, NOW + 3 * HOUR_MS, "")
    await at(stage, "11:00:00")
    await stage.talk()
    stopped = await stage.see(one)
    assert (stopped.state, stopped.stream_id) == (State.STOPPED, None)
    assert stopped.status == "Outside its timetable; it starts again at 2024-04-23T12:00:00Z."
    assert [step for step in await stage.states(one) if step in (State.PENDING, State.STOPPED)] == [
        State.PENDING,
        State.STOPPED,
        State.PENDING,
        State.STOPPED,
    ]
    await at(stage, "12:00:00")
    await stage.talk()
    assert (await stage.see(one)).run_id != running.run_id


async def test_the_history_tells_a_window_from_an_edit(stage: Theatre) -> None:
    """Somebody who reads it asks who stopped the task: the clock, or whoever changed the timetable."""
    one = timed()
    await stage.add(one)
    await at(stage, "09:00:00")
    await at(stage, "11:00:00")
    edited = timed("yard", due=NOW + 1234)
    await stage.add(edited)
    await at(stage, "11:00:02")
    causes = [
        step.cause
        for known in (one, edited)
        for step in await stage.db.read(tasks.history, known.project_id, known.id)
        if step.actor == scheduler.ACTOR
    ]
    assert causes == [
        "its timetable has it rest now",
        "its window has opened",
        "its window has closed",
        "its timetable has it rest now",
    ]


async def test_a_window_that_opens_while_the_task_is_still_being_stopped_is_not_missed(stage: Theatre) -> None:
    """The gap between two windows may be shorter than the end of a run takes."""
    one = timed()
    await stage.add(one)
    await at(stage, "12:00:00")
    await stage.boot()
    await stage.talk()
    await at(stage, "13:00:00")
    await at(stage, "13:00:01")
    assert (await stage.see(one)).state is State.STOPPING
    await stage.talk()
    stage.now_ms += 1500
    await stage.settle()
    await stage.talk()
    assert (await stage.see(one)).state is State.STARTING


async def test_a_task_that_finished_within_its_window_is_started_by_the_next_one(stage: Theatre) -> None:
    """A file is read once in each window."""
    one = timed()
    await stage.add(one)
    await at(stage, "09:00:00")
    here = await stage.see(one)
    assert await move(
        stage.db, here, (State.STARTING, State.RUNNING, State.SUCCEEDED), cause="", actor="", at=NOW, stream_id=None
    )
    await at(stage, "10:00:00")
    assert (await stage.see(one)).state is State.SUCCEEDED
    await at(stage, "11:00:00")
    assert (await stage.see(one)).state is State.SUCCEEDED
    await at(stage, "12:00:00")
    assert (await stage.see(one)).state is State.PENDING


async def test_a_service_that_was_away_over_several_changes_acts_on_the_last(stage: Theatre) -> None:
    """What was missed is not made up for: the level counts."""
    one = timed()
    await insert(stage.db, stage.vault, one)
    await at(stage, "12:30:00")
    assert (await stage.see(one)).state is State.PENDING
    assert (await stage.see(one)).next_due_at == NOW + 5 * HOUR_MS


async def test_a_timetable_that_is_not_activated_is_due_no_more(stage: Theatre) -> None:
    """A stopped task keeps its timetable, and is not started by it."""
    one = replace(timed(), activated=False, state=State.STOPPED)
    await stage.add(one)
    await at(stage, "09:00:00")
    after = await stage.see(one)
    assert (after.state, after.next_due_at) == (State.STOPPED, None)


async def test_deleting_ends_at_the_gate_of_the_timetable_too(stage: Theatre) -> None:
    """A window that opens does not bring a deleted task back."""
    one = timed()
    await stage.add(one)
    await stage.wish(one, Signal.DELETE)
    await at(stage, "09:00:00")
    assert await stage.states(one) == []


async def test_the_loop_says_when_it_has_to_look_again(stage: Theatre) -> None:
    """So nobody has to look each second."""
    assert await stage.scheduler.run_once(stage.now_ms) is None
    await insert(stage.db, stage.vault, timed())
    assert await stage.scheduler.run_once(stage.now_ms) == NOW + HOUR_MS
    assert await stage.scheduler.run_once(stage.now_ms + 1) == NOW + HOUR_MS


async def test_more_tasks_than_one_batch_are_all_acted_on(stage: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    """At 08:00 everything starts."""
    monkeypatch.setattr(scheduler, "BATCH", 3)
    many = [timed(f"t{n}") for n in range(10)]
    await insert(stage.db, stage.vault, *many)
    await stage.scheduler.run_once(stage.now_ms + HOUR_MS)
    assert {(await stage.see(one)).next_due_at for one in many} == {NOW + 3 * HOUR_MS}


@pytest.mark.parametrize("state", [State.STOPPED, State.STOPPING])
async def test_a_task_whose_timetable_was_removed_while_it_waited_runs(stage: Theatre, state: State) -> None:
    """It was asked to run, and nothing holds it back any more, be it only once its last run has ended."""
    one = task(state=state, activated=True, next_due_at=NOW)
    await stage.add(one)
    await at(stage, "08:00:02")
    await stage.boot()
    running = await stage.see(one)
    assert (running.state, running.activated, running.next_due_at) == (State.STARTING, None, None)


async def test_a_task_that_runs_without_its_timetable_is_left_alone(stage: Theatre) -> None:
    """Nothing is due any more."""
    one = task(activated=True, next_due_at=NOW)
    await stage.add(one)
    waiting = await stage.see(one)
    assert (waiting.state, waiting.activated, waiting.next_due_at) == (State.PENDING, None, None)
