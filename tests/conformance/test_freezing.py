"""What freezes tasks and thaws them, over both databases; workers are played, the clock is handed in."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, event, update

from conformance.ground import MINE, NOW, OTHERS, insert, move, task
from conformance.theatre import Theatre
from vedette.control.freezer import CHUNK, Freezer
from vedette.control.freezes import Freezes
from vedette.control.reopening import reopen
from vedette.model.errors import Frozen, IllegalTransition, NotFound
from vedette.model.freezing import Comeback
from vedette.model.lifecycle import Signal, State
from vedette.model.quota import Resource
from vedette.model.schedule import Schedule, Window
from vedette.model.service import ResourceOrder
from vedette.model.task import Task
from vedette.store import freezing, orders, quotas, tasks
from vedette.store.db import Database, PostgresDatabase
from vedette.store.tables import projects
from vedette.store.tables import tasks as rows
from vedette.store.vault import Vault

HOUR_MS = 3_600_000
MORNINGS = Schedule("weekly", "+00:00", (1, 2, 3), None, ((Window("07:00:00", "09:00:00"),),))
EVENINGS = Schedule("weekly", "+00:00", (1, 2, 3), None, ((Window("19:00:00", "20:00:00"),),))


class Stage(Theatre):
    """A theatre with an operator."""

    def __init__(self, db: Database, vault: Vault) -> None:
        super().__init__(db, vault, limit=1)
        self.freezer = Freezer(db, vault, on_change=lambda: None)
        self.freezes = Freezes(db, vault, lambda: None, lambda: self.now_ms)

    async def frost(self) -> None:
        """Let the loop of the freezes and all others do what there is to do, until nothing moves."""
        for _ in range(3):
            await self.freezer.run_once(self.now_ms)
            await self.settle()
            await self.talk()

    async def state(self, one: Task) -> State:
        return (await self.see(one)).state

    async def freeze(self, one: Task, reason: str = "") -> None:
        await self.freezes.freeze_task(one.project_id, one.id, reason, actor="ann")

    async def thaw(self, one: Task) -> None:
        await self.freezes.thaw_task(one.project_id, one.id, actor="bob")

    async def causes(self, one: Task) -> list[str]:
        return [cause.kind for cause in (await self.freezes.of_task(one.project_id, one.id)).causes]

    async def tale(self, one: Task) -> list[tuple[str, str, str]]:
        steps = await self.db.read(tasks.history, one.project_id, one.id)
        return [(step.after.value, step.cause, step.actor) for step in steps]


@pytest.fixture
def stage(db: Database, vault: Vault) -> Stage:
    return Stage(db, vault)


def live(name: str, *, order: str | None = None, **given: Any) -> Task:
    one = task(name, url=f"rtsp://camera/{name}", **given)
    return replace(one, document=replace(one.document, resource_order_id=order))


async def sell(stage: Stage, expires_at: int | None, name: str = "order-1") -> None:
    await stage.db.write(orders.insert, ResourceOrder(MINE, name, None, 9, expires_at, NOW))


async def extend(stage: Stage, expires_at: int | None) -> None:
    await stage.db.write(orders.change, ResourceOrder(MINE, "order-1", None, 9, expires_at, NOW))


async def allow(stage: Stage, count: int | None, *, has: int) -> None:
    """Set the quota of the project, whose tasks were inserted behind its counter's back."""

    def write(conn: Connection) -> None:
        conn.execute(update(projects).where(projects.c.id == MINE).values(task_count=has))
        quotas.set_limits(conn, MINE, {Resource.TASKS: count})

    await stage.db.write(write)


# -- an operator's freeze of a task


async def test_a_task_that_runs_is_freezing_until_its_worker_has_let_go(stage: Stage) -> None:
    """FROZEN says that nothing of it runs; its history says who, and why."""
    (one,) = await stage.start(live("a"))
    await stage.freeze(one, "The invoice is not paid")
    await stage.settle()
    assert await stage.state(one) is State.FREEZING
    await stage.frost()
    seen = await stage.see(one)
    assert seen.state is State.FROZEN
    assert seen.status.startswith("Frozen: an operator has frozen this task: The invoice is not paid.")
    assert ("FREEZING", "freeze: The invoice is not paid", "ann") in await stage.tale(one)

    await stage.thaw(one)
    await stage.frost()
    assert await stage.state(one) in {State.STARTING, State.RUNNING}
    assert ("PENDING", "thaw", "bob") in await stage.tale(one)


