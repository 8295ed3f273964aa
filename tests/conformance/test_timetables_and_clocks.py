"""Timetables under a clock that is set, and on a machine that slept: what the clock says now is obeyed."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, event

from conformance.ground import NOW, insert, move, task
from conformance.theatre import Theatre
from vedette.control import scheduler
from vedette.control.scheduler import mended
from vedette.model.lifecycle import State
from vedette.model.schedule import Schedule, Window
from vedette.model.task import Task
from vedette.store import tasks
from vedette.store.db import Database, PostgresDatabase
from vedette.store.vault import Vault

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
MORNING = Schedule("weekly", "+00:00", days_of_week=tuple(range(1, 8)), periods=((Window("09:00:00", "11:00:00"),),))
"""NOW is 08:00."""
BRIEF = replace(MORNING, periods=((Window("09:00:00", "09:20:00"),),))


@pytest.fixture
def stage(db: Database, vault: Vault) -> Theatre:
    return Theatre(db, vault)


def timed(timetable: Schedule = MORNING, name: str = "gate") -> Task:
    return task(name, schedule=timetable, activated=True, next_due_at=NOW)


async def at(stage: Theatre, minutes: float) -> None:
    """Let it be so many minutes after eight, and the loops look."""
    stage.now_ms = NOW + round(minutes * MINUTE_MS)
    await stage.settle()
    await stage.boot()
    await stage.talk()


async def set_back(stage: Theatre, minutes: float) -> None:
    """Let the clock be set to so many minutes after eight, and that be noticed."""
    stage.now_ms = NOW + round(minutes * MINUTE_MS)
    stage.scheduler.doubt()
    while await stage.scheduler.review(stage.now_ms):
        pass
    await at(stage, minutes)


async def starts(stage: Theatre, known: Task) -> int:
    """Return how often the timetable has started a task."""
    return (await stage.states(known))[1:].count(State.PENDING)


async def test_a_run_within_its_window_goes_on_when_the_clock_is_set_back(stage: Theatre) -> None:
    """It is not started twice, and ends when its window is over by the new clock."""
    one = timed()
    await stage.add(one)
    await at(stage, 60)
    await at(stage, 150)
    run = (await stage.see(one)).run_id
    assert run
    await set_back(stage, 90)
    assert (await stage.see(one)).run_id == run
    await at(stage, 179)
    assert (await stage.see(one)).run_id == run
    await at(stage, 180)
    await stage.talk()
    assert (await stage.see(one)).state is State.STOPPED
    assert await starts(stage, one) == 1


async def test_a_window_that_was_passed_by_mistake_is_run_when_it_comes(stage: Theatre) -> None:
    """The clock jumped over it, and was set right before it."""
    one = timed(BRIEF)
    await stage.add(one)
    await at(stage, 30)
    await at(stage, 90)
    assert (await stage.see(one)).next_due_at == NOW + 25 * HOUR_MS
    await set_back(stage, 31)
    assert (await stage.see(one)).next_due_at == NOW + HOUR_MS
    await at(stage, 60)
    assert await starts(stage, one) == 1


async def test_a_run_far_outside_its_window_ends_and_begins_again_in_time(stage: Theatre) -> None:
    """It was started by a clock that was an hour ahead."""
    one = timed()
    await stage.add(one)
    await at(stage, 65)
    await set_back(stage, 5)
    await stage.talk()
    resting = await stage.see(one)
    assert (resting.state, resting.next_due_at) == (State.STOPPED, NOW + HOUR_MS)
    await at(stage, 60)
    assert await starts(stage, one) == 2


async def test_a_run_whose_window_is_about_to_open_is_left_alone(stage: Theatre) -> None:
    """The clock of the service that acts now is a few seconds behind the one that acted before."""
    one = timed()
    await stage.add(one)
    await at(stage, 60)
    run = (await stage.see(one)).run_id
    await set_back(stage, 59.9)
    await at(stage, 60)
    here = await stage.see(one)
    assert (here.run_id, here.next_due_at, await starts(stage, one)) == (run, NOW + 3 * HOUR_MS, 1)


async def test_a_run_that_was_ended_by_mistake_begins_again(stage: Theatre) -> None:
    """By the clock there is now its window is still open."""
    one = timed()
    await stage.add(one)
    await at(stage, 90)
    await at(stage, 185)
    await stage.talk()
    assert (await stage.see(one)).state is State.STOPPED
    await set_back(stage, 120)
    assert await starts(stage, one) == 2


async def test_a_file_that_was_read_to_its_end_is_not_read_again_for_a_clock(stage: Theatre) -> None:
    """Once in each window, whatever the clock says."""
    one = timed()
    await stage.add(one)
    await at(stage, 60)
    here = await stage.see(one)
    assert await move(stage.db, here, (State.RUNNING, State.SUCCEEDED), cause="", actor="", at=NOW, stream_id=None)
    await at(stage, 185)
    await set_back(stage, 90)
    after = await stage.see(one)
    assert (after.state, after.next_due_at) == (State.SUCCEEDED, NOW + 3 * HOUR_MS)


async def test_what_waits_for_the_end_of_a_run_waits_no_hour_longer(stage: Theatre) -> None:
    """The look again was set for a second later, by the clock before."""
    one = replace(timed(), state=State.STOPPING, next_due_at=NOW + 2 * HOUR_MS)
    await insert(stage.db, stage.vault, one)
    assert mended(one, NOW + HOUR_MS) == NOW + HOUR_MS + scheduler.AGAIN_MS
    unscheduled = task("without", state=State.STOPPED, activated=True, next_due_at=NOW + 2 * HOUR_MS)
    assert mended(unscheduled, NOW) == NOW + scheduler.AGAIN_MS


async def test_a_machine_that_slept_does_what_is_to_be_done_now(stage: Theatre) -> None:
    """One is to run, one was to run and is not any more, and one runs on."""
    one, over, on = (
        timed(),
        timed(BRIEF, "over"),
        timed(replace(MORNING, periods=((Window("08:00:00", "20:00:00"),),)), "on"),
    )
    await stage.add(one, over, on)
    await at(stage, 1)
    run = (await stage.see(on)).run_id
    await at(stage, 100)
    assert (await stage.see(one)).state is State.STARTING
    assert (await stage.see(over)).state is State.STOPPED
    assert await starts(stage, over) == 0
    assert (await stage.see(on)).run_id == run


async def test_all_timetables_are_looked_at_anew_a_few_at_a_time(
    stage: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that begins to act does not know which clock the moments were written under."""
    monkeypatch.setattr(scheduler, "REVIEWED", 3)
    many = [replace(timed(BRIEF, f"t{n}"), state=State.STOPPED, next_due_at=NOW + 25 * HOUR_MS) for n in range(7)]
    await insert(stage.db, stage.vault, *many)
    assert [await stage.scheduler.review(NOW) for _ in range(4)] == [True, True, False, False]
    assert {(await stage.see(one)).next_due_at for one in many} == {NOW + HOUR_MS}


async def test_what_is_due_is_found_by_an_index(stage: Theatre) -> None:
    """A hundred thousand timetables of which nothing is due cost a look no more than one."""
    await insert(stage.db, stage.vault, *(timed(name=f"t{n}") for n in range(3)))

    def plans(conn: Connection) -> list[str]:
        found: list[str] = []

        def explain(_conn: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
            if not statement.startswith("INSERT"):
                rows = conn.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", given)
                found.extend(row[3] for row in rows)

        event.listen(conn, "after_cursor_execute", explain)
        tasks.next_due(conn)
        tasks.due_later(conn, NOW)
        alike = tasks.due(conn, stage.vault, NOW, 500)
        tasks.move_all(conn, alike, (State.STOPPING,), cause="", actor="", at=NOW, next_due_at=None)
        event.remove(conn, "after_cursor_execute", explain)
        return found

    if isinstance(stage.db, PostgresDatabase):  # which scans a table of three rows, and is right
        return
    found = await stage.db.write(plans)
    assert sum("tasks_due" in plan for plan in found) == 3
    assert [plan for plan in found if plan.startswith("SCAN") and "INDEX" not in plan] == []
