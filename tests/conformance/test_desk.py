"""The control plane's side of the worker protocol: what is held back, renewed and answered."""

import asyncio

from conformance.ground import NOW, running
from vedette.control.fleet import Fleet
from vedette.control.orders import Desk
from vedette.model.ids import WorkerId
from vedette.model.lifecycle import State
from vedette.model.stream import StreamReport, StreamState, StreamStats, Sync
from vedette.model.task import Task
from vedette.store import assignments
from vedette.store.db import Database
from vedette.store.vault import Vault

W1 = WorkerId("w1")
LONG_S = 20.0


class Counter:
    def __init__(self) -> None:
        self.rung = 0

    def __call__(self) -> None:
        self.rung += 1


def make(db: Database, vault: Vault, news: Counter | None = None) -> Desk:
    return Desk(
        db, vault, Fleet(), lease_s=10.0, clock=lambda: NOW, monotonic=asyncio.get_running_loop().time,
        on_news=news or Counter(),
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
