"""From what is wanted to what runs: the control plane against workers that are played."""

from typing import NoReturn

import pytest

from conformance.ground import NOW, batch, task
from conformance.theatre import LEASE_S, Theatre
from vedette.control.decisions import SILENT_S
from vedette.control.losses import HUNG_S, STARTING_S, WAITED_FOR_S
from vedette.model.errors import Unavailable
from vedette.model.failure import Failure
from vedette.model.lifecycle import Signal, State
from vedette.model.stream import StreamState
from vedette.store import assignments
from vedette.store.db import Database
from vedette.store.vault import Vault

LIVE = "rtsp://camera/1"
GONE = Failure("VEDETTE.1003", "There is no such file.")


class Away:
    """A database that can be read, and not written."""

    def __init__(self, db: Database) -> None:
        self.read = db.read
        self.close = db.close

    async def write(self, *_given: object, **_named: object) -> NoReturn:
        raise Unavailable("The disk is full.")


@pytest.fixture
def stage(sqlite: Database, vault: Vault) -> Theatre:
    return Theatre(sqlite, vault)


async def test_a_task_is_pending_until_its_worker_speaks_then_starting_then_running(stage: Theatre) -> None:
    """The way of every task; each step is told when it has happened, and not before."""
    one = task()
    await stage.add(one)
    assert len(stage.executor.started) == 1
    waiting = await stage.see(one)
    assert (waiting.state, waiting.status, waiting.run_id) == (State.PENDING, "Waiting for a worker to start.", None)

    (worker,) = await stage.boot()
    starting = await stage.see(one)
    assert (starting.state, starting.status, starting.run_started_at) == (State.STARTING, "", NOW)
    holding = await stage.holding(one)
    assert holding is not None
    assert (holding.worker_id, holding.epoch) == (worker.id, 1)

    await stage.talk()
    assert (await stage.see(one)).state is State.STARTING
    worker.play(StreamState.FLOWING)
    await stage.talk()
    assert await stage.states(one) == [State.PENDING, State.STARTING, State.RUNNING]


async def test_a_worker_is_told_what_to_hold_once_and_then_that_it_holds_it(stage: Theatre) -> None:
    """Both sides say the whole level; what has not changed is not sent again."""
    await stage.add(task())
    (worker,) = await stage.boot()
    orders = await worker.speak()
    assert [given.epoch for given in orders.changed] == [1]
    assert orders.held == ()
    run = orders.changed[0].spec.runs[0]
    assert (run.service, run.config, run.stream_name) == ("c-intrusiondetection-cloud", {"person_sw": True}, "a.mp4")
    orders = await worker.speak()
    assert orders.changed == ()
    assert len(orders.held) == 1


async def test_a_worker_that_falls_silent_makes_its_tasks_recover_and_its_voice_makes_them_run(stage: Theatre) -> None:
    """Before its lease is over nobody else is given the stream."""
    (one,) = await stage.start(task())
    stage.pass_time(3.0)
    await stage.settle()
    assert (await stage.see(one)).state is State.RECOVERING
    assert (await stage.holding(one)) is not None
    assert len(stage.executor.started) == 1
    await stage.talk()
    assert (await stage.see(one)).state is State.RUNNING
    assert (await stage.see(one)).run_id == one.run_id


async def test_after_its_lease_another_worker_holds_the_stream_under_a_higher_epoch(stage: Theatre) -> None:
    """The old one may run on somewhere; nothing it says is accepted."""
    (one,) = await stage.start(task())
    (old,) = stage.workers.values()
    stage.pass_time(LEASE_S + 0.5)
    await stage.settle()
    recovering = await stage.see(one)
    assert (recovering.state, recovering.crashes) == (State.RECOVERING, 1)

    (new,) = await stage.boot()
    assert new.id != old.id
    holding = await stage.holding(one)
    assert holding is not None
    assert (holding.worker_id, holding.epoch) == (new.id, 2)
    await stage.talk(old.id)
    new.play(StreamState.FLOWING)
    await stage.talk(old.id)
    assert (await stage.see(one)).state is State.RUNNING
    assert (await stage.see(one)).run_id == one.run_id

    late = await stage.desk.ingest(batch(one, 1, [7], worker=old.id), {})
    assert not late.accepted
    assert (await stage.desk.ingest(batch(one, 2, [7], worker=new.id), {})).new == 1


