"""The verbs of tasks, from every state; over a store in memory."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, update
from sqlalchemy.pool import StaticPool

from vedette.algorithms.registry import Registry
from vedette.control.tasks import TRIES, Tasks
from vedette.model.errors import IllegalTransition, TaskNotFound
from vedette.model.ids import ProjectId, TaskId, UserId
from vedette.model.lifecycle import WANTED, State
from vedette.model.output import TaskOutput
from vedette.model.schedule import Schedule, Window
from vedette.model.source import InputDatum, InputType, TaskInput
from vedette.model.task import Task, TaskDocument
from vedette.store import identity, tasks
from vedette.store.identity import Principal
from vedette.store.tables import metadata
from vedette.store.tables import tasks as table
from vedette.store.vault import Vault

KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
PROJECT = ProjectId("p" * 32)
WHO = Principal(UserId("u"), "anna", "Default", PROJECT, "home", "Default", ())
TUESDAY_8_MS = 1_713_859_200_000
HOUR_MS = 3_600_000
MORNINGS = Schedule("weekly", "+00:00", (1, 2, 3), None, ((Window("07:00:00", "09:00:00"),),))
EVENINGS = Schedule("weekly", "+00:00", (1, 2, 3), None, ((Window("19:00:00", "20:00:00"),),))


class Memory:
    """A database in memory, one unit after the other."""

    def __init__(self) -> None:
        self.engine: Engine = create_engine("sqlite://", poolclass=StaticPool)
        metadata.create_all(self.engine)

    async def read(self, unit: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        with self.engine.begin() as conn:
            return unit(conn, *args, **kwargs)

    write = read

    async def close(self) -> None:
        self.engine.dispose()


def document(schedule: Schedule | None = None) -> TaskDocument:
    return TaskDocument(
        name="gate",
        service_name="c-intrusiondetection-cloud",
        service_version="3.0",
        input=TaskInput(InputType.URL, InputDatum(url="rtsp://camera.test/main")),
        output=TaskOutput(event_center=True),
        schedule=schedule,
    )


class Bench:
    """The verbs, a task in a state of the test's choice, and what is counted."""

    def __init__(self) -> None:
        self.db = Memory()
        self.vault = Vault(KEY)
        self.now = TUESDAY_8_MS
        self.wakes = 0
        self.verbs = Tasks(self.db, self.vault, Registry.load(), self.wake, lambda: self.now)

    def wake(self) -> None:
        self.wakes += 1

    async def task(self, state: State, schedule: Schedule | None = None) -> TaskId:
        await self.db.write(identity.add_project, PROJECT, "home", "Default", at=0)
        (task_id,) = await self.verbs.create(WHO, [document(schedule)])
        values = {"state": state, "run_id": "r1", "error_code": "VEDETTE.1001", "error_message": "x", "frames": 9}
        await self.db.write(lambda conn: conn.execute(update(table).values(values)).rowcount)
        return task_id

    async def look(self, task_id: TaskId) -> Task:
        task: Task = await self.db.read(tasks.get, self.vault, PROJECT, task_id)
        return task


@pytest.fixture
async def bench() -> Any:
    made = Bench()
    yield made
    await made.db.close()


START = dict.fromkeys(WANTED) | {
    State.STOPPED: State.PENDING,
    State.CREATE_FAILED: State.PENDING,
    State.START_FAILED: State.PENDING,
    State.SUCCEEDED: State.PENDING,
    State.FAILED: State.PENDING,
    State.STOPPING: IllegalTransition,
    State.FREEZING: IllegalTransition,
    State.FROZEN: IllegalTransition,
    State.DELETING: IllegalTransition,
}
STOP = dict.fromkeys(WANTED, State.STOPPING) | {
    State.STOPPED: None,
    State.CREATE_FAILED: None,
    State.START_FAILED: None,
    State.SUCCEEDED: None,
    State.FAILED: None,
    State.STOPPING: None,
    State.FREEZING: None,
    State.FROZEN: None,
    State.DELETING: IllegalTransition,
}
DELETE = dict.fromkeys(State, State.DELETING) | {State.DELETING: None}