async def test_a_live_task_that_thaws_begins_a_new_run_and_a_file_goes_on_with_its_own(stage: Stage) -> None:
    """What was seen of a camera days ago says nothing of now; half a file is half a file."""
    camera, file = await stage.start(live("a"), task("b", url="http://media.example/clips/b.mp4"))
    for one in (camera, file):
        await stage.freeze(one)
    await stage.frost()
    assert [(await stage.see(one)).resume for one in (camera, file)] == [Comeback.ANEW, Comeback.GOES_ON]
    for one in (camera, file):
        await stage.thaw(one)
    await stage.frost()
    assert (await stage.see(camera)).run_id != camera.run_id
    assert (await stage.see(file)).run_id == file.run_id


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.FAILED, State.START_FAILED])
async def test_a_task_that_had_ended_comes_back_at_rest_and_still_tells_how(stage: Stage, state: State) -> None:
    """The table sends it to STOPPED; its status and its error keep what was."""
    one = live("a")
    await insert(stage.db, stage.vault, replace(one, state=state))
    why = {"error_code": "VEDETTE.1003", "error_message": "No."}
    assert await move(stage.db, await stage.see(one), (), cause="", actor="user", at=NOW, **why)
    await stage.freeze(one)
    await stage.frost()
    assert await stage.state(one) is State.FROZEN
    await stage.thaw(one)
    seen = await stage.see(one)
    assert (seen.state, seen.error_code, seen.error_message) == (State.STOPPED, "VEDETTE.1003", "No.")
    assert f"had ended: {state}." in seen.status


async def test_a_task_that_is_being_stopped_is_frozen_when_it_stands_still(stage: Stage) -> None:
    """The word is not lost, and nothing starts it in between."""
    (one,) = await stage.start(live("a"))
    await stage.wish(one, Signal.STOP)
    await stage.freeze(one)
    await stage.frost()
    seen = await stage.see(one)
    assert (seen.state, seen.resume) == (State.FROZEN, Comeback.REST)
    await stage.thaw(one)
    assert await stage.state(one) is State.STOPPED


async def test_a_freeze_that_is_taken_back_before_the_worker_let_go_thaws_of_itself(stage: Stage) -> None:
    """FREEZING is left through FROZEN alone."""
    (one,) = await stage.start(live("a"))
    await stage.freeze(one)
    await stage.thaw(one)
    assert await stage.state(one) is State.FREEZING
    await stage.frost()
    assert await stage.state(one) in {State.STARTING, State.RUNNING}


async def test_saying_it_twice_does_no_harm_and_a_deleted_task_is_not_frozen(stage: Stage) -> None:
    """An operator whose answer was lost repeats it."""
    one, gone = live("a"), live("b")
    await insert(stage.db, stage.vault, replace(one, state=State.STOPPED), replace(gone, state=State.DELETING))
    with pytest.raises(IllegalTransition):
        await stage.freeze(gone)
    await stage.thaw(one)
    for _ in range(2):
        await stage.freeze(one)
    for _ in range(2):
        await stage.frost()
        await stage.thaw(one)
    assert await stage.state(one) is State.STOPPED
    assert [step[0] for step in await stage.tale(one)][1:] == ["FREEZING", "FROZEN", "STOPPED"]


async def test_a_task_that_is_upgraded_at_rest_comes_back_at_rest(stage: Stage) -> None:
    """UPGRADING is left for what was before it."""
    one = live("a")
    await insert(stage.db, stage.vault, replace(one, state=State.STOPPED))
    assert await move(stage.db, await stage.see(one), (State.UPGRADING,), cause="", actor="user", at=NOW, resume=0)
    await stage.freeze(one)
    await stage.settle()
    assert (await stage.see(one)).resume is Comeback.REST
    await stage.thaw(one)
    assert await stage.state(one) is State.STOPPED


# -- several causes


