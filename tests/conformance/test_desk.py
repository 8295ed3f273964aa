"""The control plane's side of the worker protocol: what is held back, renewed and answered."""

import asyncio
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from conformance.ground import MINE, NOW, SERVICE, insert, read, running, task
from conformance.theatre import idle_looks
from vedette.control.fleet import Fleet
from vedette.control.orders import Desk
from vedette.control.sources import address, stream_of
from vedette.model.ids import RunId, WorkerId
from vedette.model.lifecycle import State
from vedette.model.output import TaskOutput, WebhookOutput
from vedette.model.schedule import Schedule, Window
from vedette.model.service import AlgStatus, Deployment
from vedette.model.source import InputDatum, InputType, TaskInput
from vedette.model.stream import Orders, StreamReport, StreamState, StreamStats, Sync
from vedette.model.task import Task
from vedette.store import assignments, deployments, tasks
from vedette.store.db import Database
from vedette.store.vault import Vault

W1 = WorkerId("w1")
LONG_S = 20.0
DAILY = Schedule("weekly", "+00:00", (1, 2, 3, 4, 5, 6, 7), None, ((Window("00:00:00", "23:59:59"),),))


class Counter:
    def __init__(self) -> None:
        self.rung = 0

    def __call__(self) -> None:
        self.rung += 1


def make(db: Database, vault: Vault, news: Counter | None = None) -> Desk:
    fleet = Fleet()
    return Desk(
        db, vault, fleet, lease_s=10.0, clock=lambda: NOW, monotonic=asyncio.get_running_loop().time,
        on_news=news or Counter(), looks=idle_looks(db, vault, fleet), alg_ids={SERVICE: "algorithm"},
    )  # fmt: skip


def sync(*reports: StreamReport, wait_s: float = 0.0, worker: WorkerId = W1) -> Sync:
    return Sync(worker, "here", 1, 60, wait_s, reports)


def says(one: Task, epoch: int, revision: str, state: StreamState = StreamState.FLOWING) -> StreamReport:
    assert one.stream_id is not None
    return StreamReport(one.stream_id, epoch, revision, state, None, StreamStats(), ())


async def test_an_answer_renews_the_lease_by_what_it_may_take_and_more(sqlite: Database, vault: Vault) -> None:
    """The worker counts from when it asked, we from when we answer at the latest: ours ends later."""
    await make(sqlite, vault).sync(sync(wait_s=0.01))
    (row,) = await sqlite.read(assignments.all_workers)
    assert row.lease_until == NOW + 10_010


async def test_the_answer_is_held_back_until_something_changes(sqlite: Database, vault: Vault) -> None:
    """A worker learns of an order at once, and asks only once a second."""
    one, epoch = await running(sqlite, vault)
    desk = make(sqlite, vault)
    (given,) = (await desk.sync(sync(wait_s=LONG_S))).changed
    asking = asyncio.ensure_future(desk.sync(sync(says(one, epoch, given.revision), wait_s=LONG_S)))
    done, _ = await asyncio.wait([asking], timeout=0.2)
    assert not done
    desk.changed.ring()  # nothing is new for this worker, so it goes on waiting
    done, _ = await asyncio.wait([asking], timeout=0.2)
    assert not done
    assert one.stream_id is not None
    await sqlite.write(assignments.release, one.stream_id, epoch)
    desk.changed.ring()
    orders = await asyncio.wait_for(asking, 5)
    assert (orders.held, orders.changed) == ((), ())


async def test_a_worker_that_reports_an_old_epoch_is_given_the_new_one(sqlite: Database, vault: Vault) -> None:
    """The same stream came back to it meanwhile: it begins anew under the new epoch."""
    one, epoch = await running(sqlite, vault)
    desk = make(sqlite, vault)
    (given,) = (await desk.sync(sync())).changed
    assert one.stream_id is not None
    await sqlite.write(assignments.release, one.stream_id, epoch)
    await sqlite.write(assignments.assign, one.stream_id, W1)
    orders = await desk.sync(sync(says(one, epoch, given.revision)))
    assert orders.held == ()
    assert [again.epoch for again in orders.changed] == [epoch + 1]


async def test_a_worker_is_not_told_of_the_streams_of_another(sqlite: Database, vault: Vault) -> None:
    """Nor may it speak of them."""
    one, epoch = await running(sqlite, vault)
    orders = await make(sqlite, vault).sync(sync(says(one, epoch, "r"), worker=WorkerId("w2")))
    assert (orders.held, orders.changed) == ((), ())


async def test_only_what_a_decision_may_hang_on_wakes_the_loops(sqlite: Database, vault: Vault) -> None:
    """Counters change all the time."""
    one, epoch = await running(sqlite, vault)
    news = Counter()
    desk = make(sqlite, vault, news)
    await desk.sync(sync(says(one, epoch, "r")))
    assert news.rung == 1
    await desk.sync(sync(says(one, epoch, "r")))
    assert news.rung == 1
    await desk.sync(sync(says(one, epoch, "r", StreamState.AWAY)))
    await desk.sync(sync())
    assert news.rung == 3
    assert (await sqlite.read(assignments.holdings))[0].worker_id == W1
    assert one.state is State.RUNNING


# -- what a run is given