async def test_a_worker_that_hung_past_its_lease_does_not_keep_its_successor_from_starting(stage: Theatre) -> None:
    """Its process is still there, but it is no worker that is on its way."""
    (one,) = await stage.start(task())
    (old,) = stage.workers.values()
    stage.pass_time(LEASE_S + 0.5)
    await stage.settle()
    assert old.id in stage.executor.present()
    assert len(stage.executor.started) == 2
    assert (await stage.see(one)).status == "Waiting for a worker to start."
    await stage.boot()
    two = task("b")
    await stage.add(two)
    await stage.settle()
    assert len(stage.executor.started) == 3
    await stage.boot()
    assert (await stage.see(two)).state is State.STARTING


async def test_a_worker_that_wakes_after_its_lease_is_told_to_end_everything(stage: Theatre) -> None:
    """And may be given new streams then."""
    (one,) = await stage.start(task())
    (old,) = stage.workers.values()
    stage.pass_time(LEASE_S + 0.5)
    await stage.settle()
    await stage.boot()
    orders = await old.speak()
    assert orders.held == ()
    assert orders.changed == ()
    assert old.streams == {}
    assert (await stage.see(one)).state is State.STARTING
    stage.pass_time(1.0)
    await stage.talk()
    assert stage.executor.killed == []


async def test_a_worker_that_hangs_for_long_is_ended(stage: Theatre) -> None:
    """It holds memory, and perhaps a camera's only connection."""
    await stage.start(task())
    (old,) = stage.workers.values()
    stage.pass_time(LEASE_S + 0.5)
    await stage.settle()
    await stage.boot()
    for _ in range(int(HUNG_S)):
        stage.pass_time(1.0)
        await stage.talk(old.id)
    assert stage.executor.killed == [old.id]


async def test_a_task_that_is_stopped_does_not_wait_for_a_worker_that_hangs(stage: Theatre) -> None:
    """Its process is ended as soon as it counts as silent, and what else it had comes back at once."""
    hung, beside = await stage.start(task("hung"), task("beside"))
    holding, other = await stage.holding(hung), await stage.holding(beside)
    assert holding is not None
    assert other is not None
    silent = [one.worker_id for one in (holding, other) if one.worker_id]
    stage.pass_time(SILENT_S + 0.1)
    await stage.talk(*silent)
    assert stage.executor.killed == [], "nobody waits for it"
    await stage.wish(hung, Signal.STOP)
    stage.pass_time(WAITED_FOR_S - SILENT_S)
    await stage.settle()
    assert stage.executor.killed == [holding.worker_id]
    await stage.settle()
    assert (await stage.see(hung)).state is State.STOPPED


async def test_who_is_given_to_a_worker_that_hangs_is_given_to_another_soon(stage: Theatre) -> None:
    """It was taken to be alive, as it had spoken a moment before."""
    await stage.start(task("first"), task("second"))
    hanging = list(stage.workers)
    third = task("third")
    await stage.add(third)
    assert (holding := await stage.holding(third)) is not None
    assert holding.worker_id in hanging
    stage.pass_time(WAITED_FOR_S + 0.1)
    await stage.talk(*hanging)
    assert stage.executor.killed == [holding.worker_id]


async def test_what_a_service_that_was_held_up_did_not_hear_is_no_silence(stage: Theatre) -> None:
    """Its database was locked for a minute; its workers spoke all the time."""
    (one,) = await stage.start(task())
    stage.pass_time(60.0, deaf=True)
    await stage.settle()
    assert (await stage.see(one)).state is State.RUNNING
    await stage.talk()
    assert (await stage.holding(one)) is not None
    stage.pass_time(SILENT_S - 0.1)
    await stage.settle()
    assert (await stage.see(one)).state is State.RUNNING, "it has spoken since"
    stage.pass_time(0.2)
    await stage.settle()
    assert (await stage.see(one)).state is State.RECOVERING


