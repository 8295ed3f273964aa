"""Who may have a stream: deployments, orders and room, over both databases; workers are played."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, select

from conformance.ground import MINE, NOW, OTHERS, SERVICE, insert, move, task
from conformance.theatre import ALGORITHMS, Theatre
from vedette.control.admission import NOT_DEPLOYED
from vedette.control.freezer import Freezer
from vedette.control.line import WINDOW
from vedette.model.freezing import AGAIN
from vedette.model.lifecycle import Signal, State
from vedette.model.priority import Priority
from vedette.model.schedule import Schedule, Window
from vedette.model.service import LOCAL_POOL, AlgStatus, Deployment, ResourceOrder
from vedette.model.stream import StreamState
from vedette.model.task import Task
from vedette.store import deployments, orders, tasks, waiting
from vedette.store.db import Database
from vedette.store.tables import tasks as rows
from vedette.store.vault import Vault

ALG = ALGORITHMS[SERVICE]
HOUR_MS = 3_600_000
ONE_STREAM = "Waiting for capacity of the deployed service: it has 1 stream, and it is in use."


@pytest.fixture
def stage(db: Database, vault: Vault) -> Theatre:
    return Theatre(db, vault, limit=1)


def live(name: str, *, camera: int | None = None, order: str | None = None, at: int = NOW, **given: Any) -> Task:
    """Return a task on a camera of its own, or on one that it shares."""
    number = sum(name.encode()) if camera is None else camera
    one = task(name, url=f"rtsp://camera/{number}", at=at, **given)
    return replace(one, document=replace(one.document, resource_order_id=order))


async def deploy(stage: Theatre, count: int, status: AlgStatus = AlgStatus.RUNNING, project: str = MINE) -> None:
    given = Deployment(project, ALG, LOCAL_POOL, count, status, created_at=NOW, updated_at=stage.now_ms)
    await stage.db.write(deployments.put, stage.vault, given)
    await stage.settle()


async def sell(stage: Theatre, quota: int, expires_at: int | None = None, name: str = "order-1") -> None:
    await stage.db.write(orders.insert, ResourceOrder(MINE, name, None, quota, expires_at, NOW))


async def ended(stage: Theatre, one: Task) -> None:
    """Stop a task, and let its worker end the stream."""
    await stage.wish(one, Signal.STOP)
    await stage.talk()
    await stage.talk()


async def count(stage: Theatre, state: State) -> int:
    return (await stage.db.read(tasks.count_by_state)).get(state, 0)


async def test_a_task_beyond_the_capacity_waits_and_says_how_much_there_is(stage: Theatre) -> None:
    """What was deployed for one stream runs one; the next in line starts when that one has ended."""
    await deploy(stage, 1)
    first, second, third = (live(name, at=NOW + n) for n, name in enumerate("abc"))
    await stage.start(third, second, first)
    assert (await stage.see(first)).state is State.RUNNING
    for one in (second, third):
        seen = await stage.see(one)
        assert (seen.state, seen.status) == (State.PENDING, ONE_STREAM)
        assert seen.parked_for == f"capacity:{MINE}:{ALG}"

    await ended(stage, first)
    assert (await stage.see(second)).state is State.STARTING
    assert (await stage.see(second)).parked_for is None
    assert (await stage.see(third)).state is State.PENDING


async def test_more_capacity_lets_the_oldest_that_wait_run_at_once(stage: Theatre) -> None:
    """A deployment is changed live; those that go on waiting are told the new number."""
    await deploy(stage, 1)
    all_of_them = [live(name, at=NOW + n) for n, name in enumerate("abcde")]
    await stage.start(*all_of_them)
    await deploy(stage, 3)
    await stage.talk()
    states = [(await stage.see(one)).state for one in all_of_them]
    assert states[:3] == [State.RUNNING, State.STARTING, State.STARTING]
    assert states[3:] == [State.PENDING, State.PENDING]
    assert "it has 3 streams, and all are in use." in (await stage.see(all_of_them[4])).status


async def test_less_capacity_ends_nothing_that_runs_but_starts_nothing_either(stage: Theatre) -> None:
    """A stream in use is not torn down for a number; the next free place is not given away."""
    await deploy(stage, 2)
    first, second, third = await stage.start(*(live(name, at=NOW + n) for n, name in enumerate("abc")))
    await deploy(stage, 1)
    assert await count(stage, State.RUNNING) == 2
    await ended(stage, first)
    assert (await stage.see(third)).state is State.PENDING
    await ended(stage, second)
    assert (await stage.see(third)).state is State.STARTING


async def test_the_capacity_of_one_project_is_not_used_by_another(stage: Theatre) -> None:
    """Deployments are a project's own."""
    await deploy(stage, 1)
    await deploy(stage, 1, project=OTHERS)
    mine, theirs = live("a"), live("a", project=OTHERS)
    await stage.start(mine, theirs)
    assert await count(stage, State.RUNNING) == 2