@pytest.mark.parametrize("verb", ["start", "stop", "delete"])
@pytest.mark.parametrize("state", State)
async def test_every_verb_in_every_state_moves_stays_or_is_refused(bench: Bench, verb: str, state: State) -> None:
    """None in the tables: the task is there already, and saying it again does no harm."""
    expected: Any = {"start": START, "stop": STOP, "delete": DELETE}[verb][state]
    task_id = await bench.task(state)
    say = getattr(bench.verbs, verb)
    if expected is IllegalTransition:
        with pytest.raises(IllegalTransition):
            await say(PROJECT, task_id, actor="anna")
        assert (await bench.look(task_id)).state is state
        return
    wakes = bench.wakes
    await say(PROJECT, task_id, actor="anna")
    assert (await bench.look(task_id)).state is (expected or state)
    assert bench.wakes == wakes + 1
    history = await bench.db.read(tasks.history, PROJECT, task_id)
    assert (history[-1].cause, history[-1].actor) == ((verb, "anna") if expected else ("created", "anna"))


async def test_a_start_begins_a_new_run_and_forgets_the_last_failure(bench: Bench) -> None:
    """A run ends with a stop or a new start."""
    task_id = await bench.task(State.FAILED)
    await bench.verbs.start(PROJECT, task_id, actor="anna")
    task = await bench.look(task_id)
    assert (task.run_id, task.error_code, task.error_message, task.frames) == (None, None, None, 0)


async def test_a_start_of_what_runs_leaves_its_run_alone(bench: Bench) -> None:
    """Else a second click would lose the place in the file."""
    task_id = await bench.task(State.RUNNING)
    await bench.verbs.start(PROJECT, task_id, actor="anna")
    assert ((await bench.look(task_id)).run_id, (await bench.look(task_id)).frames) == ("r1", 9)


@pytest.mark.parametrize(("schedule", "due"), [(MORNINGS, TUESDAY_8_MS + HOUR_MS), (EVENINGS, TUESDAY_8_MS)])
async def test_a_new_timetable_is_due_when_it_next_changes_or_at_once_if_it_is_closed(
    bench: Bench, schedule: Schedule, due: int
) -> None:
    """The scheduler alone closes; it looks at what is due."""
    task = await bench.look(await bench.task(State.PENDING, schedule))
    assert (task.activated, task.next_due_at) == (True, due)


async def test_stop_puts_a_timetable_to_rest_and_start_obeys_it_again(bench: Bench) -> None:
    """Also for a task that rests outside its window."""
    task_id = await bench.task(State.STOPPED, EVENINGS)
    await bench.verbs.stop(PROJECT, task_id, actor="anna")
    task = await bench.look(task_id)
    assert (task.state, task.activated, task.next_due_at) == (State.STOPPED, False, None)
    await bench.verbs.start(PROJECT, task_id, actor="anna")
    task = await bench.look(task_id)
    assert (task.state, task.activated, task.next_due_at) == (State.PENDING, True, TUESDAY_8_MS)


async def test_a_deleted_task_is_not_woken_by_its_timetable(bench: Bench) -> None:
    """It is on its way out."""
    task_id = await bench.task(State.RUNNING, MORNINGS)
    await bench.verbs.delete(PROJECT, task_id, actor="anna")
    assert (await bench.look(task_id)).next_due_at is None


async def test_a_verb_looks_again_when_somebody_moved_the_task_and_gives_up_in_the_end(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loops move tasks all the time; the caller must neither lose nor wait for ever."""
    task_id = await bench.task(State.RUNNING)
    real, lost = tasks.move, []

    def losing(times: int) -> Callable[..., bool]:
        def move(*args: Any, **kwargs: Any) -> bool:
            if len(lost) < times:
                lost.append(1)
                return False
            return real(*args, **kwargs)

        return move

    monkeypatch.setattr(tasks, "move", losing(TRIES - 1))
    await bench.verbs.stop(PROJECT, task_id, actor="anna")
    assert (await bench.look(task_id)).state is State.STOPPING
    lost.clear()
    monkeypatch.setattr(tasks, "move", losing(TRIES))
    with pytest.raises(IllegalTransition):
        await bench.verbs.delete(PROJECT, task_id, actor="anna")
    assert len(lost) == TRIES


async def test_a_task_of_another_project_does_not_exist_for_any_verb(bench: Bench) -> None:
    """Every query takes the project."""
    task_id = await bench.task(State.RUNNING)
    for say in (bench.verbs.start, bench.verbs.stop, bench.verbs.delete):
        with pytest.raises(TaskNotFound):
            await say(ProjectId("q" * 32), task_id, actor="eve")
    with pytest.raises(TaskNotFound):
        await bench.verbs.get(ProjectId("q" * 32), task_id)