async def test_a_worker_that_never_speaks_is_ended_and_another_is_tried(stage: Theatre) -> None:
    """A process that hangs at its start."""
    one = task()
    await stage.add(one)
    (mute,) = stage.executor.started
    stage.pass_time(STARTING_S + 0.1)
    await stage.settle()
    assert stage.executor.killed == [mute]
    await stage.settle()
    assert len(stage.executor.started) == 2
    await stage.boot()
    assert (await stage.see(one)).state is State.STARTING


async def test_a_worker_whose_process_ends_frees_its_streams_at_once(stage: Theatre) -> None:
    """The executor knows; there is no lease to wait for."""
    (one,) = await stage.start(task())
    (old,) = stage.workers.values()
    stage.executor.dies(old.id)
    await stage.settle()
    assert await stage.holding(one) is None
    await stage.boot()
    holding = await stage.holding(one)
    assert holding is not None
    assert holding.epoch == 2
    assert await stage.states(one) == [
        State.PENDING,
        State.STARTING,
        State.RUNNING,
        State.RECOVERING,
        State.STARTING,
    ]


async def test_the_crash_budget_leads_to_failed_through_recovering(sqlite: Database, vault: Vault) -> None:
    """A clip that kills every decoder must not kill them for ever."""
    stage = Theatre(sqlite, vault, crash_budget=2)
    (one,) = await stage.start(task())
    for _ in range(3):
        stage.executor.dies(stage.executor.started[-1])
        await stage.settle()
        stage.pass_time(5.0)  # the wait between tries
        await stage.settle()
        await stage.boot()
        await stage.talk()
    failed = await stage.see(one)
    assert failed.state is State.FAILED
    assert failed.error_code == "VEDETTE.4001"
    assert failed.error_message == "Its worker was lost 3 times in a row, each time before it had run for 5 s."
    assert failed.stream_id is None
    assert (await stage.states(one))[-2:] == [State.RECOVERING, State.FAILED]


async def _flow(stage: Theatre) -> None:
    await stage.boot()
    await stage.talk()
    for worker in stage.workers.values():
        worker.play(StreamState.FLOWING)
    await stage.talk()


@pytest.mark.parametrize("silent", [False, True], ids=["its process dies", "it falls silent"])
async def test_a_task_that_has_run_a_while_has_got_over_its_crashes(stage: Theatre, silent: bool) -> None:
    """Three crashes in three months are no reason to give up, whichever way the worker was lost."""
    (one,) = await stage.start(task())
    for _ in range(5):
        for _ in range(7):
            stage.pass_time(1.0)
            await stage.talk()
        if silent:
            stage.pass_time(3.0)
            await stage.settle()
            stage.pass_time(LEASE_S)
        stage.executor.dies(stage.executor.started[-1])
        await stage.settle()
        assert (await stage.see(one)).crashes == 1
        await _flow(stage)
    assert (await stage.see(one)).state is State.RUNNING


async def test_a_dead_worker_is_not_forgotten_while_the_database_is_away(sqlite: Database, vault: Vault) -> None:
    """The executor tells of an exit once; a round that fails must not lose it."""
    stage = Theatre(sqlite, vault)
    (one,) = await stage.start(task())
    stage.executor.dies(stage.executor.started[-1])
    stage.reconciler._losses._db = Away(sqlite)
    with pytest.raises(Unavailable):
        await stage.reconciler.run_once(stage.now_ms)
    stage.reconciler._losses._db = sqlite
    await stage.settle()
    assert (await stage.see(one)).state is State.RECOVERING
    assert await stage.holding(one) is None