async def test_a_stopped_service_stops_its_tasks_and_says_so(stage: Theatre) -> None:
    """Nobody asked for the task to stop, so it says why it has; starting it is somebody's wish again."""
    (one,) = await stage.start(live("a"))
    await deploy(stage, 1, AlgStatus.STOPPED)
    await stage.talk()
    await stage.talk()
    stopped = await stage.see(one)
    assert (stopped.state, stopped.halted_by) == (State.STOPPED, "no_service")
    assert "Its service was stopped" in stopped.status
    assert (await stage.states(one))[-2:] == [State.STOPPING, State.STOPPED]

    await stage.wish(one, Signal.START)
    waits = await stage.see(one)
    assert (waits.state, waits.status, waits.halted_by) == (State.PENDING, NOT_DEPLOYED, None)
    await deploy(stage, 1)
    assert (await stage.see(one)).state is State.STARTING


async def test_redeploying_leaves_stopped_tasks_stopped_and_lets_waiting_ones_run(stage: Theatre) -> None:
    """What the stop of a service ended is not started behind anybody's back."""
    (running,) = await stage.start(live("a"))
    await deploy(stage, 5, AlgStatus.STOPPED)
    late = live("b", at=NOW + 1)
    await stage.add(late)
    await stage.talk()
    await deploy(stage, 5)
    await stage.talk()
    assert (await stage.see(running)).state is State.STOPPED
    assert (await stage.see(late)).state is State.STARTING


async def test_waiting_tasks_are_told_when_their_service_is_stopped(stage: Theatre) -> None:
    """They waited for capacity; now they wait for the service."""
    await deploy(stage, 1)
    _, second = await stage.start(live("a"), live("b", at=NOW + 1))
    await deploy(stage, 1, AlgStatus.STOPPED)
    seen = await stage.see(second)
    assert (seen.state, seen.status, seen.parked_for) == (State.PENDING, NOT_DEPLOYED, f"deploy:{MINE}:{ALG}")


async def test_an_order_allows_as_many_streams_as_it_has(stage: Theatre) -> None:
    """Beyond its quota a task waits; tasks without an order do not."""
    await sell(stage, 1)
    first, second = live("a", order="order-1"), live("b", order="order-1", at=NOW + 1)
    free = live("c", at=NOW + 2)
    await stage.start(first, second, free)
    assert (await stage.see(first)).state is State.RUNNING
    assert (await stage.see(free)).state is State.RUNNING
    seen = await stage.see(second)
    assert (seen.state, seen.parked_for) == (State.PENDING, f"order:{MINE}:order-1")
    assert seen.status == "Waiting for the resource order order-1: it has 1 stream, and it is in use."
    await ended(stage, first)
    assert (await stage.see(second)).state is State.STARTING


async def test_an_order_nobody_registered_limits_nothing(stage: Theatre) -> None:
    """Its task was warned that it has no effect."""
    await stage.start(*(live(name, order="unknown") for name in "abc"))
    assert await count(stage, State.RUNNING) == 3