async def test_a_task_thaws_only_when_nothing_freezes_it_and_comes_back_to_what_it_was_first(stage: Stage) -> None:
    """The order ends, the operator freezes it, its project is frozen; they go in another order than they came."""
    await sell(stage, NOW + HOUR_MS)
    (one,) = await stage.start(live("a", order="order-1"))
    stage.now_ms += HOUR_MS
    await stage.frost()
    await stage.freeze(one)
    await stage.freezes.freeze_project(MINE, "", actor="ann")
    await stage.frost()
    assert await stage.causes(one) == ["operator", "project", "order"]

    await stage.thaw(one)
    await stage.frost()
    assert await stage.causes(one) == ["project", "order"]
    await extend(stage, None)
    await stage.frost()
    assert (await stage.state(one), await stage.causes(one)) == (State.FROZEN, ["project"])
    with pytest.raises(IllegalTransition, match="the project"):
        await stage.thaw(one)
    await stage.freezes.thaw_project(MINE, actor="bob")
    await stage.frost()
    assert await stage.state(one) in {State.STARTING, State.RUNNING}
    assert [step[0] for step in await stage.tale(one)].count("FROZEN") == 1


async def test_what_holds_next_takes_the_place_of_what_is_over(stage: Stage) -> None:
    """The status names what has to be settled now."""
    await sell(stage, NOW)
    (one,) = await stage.start(live("a", order="order-1"))
    await stage.frost()
    await stage.freezes.freeze_project(MINE, "Audit", actor="ann")
    await extend(stage, None)
    await stage.frost()
    assert (
        await stage.see(one)
    ).status == "Frozen: an operator has frozen the project: Audit. Ask whoever runs this installation."
    assert (await stage.see(one)).frozen_by == "project"


# -- a project


async def test_a_frozen_project_freezes_its_tasks_alone_and_gets_no_work(stage: Stage) -> None:
    """Another project goes on."""
    mine, theirs = await stage.start(live("a"), live("a", project=OTHERS))
    await stage.freezes.freeze_project(MINE, "Audit", actor="ann")
    await stage.frost()
    assert (await stage.state(mine), await stage.state(theirs)) == (State.FROZEN, State.RUNNING)
    assert ("FREEZING", "its project was frozen: Audit", "ann") in await stage.tale(mine)
    with pytest.raises(Frozen, match="Audit"):
        await stage.db.read(freezing.check_project, MINE)
    await stage.db.read(freezing.check_project, OTHERS)

    await stage.freezes.thaw_project(MINE, actor="bob")
    await stage.frost()
    assert await stage.state(mine) in {State.STARTING, State.RUNNING}
    assert ("PENDING", "its project was thawed", "bob") in await stage.tale(mine)
    with pytest.raises(NotFound):
        await stage.freezes.freeze_project(type(MINE)("nobody"), "", actor="ann")


async def test_a_great_project_freezes_and_thaws_a_chunk_at_a_time(stage: Stage) -> None:
    """Whoever else wants to write has their turn in between."""
    crowd = [live(f"t{n}", at=NOW + n) for n in range(2 * CHUNK + 5)]
    await insert(stage.db, stage.vault, *(replace(one, state=State.STOPPED) for one in crowd))
    changes: list[int] = []
    freezer = Freezer(stage.db, stage.vault, on_change=lambda: changes.append(1))
    await stage.freezes.freeze_project(MINE, "", actor="ann")
    await freezer.run_once(NOW)
    assert len(changes) == 3
    await stage.settle()
    assert await stage.db.read(tasks.count_by_state) == {"FROZEN": len(crowd)}
    await freezer.run_once(NOW)
    assert len(changes) == 3
    await stage.freezes.thaw_project(MINE, actor="bob")
    await freezer.run_once(NOW)
    assert len(changes) == 6
    assert await stage.db.read(tasks.count_by_state) == {"STOPPED": len(crowd)}