async def test_a_service_that_is_started_anew_takes_over_what_lives(stage: Theatre) -> None:
    """Workers elsewhere go on through it; a voice is enough."""
    (one,) = await stage.start(task())
    stage.serve()
    await stage.settle()
    assert (await stage.see(one)).state is State.RECOVERING
    for worker in stage.workers.values():
        worker._desk = stage.desk
    await stage.talk()
    after = await stage.see(one)
    assert (after.state, after.run_id, after.crashes) == (State.RUNNING, one.run_id, 0)
    assert len(stage.executor.started) == 1


async def test_a_service_that_is_killed_with_its_workers_starts_all_again_and_counts_no_crash(stage: Theatre) -> None:
    """They died with it; that was not the task's fault."""
    (one,) = await stage.start(task())
    stage.executor._present.clear()
    stage.serve()
    await stage.settle()
    stage.pass_time(LEASE_S + 0.5)
    await stage.settle()
    await stage.boot()
    after = await stage.see(one)
    assert (after.state, after.crashes, after.run_id) == (State.STARTING, 0, one.run_id)


async def test_a_file_that_is_finished_has_succeeded_and_its_stream_is_free(stage: Theatre) -> None:
    """The end of the run; the next start is another one."""
    (one,) = await stage.start(task())
    for worker in stage.workers.values():
        worker.play(StreamState.ENDED)
    await stage.talk()
    await stage.talk()
    after = await stage.see(one)
    assert (after.state, after.stream_id, after.error_code) == (State.SUCCEEDED, None, None)
    assert await stage.db.read(assignments.holdings) == []
    await stage.wish(one, Signal.START)
    again = await stage.see(one)
    assert again.state is State.STARTING
    assert again.run_id != one.run_id


@pytest.mark.parametrize(
    ("state", "frames", "end"),
    [(StreamState.REFUSED, 0, State.START_FAILED), (StreamState.FAILED, 9, State.FAILED)],
)
async def test_a_source_that_no_retry_cures_ends_its_task_with_the_reason(
    stage: Theatre, state: StreamState, frames: int, end: State
) -> None:
    """Before its first picture it could not start, after it it has failed."""
    (one,) = await stage.start(task(), state=StreamState.OPENING)
    for worker in stage.workers.values():
        worker.play(state, GONE, frames=frames)
    await stage.talk()
    after = await stage.see(one)
    assert (after.state, after.error_code, after.error_message) == (end, GONE.code, GONE.message)
    await stage.talk()
    assert await stage.db.read(assignments.holdings) == []


async def test_a_camera_that_is_away_makes_the_task_abnormal_with_the_reason_until_it_is_back(stage: Theatre) -> None:
    """`error` says what is wrong now."""
    (one,) = await stage.start(task(url=LIVE))
    for worker in stage.workers.values():
        worker.play(StreamState.AWAY, GONE)
    await stage.talk()
    after = await stage.see(one)
    assert (after.state, after.error_message) == (State.ABNORMAL, GONE.message)
    for worker in stage.workers.values():
        worker.play(StreamState.FLOWING)
    await stage.talk()
    after = await stage.see(one)
    assert (after.state, after.error_code, after.error_message) == (State.RUNNING, None, None)


async def test_a_task_is_stopped_only_when_its_worker_reports_it_no_more(stage: Theatre) -> None:
    """STOPPED means that nothing runs any more, so it is waited for."""
    (one,) = await stage.start(task())
    (worker,) = stage.workers.values()
    await stage.wish(one, Signal.STOP)
    assert (await stage.see(one)).state is State.STOPPING
    stage.pass_time(1.0)
    said = worker.streams
    await worker.speak()
    worker.streams = said  # it is still ending, and says so
    await worker.speak()
    await stage.settle()
    assert (await stage.see(one)).state is State.STOPPING
    await worker.speak()
    await stage.settle()
    after = await stage.see(one)
    assert (after.state, after.stream_id) == (State.STOPPED, None)
    assert await stage.db.read(assignments.holdings) == []