async def test_a_task_that_waits_for_room_and_has_no_order_left_does_not_slip_through(stage: Theatre) -> None:
    """Whoever is parked for one thing is asked about all of them again."""
    await sell(stage, 1)
    first = live("a", order="order-1", at=NOW)
    blocker, second = live("b", at=NOW + 1), live("c", order="order-1", at=NOW + 2)
    await stage.add(blocker)
    await stage.boot(capacity=1)
    await stage.add(second)
    assert (await stage.see(second)).parked_for == f"stream:{await _stream_key(stage, second)}"
    await stage.db.write(_hold, first, stage)
    await ended(stage, blocker)
    assert (await stage.see(second)).parked_for == f"order:{MINE}:order-1"


async def _stream_key(stage: Theatre, one: Task) -> str:
    parked = (await stage.see(one)).parked_for or ""
    return parked.partition(":")[2]


def _hold(conn: Connection, one: Task, stage: Theatre) -> None:
    """Bring in a task that runs already, on a worker that is somewhere else."""
    tasks.insert(conn, stage.vault, one, actor="user")
    conn.execute(rows.update().where(rows.c.id == one.id).values(state=State.RECOVERING, updated_at=NOW, crashes=9))


def important(name: str, priority: Priority, **given: Any) -> Task:
    one = live(name, **given)
    return replace(one, document=replace(one.document, priority=priority))


async def test_whoever_waits_is_served_by_priority_and_then_by_age(stage: Theatre) -> None:
    """Whatever they wait for; and a priority that is changed while they wait holds at once."""
    await deploy(stage, 1)
    (first,) = await stage.start(important("a", Priority.HIGH))
    line = [
        important("b", Priority.LOW, at=NOW + 1),
        important("c", Priority.LOW, at=NOW + 2),
        important("d", Priority.MIDDLE, at=NOW + 3),
        important("e", Priority.HIGH, at=NOW + 4),
        important("f", Priority.HIGH, at=NOW + 5),
    ]
    await stage.add(*line)
    served = [first]
    for _ in line:
        await ended(stage, served[-1])
        (following,) = [one for one in line if (await stage.see(one)).state is State.STARTING]
        served.append(following)
        if following is line[4]:
            await stage.db.write(_reword, stage, await stage.see(line[1]), Priority.HIGH)
    assert [one.document.name for one in served] == ["a", "e", "f", "c", "d", "b"]


async def test_room_on_the_workers_goes_to_the_most_important(stage: Theatre) -> None:
    """It is shared by all projects."""
    first = live("a", camera=1)
    await stage.add(first)
    await stage.boot(capacity=1)
    early, late = live("b", camera=2, at=NOW + 1), important("c", Priority.MIDDLE, camera=3, at=NOW + 2)
    await stage.add(early, late)
    await ended(stage, first)
    assert (await stage.see(late)).state is State.STARTING
    assert (await stage.see(early)).state is State.PENDING


def _reword(conn: Connection, stage: Theatre, one: Task, priority: Priority) -> bool:
    return tasks.rewrite(conn, stage.vault, one, replace(one.document, priority=priority), parked_for=None)


async def test_tasks_of_one_camera_need_one_place_on_the_workers(stage: Theatre) -> None:
    """A task that joins a stream that runs already needs no room."""
    first, other = live("a", camera=1), live("b", camera=2, at=NOW + 1)
    await stage.add(first)
    await stage.boot(capacity=1)
    await stage.add(other)
    seen = await stage.see(other)
    assert seen.state is State.PENDING
    assert (seen.parked_for or "").startswith("stream:")
    await stage.add(live("c", camera=1, at=NOW + 2))
    assert await count(stage, State.STARTING) == 2
    assert await count(stage, State.PENDING) == 1


async def test_a_parked_task_joins_when_its_stream_runs_for_somebody_else(stage: Theatre) -> None:
    """The same camera, opened meanwhile for another task: there is nothing to wait for."""
    first = live("a", camera=1)
    await stage.add(first)
    await stage.boot(capacity=1)
    early, late = live("b", camera=2, at=NOW + 1), live("c", camera=2, at=NOW + 2)
    await stage.add(early, late)
    assert await count(stage, State.PENDING) == 2
    await ended(stage, first)
    assert await count(stage, State.STARTING) == 2