async def test_what_a_round_looks_for_is_found_by_indexes(stage: Stage) -> None:
    """Ten thousand frozen tasks cost a round no more than one."""
    await sell(stage, NOW)
    await insert(stage.db, stage.vault, live("a", order="order-1"))
    await stage.freezes.freeze_project(MINE, "", actor="ann")
    await allow(stage, 0, has=1)
    await stage.frost()

    def plans(conn: Connection) -> list[str]:
        found: list[str] = []

        def explain(_conn: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
            found.extend(row[3] for row in conn.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", given))

        event.listen(conn, "after_cursor_execute", explain)
        freezing.frozen_projects(conn)
        freezing.overfull_projects(conn)
        freezing.under_expired_orders(conn, NOW, 1)
        freezing.marked(conn, 1)
        for mark, project_id in freezing.held(conn):
            freezing.frozen(conn, mark, project_id, 1)
        freezing.of_project(conn, MINE, 1)
        event.remove(conn, "after_cursor_execute", explain)
        return found

    if isinstance(stage.db, PostgresDatabase):  # which scans a table of three rows, and is right
        return
    found = await stage.db.read(plans)
    assert len(found) > 8
    assert [plan for plan in found if plan.startswith("SCAN") and "INDEX" not in plan] == []


# -- a quota


async def test_what_is_beyond_the_quota_is_frozen_the_least_wanted_first_and_thaws_when_there_is_room(
    stage: Stage,
) -> None:
    """Of the lowest priority, and of these the newest; they come back the other way round."""
    crowd = [live(name, at=NOW + n) for n, name in enumerate("abcd")]
    await stage.start(*crowd)
    await stage.db.write(lambda conn: conn.execute(update(rows).where(rows.c.name == "d").values(priority=0)).rowcount)
    await allow(stage, 2, has=4)
    await stage.frost()

    async def frozen() -> list[str]:
        return [one.document.name for one in crowd if await stage.state(one) is State.FROZEN]

    assert await frozen() == ["b", "c"]
    assert "may have 2 tasks" in (await stage.see(crowd[1])).status
    await allow(stage, 3, has=4)
    await stage.frost()
    assert await frozen() == ["c"]
    await allow(stage, None, has=4)
    await stage.frost()
    assert await frozen() == []


async def test_a_task_that_goes_makes_room_for_one_beyond_the_quota(stage: Stage) -> None:
    """Deleting is what its users can do."""
    first, second = live("a"), live("b", at=NOW + 1)
    await stage.start(first, second)
    await allow(stage, 1, has=2)
    await stage.frost()
    assert await stage.state(second) is State.FROZEN
    await stage.wish(first, Signal.DELETE)
    await stage.frost()
    assert await stage.state(second) in {State.STARTING, State.RUNNING}


# -- timetables


@pytest.mark.parametrize(("schedule", "state"), [(MORNINGS, State.PENDING), (EVENINGS, State.STOPPED)])
async def test_where_a_task_with_a_timetable_comes_back_the_timetable_decides(
    stage: Stage, schedule: Schedule, state: State
) -> None:
    """It ran, or waited: what its window says now holds."""
    one = live("a", schedule=schedule, activated=True, next_due_at=NOW)
    await stage.add(one)
    await stage.freeze(one)
    await stage.frost()
    await stage.thaw(one)
    await stage.settle()
    seen = await stage.see(one)
    assert (seen.state, seen.activated, seen.next_due_at) == (state, True, schedule.next_change(NOW))
    after = [step[0] for step in await stage.tale(one)]
    assert after[after.index("FROZEN") + 1 :] == [state]


async def test_a_file_that_was_finished_in_its_window_is_not_begun_again_by_the_thaw(stage: Stage) -> None:
    """The next window begins it, as if it had not been frozen."""
    one = live("a", schedule=MORNINGS, activated=True, next_due_at=MORNINGS.next_change(NOW))
    await insert(stage.db, stage.vault, replace(one, state=State.SUCCEEDED))
    await stage.freeze(one)
    await stage.frost()
    await stage.thaw(one)
    await stage.settle()
    seen = await stage.see(one)
    assert (seen.state, seen.activated, seen.next_due_at) == (State.STOPPED, True, MORNINGS.next_change(NOW))


async def test_a_file_whose_source_was_changed_while_it_was_frozen_begins_anew(stage: Stage) -> None:
    """Positions of another video say nothing about this one."""
    (one,) = await stage.start(task("b", url="http://media.example/clips/b.mp4"))
    await stage.freeze(one)
    await stage.frost()
    frozen = await stage.see(one)
    assert await stage.db.write(lambda conn: reopen(conn, frozen, actor="ann", at=NOW))
    await stage.thaw(one)
    await stage.frost()
    assert (await stage.see(one)).run_id != one.run_id