async def test_a_task_whose_worker_is_gone_can_be_stopped_when_its_lease_is_over(stage: Theatre) -> None:
    """Stop always obeys."""
    (one,) = await stage.start(task())
    stage.pass_time(3.0)
    await stage.wish(one, Signal.STOP)
    assert (await stage.see(one)).state is State.STOPPING
    stage.pass_time(LEASE_S)
    await stage.settle()
    assert (await stage.see(one)).state is State.STOPPED


async def test_a_task_that_was_never_placed_stops_and_is_deleted_at_once(stage: Theatre) -> None:
    """There is nothing to wait for."""
    one, two = task("a"), task("b")
    await stage.add(one, two)
    await stage.wish(one, Signal.STOP)
    await stage.wish(two, Signal.DELETE)
    assert (await stage.see(one)).state is State.STOPPED
    assert await stage.states(two) == []


async def test_a_deleted_task_is_gone_when_nothing_of_it_runs(stage: Theatre) -> None:
    """Its name is free then."""
    (one,) = await stage.start(task())
    await stage.wish(one, Signal.DELETE)
    assert (await stage.see(one)).state is State.DELETING
    await stage.talk()
    assert await stage.states(one) == []
    await stage.talk()
    assert await stage.db.read(assignments.holdings) == []
    await stage.add(task())


async def test_an_output_that_is_not_served_ends_in_start_failed_and_says_which(stage: Theatre) -> None:
    """The document is accepted as documented; what this release cannot do it says."""
    one = task(hosting=True)
    await stage.add(one)
    after = await stage.see(one)
    assert after.state is State.START_FAILED
    assert "hosting" in (after.error_message or "")
    assert stage.executor.started == []


async def test_without_room_a_task_stays_pending_and_says_why(sqlite: Database, vault: Vault) -> None:
    """Lack of capacity is not a failure: it starts when there is room."""
    stage = Theatre(sqlite, vault, limit=1)
    first, second = task("a", at=NOW - 1), task("b")
    await stage.add(first, second)
    await stage.boot(capacity=1)
    assert (await stage.see(first)).state is State.STARTING
    waiting = await stage.see(second)
    assert waiting.state is State.PENDING
    assert waiting.status == "Waiting for room: 1 streams run on 1 workers, and no more fit."
    await stage.wish(first, Signal.DELETE)
    await stage.talk()
    await stage.talk()
    assert (await stage.see(second)).state is State.STARTING


async def test_a_worker_that_cannot_be_started_is_tried_again(stage: Theatre) -> None:
    """The machine is full for a moment."""
    one = task()
    stage.executor.full = True
    await stage.add(one)
    assert (await stage.see(one)).state is State.PENDING
    stage.executor.full = False
    await stage.settle()
    assert len(stage.executor.started) == 1


async def test_two_tasks_on_one_live_address_share_one_stream(stage: Theatre) -> None:
    """One connection and one decode, however many tasks feed on it."""
    one, two = await stage.start(task("a", url=LIVE), task("b", url=LIVE))
    assert one.stream_id == two.stream_id
    (played,) = [played for worker in stage.workers.values() for played in worker.streams.values()]
    assert {run.task_id for run in played.assignment.spec.runs} == {one.id, two.id}
    assert (one.state, two.state) == (State.RUNNING, State.RUNNING)

    await stage.wish(one, Signal.STOP)
    await stage.talk()
    assert (await stage.see(one)).state is State.STOPPED
    assert (await stage.see(two)).state is State.RUNNING
    assert {run.task_id for run in played.assignment.spec.runs} == {two.id}
    assert played.assignment.epoch == 1

    await stage.add(third := task("c", url=LIVE))
    await stage.talk()
    await stage.talk()
    assert (await stage.see(third)).state is State.RUNNING
    assert {run.task_id for run in played.assignment.spec.runs} == {two.id, third.id}


async def test_two_tasks_on_one_file_have_a_stream_each(stage: Theatre) -> None:
    """No picture of a file is dropped, so each reads at its own pace."""
    one, two = await stage.start(task("a"), task("b"))
    assert one.stream_id != two.stream_id