@pytest.mark.parametrize("signal", [Signal.STOP, Signal.DELETE, Signal.FREEZE])
async def test_a_parked_task_can_be_stopped_deleted_and_frozen(stage: Theatre, signal: Signal) -> None:
    """It holds nothing, so nothing has to be waited for; and its place in the line is gone."""
    await deploy(stage, 1)
    _, second = await stage.start(live("a"), live("b", at=NOW + 1))
    assert second.parked_for
    await stage.wish(second, signal)
    assert await stage.db.read(waiting.keys) == []
    if signal is not Signal.DELETE:
        seen = await stage.see(second)
        assert seen.state is {Signal.STOP: State.STOPPED, Signal.FREEZE: State.FROZEN}[signal]


async def test_a_parked_task_whose_document_changes_is_looked_at_again(stage: Theatre) -> None:
    """It may not need any more what it waited for."""
    await sell(stage, 1)
    _, second = await stage.start(live("a", order="order-1"), live("b", order="order-1", at=NOW + 1))
    assert (second.parked_for or "").startswith("order:")

    def without_order(conn: Connection) -> bool:
        return tasks.move(
            conn, second, (), cause="", actor="user", at=NOW, resource_order_id=None, parked_for=None, version=2
        )

    assert await stage.db.write(without_order)
    await stage.settle()
    assert (await stage.see(second)).state is State.STARTING


async def test_the_workers_have_so_many_tasks_at_once_also_on_one_stream(stage: Theatre) -> None:
    """Ten thousand tasks on a hundred cameras are a hundred streams; what they cost is analysed ten thousand times."""
    stage.tasks_at_once = 2
    stage.serve()
    crowd = [live(f"t{n}", camera=1, at=NOW + n) for n in range(4)]
    first, _, third, _ = await stage.start(*crowd)
    assert (await count(stage, State.RUNNING), await count(stage, State.PENDING)) == (2, 2)
    assert third.status == "Waiting for room: the workers may have 2 tasks at once."
    await ended(stage, first)
    assert (await stage.see(third)).state is not State.PENDING
    assert await count(stage, State.PENDING) == 1


async def test_many_waiting_tasks_are_parked_window_by_window_and_then_cost_nothing(stage: Theatre) -> None:
    """A round reads no more than a window of them; when all are parked it reads none."""
    await deploy(stage, 1)
    crowd = [live(f"t{n}", camera=n, at=NOW + n) for n in range(2 * WINDOW + 50)]
    await insert(stage.db, stage.vault, *crowd)
    rounds = 0
    while await stage.reconciler.run_once(NOW):
        rounds += 1
        await stage.boot()
    assert rounds <= 10
    assert await stage.db.read(waiting.unparked, stage.now_ms, WINDOW) == []
    assert await count(stage, State.STARTING) == 1


async def test_many_tasks_are_cleared_away_a_part_at_a_time(stage: Theatre) -> None:
    """Nobody else who writes waits for all of them."""
    await deploy(stage, 1, AlgStatus.STOPPED)
    crowd = [live(f"t{n}", camera=n, at=NOW + n) for n in range(450)]
    await insert(stage.db, stage.vault, *(replace(one, state=State.DELETING) for one in crowd))
    await stage.settle()
    assert await stage.db.read(tasks.count_by_state) == {}


async def test_an_order_that_expires_freezes_its_tasks_and_thaws_them_when_it_is_renewed(stage: Theatre) -> None:
    """What ran runs again, what rested rests again; the clock is handed in."""
    await sell(stage, 5, NOW + HOUR_MS)
    freezer = Freezer(stage.db, stage.vault, on_change=lambda: None)
    running, resting = await stage.start(live("a", order="order-1"), live("b", order="order-1"))
    await ended(stage, resting)
    await freezer.run_once(NOW + HOUR_MS - 1)
    assert (await stage.see(running)).state is State.RUNNING

    await freezer.run_once(NOW + HOUR_MS)
    await stage.settle()
    freezing = await stage.see(running)
    assert (freezing.state, freezing.frozen_by) == (State.FREEZING, "order:order-1")
    await stage.talk()
    await stage.talk()
    for one, resume in ((running, True), (resting, False)):
        seen = await stage.see(one)
        assert (seen.state, seen.resume) == (State.FROZEN, resume)
        assert seen.status.startswith("Frozen: the resource order order-1 has expired.")

    await stage.db.write(orders.change, ResourceOrder(MINE, "order-1", None, 5, NOW + 2 * HOUR_MS, NOW))
    await freezer.run_once(NOW + HOUR_MS)
    await stage.settle()
    assert (await stage.see(running)).state is State.STARTING
    thawed = await stage.see(resting)
    assert (thawed.state, thawed.frozen_by, thawed.status) == (State.STOPPED, None, "")