async def shared(db: Database, vault: Vault, *names: str) -> tuple[list[Task], int]:
    """Bring in tasks that feed on one camera's stream of the worker `w1`."""
    url = "rtsp://camera/1"
    fresh = [task(name, url=url) for name in names]
    await insert(db, vault, *fresh)

    def place(conn: Connection) -> int | None:
        for one in fresh:
            here = tasks.get(conn, vault, one.project_id, one.id)
            stream_id = stream_of(here, RunId(one.id), address(url))
            columns = {"run_id": RunId(one.id), "run_started_at": NOW, "stream_id": stream_id}
            assert tasks.move(conn, here, (State.STARTING, State.RUNNING), cause="", actor="", at=NOW, **columns)
        assignments.renew(conn, assignments.WorkerRow(W1, "here", 1, 60, NOW + 10_000))
        return assignments.assign(conn, stream_id, W1)

    epoch = await db.write(place)
    assert epoch is not None
    return [await read(db, vault, one) for one in fresh], epoch


async def change(db: Database, vault: Vault, one: Task, **fields: Any) -> None:
    """Change a task's document, and nothing else."""

    def write(conn: Connection) -> bool:
        here = tasks.get(conn, vault, one.project_id, one.id)
        return tasks.rewrite(conn, vault, here, replace(here.document, **fields))

    assert await db.write(write)


async def test_only_a_run_that_is_given_something_else_makes_its_stream_another(sqlite: Database, vault: Vault) -> None:
    """A name, an output, a timetable are none of the worker's business; other streams stay as they are."""
    (one, two), epoch = await shared(sqlite, vault, "one", "two")
    other, others_epoch = await running(sqlite, vault, "other")
    desk = make(sqlite, vault)
    first = {given.spec.stream_id: given for given in (await desk.sync(sync())).changed}
    assert one.stream_id is not None
    assert other.stream_id is not None

    async def answer() -> Orders:
        said = (
            says(one, epoch, first[one.stream_id].revision),
            says(other, others_epoch, first[other.stream_id].revision),
        )
        return await desk.sync(sync(*said))

    assert len((await answer()).held) == 2
    await change(
        sqlite, vault, two, name="renamed", description="new", schedule=DAILY,
        output=TaskOutput(webhook=WebhookOutput("http://elsewhere.example/", {"X": "y"})),
    )  # fmt: skip
    assert len((await answer()).held) == 2

    await change(sqlite, vault, two, config={"line_detection_sw": 0})
    orders = await answer()
    assert orders.held == ((other.stream_id, others_epoch),)
    (given,) = orders.changed
    assert (given.epoch, given.spec.address) == (epoch, first[one.stream_id].spec.address)
    assert {run.task_id: run.config for run in given.spec.runs} == {
        one.id: {"person_sw": True},
        two.id: {"line_detection_sw": 0},
    }


async def test_a_run_starts_from_what_its_deployment_says(sqlite: Database, vault: Vault) -> None:
    """Its own parameters stand over those; null is absence. The region of a batch's entry stands over all."""
    (one,), epoch = await shared(sqlite, vault, "one")
    desk = make(sqlite, vault)
    before = (await desk.sync(sync())).changed[0].revision
    deployment = Deployment(
        MINE, "algorithm", "local", 5, AlgStatus.RUNNING,
        {"line_detection_sw": 0, "car_detection_sw": 1, "target_roi": "of all"}, {"ANALYSIS_FPS": "5"},
    )  # fmt: skip
    await sqlite.write(deployments.put, vault, deployment)
    (given,) = (await desk.sync(sync(says(one, epoch, before)))).changed
    (run,) = given.spec.runs
    assert run.config == {"line_detection_sw": 0, "car_detection_sw": 1, "target_roi": "of all", "person_sw": True}
    assert run.fps == 5.0
    await change(sqlite, vault, one, config={"line_detection_sw": 1, "car_detection_sw": None}, target_roi="its own")
    (given,) = (await desk.sync(sync(says(one, epoch, given.revision)))).changed
    assert given.spec.runs[0].config == {"line_detection_sw": 1, "car_detection_sw": 1, "target_roi": "its own"}
    assert len((await desk.sync(sync(says(one, epoch, given.revision)))).held) == 1


async def test_a_task_whose_source_changed_has_no_say_in_what_its_old_stream_opens(
    sqlite: Database, vault: Vault
) -> None:
    """It is reopened in a moment. Whoever feeds with it goes on, and nothing is opened in the wrong place."""
    (one, two), epoch = await shared(sqlite, vault, "one", "two")
    desk = make(sqlite, vault)
    (first,) = (await desk.sync(sync())).changed
    elsewhere = TaskInput(InputType.URL, InputDatum(url="rtsp://camera/2"))
    await change(sqlite, vault, one, input=elsewhere, config={"car_detection_sw": 1})
    (open_already,) = (await desk.sync(sync(says(two, epoch, first.revision)))).changed
    assert open_already.spec.address == first.spec.address
    assert {run.task_id for run in open_already.spec.runs} == {one.id, two.id}
    (to_be_opened,) = (await desk.sync(sync())).changed
    assert to_be_opened.spec.address == first.spec.address
    assert {run.task_id for run in to_be_opened.spec.runs} == {two.id}
    await change(sqlite, vault, two, input=elsewhere)
    assert (await desk.sync(sync())).changed == ()