async def test_an_algorithm_that_gives_up_ends_its_own_task_alone(stage: Theatre) -> None:
    """The other one on the same stream goes on."""
    one, two = await stage.start(task("a", url=LIVE), task("b", url=LIVE))
    (played,) = [played for worker in stage.workers.values() for played in worker.streams.values()]
    played.given_up[one.id] = Failure("VEDETTE.3002", "It raised ValueError.")
    await stage.talk()
    await stage.talk()
    after = await stage.see(one)
    assert (after.state, after.error_code) == (State.FAILED, "VEDETTE.3002")
    assert (await stage.see(two)).state is State.RUNNING


async def test_a_task_does_not_join_a_stream_that_has_ended_already(stage: Theatre) -> None:
    """A camera whose password was mended must be tried anew, not told of yesterday's refusal."""
    (one,) = await stage.start(task("a", url=LIVE), state=StreamState.OPENING)
    (worker,) = stage.workers.values()
    worker.play(StreamState.REFUSED, GONE, frames=0)
    await worker.speak()
    await stage.settle()
    assert (await stage.see(one)).state is State.START_FAILED
    await stage.wish(one, Signal.START)  # before the worker has handed the old stream back
    for _ in range(3):
        await stage.talk()
    after = await stage.see(one)
    assert after.state is State.STARTING
    holding = await stage.holding(one)
    assert holding is not None
    assert holding.epoch == 2


async def test_a_round_run_twice_does_nothing_the_second_time(stage: Theatre) -> None:
    """After a crash between any two steps the next round decides the same again."""
    (one,) = await stage.start(task())
    before = await stage.states(one)
    assert not await stage.reconciler.run_once(stage.now_ms)
    assert not await stage.reconciler.run_once(stage.now_ms)
    assert await stage.states(one) == before


async def test_what_no_worker_has_is_not_created(sqlite: Database, vault: Vault) -> None:
    """The package of its algorithm was removed: waiting would not help, and only a restart brings it back."""
    stage = Theatre(sqlite, vault)
    stage.versions = {"c-intrusiondetection-cloud": ("9.0",)}
    stage.serve()
    one = task()
    await stage.add(one)
    seen = await stage.see(one)
    assert (seen.state, seen.error_code) == (State.CREATE_FAILED, "VEDETTE.3003")
    assert seen.error_message == (
        "The service c-intrusiondetection-cloud is not installed here in the version 3.0, there is 9.0."
    )
    assert stage.executor.started == []
    stage.versions = None
    stage.serve()
    await stage.wish(one, Signal.START)
    await stage.boot()
    assert (await stage.see(one)).state is State.STARTING


async def test_what_no_worker_has_any_more_has_failed(sqlite: Database, vault: Vault) -> None:
    """It ran before the restart."""
    stage = Theatre(sqlite, vault)
    (one,) = await stage.start(task())
    stage.executor.dies(stage.executor.started[-1])
    stage.versions = {}
    stage.serve()
    stage.pass_time(LEASE_S + 1.0)
    await stage.settle()
    assert await stage.states(one) == [
        State.PENDING, State.STARTING, State.RUNNING, State.RECOVERING, State.FAILED,
    ]  # fmt: skip
    assert "nor is any other version" in str((await stage.see(one)).error_message)


async def test_a_clock_that_is_set_back_makes_nobody_wait(stage: Theatre) -> None:
    """A task that was lost twice waits a moment before it is tried again: by a clock that may be set meanwhile."""
    (one,) = await stage.start(task())
    for _ in range(2):
        stage.executor.dies(stage.executor.started[-1])
        await stage.settle()
        await stage.boot()
        await stage.talk()
    assert (await stage.see(one)).state is State.RECOVERING
    stage.now_ms -= 3_600_000
    await stage.settle()
    await stage.boot()
    assert (await stage.see(one)).state is State.STARTING