async def test_freezing_calms_the_timetable_and_thawing_wakes_it(stage: Theatre) -> None:
    """A window that opens does not start what is frozen."""
    await sell(stage, 5, NOW)
    mornings = Schedule("weekly", "+00:00", (1, 2, 3), None, ((Window("07:00:00", "09:00:00"),),))
    one = live("a", order="order-1", schedule=mornings, activated=True, next_due_at=NOW + HOUR_MS)
    await stage.add(one)
    freezer = Freezer(stage.db, stage.vault, on_change=lambda: None)
    await freezer.run_once(NOW)
    await stage.settle()
    frozen = await stage.see(one)
    assert (frozen.state, frozen.activated, frozen.next_due_at) == (State.FROZEN, False, None)
    await stage.db.write(orders.change, ResourceOrder(MINE, "order-1", None, 5, None, NOW))
    await freezer.run_once(NOW)
    await stage.settle()
    thawed = await stage.see(one)
    assert (thawed.state, thawed.activated, thawed.next_due_at) == (State.PENDING, True, NOW + HOUR_MS)


async def test_an_order_of_another_project_with_the_same_id_freezes_nothing_here(stage: Theatre) -> None:
    """Ids of orders are a project's own."""
    await stage.db.write(orders.insert, ResourceOrder(OTHERS, "order-1", None, 1, NOW, NOW))
    (one,) = await stage.start(live("a", order="order-1"))
    await Freezer(stage.db, stage.vault, on_change=lambda: None).run_once(NOW + HOUR_MS)
    assert (await stage.see(one)).state is State.RUNNING


async def test_a_frozen_task_that_is_given_another_order_thaws(stage: Theatre) -> None:
    """What froze it concerns it no more."""
    await sell(stage, 5, NOW)
    await sell(stage, 5, None, "order-2")
    one = live("a", order="order-1")
    await stage.add(one)
    freezer = Freezer(stage.db, stage.vault, on_change=lambda: None)
    await freezer.run_once(NOW)
    await stage.settle()
    frozen = await stage.see(one)
    assert frozen.state is State.FROZEN
    assert await move(
        stage.db, frozen, (), cause="", actor="user", at=NOW, frozen_by=AGAIN, resource_order_id="order-2", version=2
    )
    await freezer.run_once(NOW)
    assert (await stage.see(one)).state is State.PENDING


async def test_a_frozen_task_can_be_deleted(stage: Theatre) -> None:
    """Frozen is no prison."""
    await sell(stage, 5, NOW)
    one = live("a", order="order-1")
    await stage.add(one)
    await Freezer(stage.db, stage.vault, on_change=lambda: None).run_once(NOW)
    await stage.settle()
    frozen = await stage.see(one)
    assert frozen.state is State.FROZEN
    assert await move(stage.db, frozen, (State.DELETING,), cause="delete", actor="user", at=NOW)
    await stage.settle()

    def there(conn: Connection) -> bool:
        return conn.execute(select(rows.c.id).where(rows.c.id == one.id)).first() is not None

    assert not await stage.db.read(there)


async def test_a_file_that_ends_makes_room(stage: Theatre) -> None:
    """The next in line does not wait for anybody to stop anything."""
    await deploy(stage, 1)
    first, second = task("a"), task("b", at=NOW + 1)
    await stage.start(first, second)
    for worker in stage.workers.values():
        worker.play(StreamState.ENDED)
    await stage.talk()
    assert (await stage.see(first)).state is State.SUCCEEDED
    assert (await stage.see(second)).state is State.STARTING
