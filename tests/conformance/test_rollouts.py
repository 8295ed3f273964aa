"""Versions are rolled out to tasks, and back; over both databases, with workers that are played."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, update

from conformance.ground import MINE, OTHERS, SERVICE, insert, task
from conformance.theatre import FakeWorker, Theatre
from vedette.algorithms.base import AlgorithmConfig
from vedette.algorithms.builtin.intrusion import Intrusion
from vedette.algorithms.registry import Registry, Service
from vedette.control.freezing import freeze
from vedette.control.rollouts import SETTLED_MS, Rollouts, Wish
from vedette.control.tasks import Tasks
from vedette.model.errors import InvalidParameter, NotFound, NotReferable, TaskNotFound
from vedette.model.failure import Failure
from vedette.model.freezing import Comeback, by_operator
from vedette.model.ids import TaskId
from vedette.model.lifecycle import Signal, State
from vedette.model.rollout import Outcome, Rollout, Status
from vedette.model.stream import StreamState
from vedette.model.task import Task
from vedette.store import rollout_steps, rollouts, tables, tasks
from vedette.store.db import Database
from vedette.store.vault import Vault

BROKEN = Failure("VEDETTE.3002", "intrusion raised LookupError when it was made.")


class StrictConfig(AlgorithmConfig):
    """Takes a colour that is a number."""

    colour: int = 0


def version(number: str, **changed: Any) -> Service:
    manifest = replace(Intrusion.manifest, versions=(number,), **changed)
    return Service(manifest.services[0], type(f"Version{number}", (Intrusion,), {"manifest": manifest}))


REGISTRY = Registry([*Registry.load().services(), version("4.0"), version("5.0"), version("2.0", config=StrictConfig)])


@pytest.fixture
def theatre(db: Database, vault: Vault) -> Theatre:
    return Theatre(db, vault)


@pytest.fixture
def verbs(theatre: Theatre) -> Rollouts:
    return Rollouts(theatre.db, theatre.vault, REGISTRY, lambda: None, lambda: theatre.now_ms)


async def running(theatre: Theatre, count: int = 3) -> list[Task]:
    """Let so many tasks run for a while on one camera."""
    known = [task(f"gate-{n}", url="rtsp://cam/1", at=theatre.now_ms + n) for n in range(count)]
    await theatre.start(*known)
    theatre.pass_time(2)
    await theatre.talk()
    return known


def worker(theatre: Theatre) -> FakeWorker:
    (only,) = theatre.workers.values()
    return only


async def go_on(theatre: Theatre, verbs: Rollouts) -> None:
    await verbs.run_once()
    await theatre.talk()
    theatre.pass_time(2)
    await theatre.talk()
    await verbs.run_once()


async def outcomes(theatre: Theatre, rollout: Rollout) -> list[Outcome]:
    return [found.step.outcome for found in await theatre.db.read(rollout_steps.found, rollout.id, None)]


async def see(theatre: Theatre, rollout: Rollout) -> Rollout:
    return await theatre.db.read(rollouts.get, rollout.project_id, rollout.id)


async def test_a_running_task_goes_through_upgrading_to_the_new_version(theatre: Theatre, verbs: Rollouts) -> None:
    """Its run and its stream stay; the history tells who asked, and each state is a transaction of its own."""
    (known,) = await running(theatre, 1)
    before = await theatre.see(known)
    worker(theatre).streams[before.stream_id].at_work = {known.id: "3.0"}  # type: ignore[index]
    rollout = await verbs.upgrade(MINE, Wish(SERVICE, "4.0"), actor="alice")
    await theatre.talk()
    under_way = await theatre.see(known)
    assert (under_way.state, under_way.document.service_version) == (State.UPGRADING, "4.0")
    assert under_way.former_version == "3.0"
    assert await outcomes(theatre, rollout) == [Outcome.UNDER_WAY]
    worker(theatre).streams[before.stream_id].at_work = {}  # type: ignore[index]
    await theatre.talk()
    await verbs.run_once()
    after = await theatre.see(known)
    assert (after.state, after.run_id, after.stream_id) == (State.RUNNING, before.run_id, before.stream_id)
    assert after.error_code is None
    assert (await see(theatre, rollout)).status is Status.DONE
    moves = await theatre.db.read(tasks.history, MINE, known.id)
    assert [(move.after, move.cause, move.actor) for move in moves[-2:]] == [
        (State.UPGRADING, "upgrade from 3.0 to 4.0", "alice"),
        (State.RUNNING, "it is on the version 4.0", "service"),
    ]


async def test_a_stopped_task_is_upgrading_for_a_round_and_rests_on_the_new_version(
    theatre: Theatre, verbs: Rollouts
) -> None:
    """What was at rest rests again, for the same reason as before."""
    (known,) = await running(theatre, 1)
    await theatre.wish(known, Signal.STOP)
    await theatre.talk()
    await _set(theatre, known, halted_by="no_service")
    await verbs.upgrade(MINE, Wish(SERVICE, "4.0"), actor="alice")
    assert (await theatre.see(known)).state is State.UPGRADING
    await theatre.settle()
    after = await theatre.see(known)
    assert (after.state, after.document.service_version, after.resume) == (State.STOPPED, "4.0", None)
    assert after.halted_by == "no_service"
    assert (await theatre.states(known))[-2:] == [State.UPGRADING, State.STOPPED]


async def test_tasks_have_their_turn_one_by_one(theatre: Theatre, verbs: Rollouts) -> None:
    """The next begins when the one before runs again."""
    known = await running(theatre)
    rollout = await verbs.upgrade(MINE, Wish(SERVICE), actor="alice")
    assert rollout.version == "5.0"
    most = 0
    for _ in range(6):
        seen = [(await theatre.see(one)).state for one in known]
        most = max(most, seen.count(State.UPGRADING))
        await go_on(theatre, verbs)
    assert most == 1
    ended = await see(theatre, rollout)
    assert (ended.status, ended.reason) == (Status.DONE, "")
    assert {(await theatre.see(one)).document.service_version for one in known} == {"5.0"}


async def test_all_at_once_if_that_is_asked_for(theatre: Theatre, verbs: Rollouts) -> None:
    known = await running(theatre)
    await verbs.upgrade(MINE, Wish(SERVICE, "4.0", at_once=10), actor="alice")
    assert {(await theatre.see(one)).state for one in known} == {State.UPGRADING}


async def test_a_version_that_breaks_is_taken_back_and_the_rollout_stops(theatre: Theatre, verbs: Rollouts) -> None:
    """The first one is told why, and runs on as before; the others were not touched."""
    known = await running(theatre)
    stream = (await theatre.see(known[0])).stream_id
    played = worker(theatre).streams[stream]  # type: ignore[index]
    played.at_work, played.refused = {known[0].id: "3.0"}, {known[0].id: BROKEN}
    rollout = await verbs.upgrade(MINE, Wish(SERVICE, "4.0"), actor="alice")
    await theatre.talk()
    first = await theatre.see(known[0])
    assert (first.document.service_version, first.former_version) == ("3.0", None)
    await go_on(theatre, verbs)
    first = await theatre.see(known[0])
    assert (first.state, first.error_code) == (State.RUNNING, None)
    assert (await theatre.states(known[0]))[-3:] == [State.UPGRADING, State.ABNORMAL, State.RUNNING]
    causes = [move.cause for move in await theatre.db.read(tasks.history, MINE, known[0].id)]
    assert causes[-2] == f"the version 4.0 broke: {BROKEN.message}"
    ended = await see(theatre, rollout)
    assert ended.status is Status.STOPPED
    assert known[0].document.name in ended.reason
    assert BROKEN.message in ended.reason
    assert await outcomes(theatre, rollout) == [Outcome.FAILED, Outcome.LEFT, Outcome.LEFT]
    assert {(await theatre.see(one)).document.service_version for one in known} == {"3.0"}


async def test_a_rollback_brings_each_task_to_where_it_was_and_twice_is_once(theatre: Theatre, verbs: Rollouts) -> None:
    known = await running(theatre, 2)
    await verbs.upgrade(MINE, Wish(SERVICE, "4.0", tasks=(known[0].id,)), actor="alice")
    await go_on(theatre, verbs)
    back = await verbs.rollback(MINE, Wish(SERVICE), actor="bob")
    await go_on(theatre, verbs)
    again = await verbs.rollback(MINE, Wish(SERVICE), actor="bob")
    assert [(await theatre.see(one)).document.service_version for one in known] == ["3.0", "3.0"]
    assert (await theatre.see(known[0])).former_version is None
    assert await outcomes(theatre, back) == [Outcome.DONE]
    assert await outcomes(theatre, again) == []
    assert (await see(theatre, again)).status is Status.DONE
    with pytest.raises(NotReferable) as caught:
        await verbs.rollback(MINE, Wish(SERVICE, tasks=(known[1].id,)), actor="bob")
    assert caught.value.param == "task_ids"


async def test_a_service_that_was_killed_half_way_goes_on(theatre: Theatre, verbs: Rollouts) -> None:
    """All that is left to do stands in the tables."""
    known = await running(theatre, 2)
    rollout = await verbs.upgrade(MINE, Wish(SERVICE, "4.0"), actor="alice")
    theatre.serve()
    for one in theatre.workers.values():
        one._desk = theatre.desk
    reborn = Rollouts(theatre.db, theatre.vault, REGISTRY, lambda: None, lambda: theatre.now_ms)
    for _ in range(4):
        await go_on(theatre, reborn)
    assert (await see(theatre, rollout)).status is Status.DONE
    assert [(await theatre.see(one)).document.service_version for one in known] == ["4.0", "4.0"]


async def test_a_worker_that_dies_amid_an_upgrade_leaves_the_task_on_the_new_version(
    theatre: Theatre, verbs: Rollouts
) -> None:
    """It is started anew, and is under way until it runs."""
    (known,) = await running(theatre, 1)
    rollout = await verbs.upgrade(MINE, Wish(SERVICE, "4.0"), actor="alice")
    theatre.executor.dies(worker(theatre).id)
    await theatre.settle()
    await verbs.run_once()
    assert await outcomes(theatre, rollout) == [Outcome.UNDER_WAY]
    await theatre.boot()
    await theatre.talk()
    for one in theatre.workers.values():
        one.play(StreamState.FLOWING)
    await theatre.talk()
    await go_on(theatre, verbs)
    assert (await theatre.states(known))[-3:] == [State.UPGRADING, State.STARTING, State.RUNNING]
    assert await outcomes(theatre, rollout) == [Outcome.DONE]


@pytest.mark.parametrize(
    ("signal", "final"), [(Signal.STOP, State.STOPPED), (Signal.FREEZE, State.FROZEN), (Signal.DELETE, None)]
)
async def test_a_task_that_is_upgrading_obeys(
    theatre: Theatre, verbs: Rollouts, signal: Signal, final: State | None
) -> None:
    (known,) = await running(theatre, 1)
    played = next(iter(worker(theatre).streams.values()))
    played.at_work = {known.id: "3.0"}
    rollout = await verbs.upgrade(MINE, Wish(SERVICE, "4.0"), actor="alice")
    await theatre.talk()
    await theatre.wish(known, signal)
    await theatre.talk()
    await verbs.run_once()
    if final is None:
        with pytest.raises(TaskNotFound):
            await theatre.see(known)
    else:
        assert (await theatre.see(known)).state is final
    assert (await see(theatre, rollout)).status is Status.DONE


async def test_a_source_that_is_away_leaves_the_task_abnormal_on_the_new_version(
    theatre: Theatre, verbs: Rollouts
) -> None:
    """No picture comes that could try it; the rollout does not wait for the camera."""
    (known,) = await running(theatre, 1)
    away = Failure("VEDETTE.1001", "No answer.")
    worker(theatre).play(StreamState.AWAY, away)
    await theatre.talk()
    theatre.pass_time(2)
    assert (await theatre.see(known)).state is State.ABNORMAL
    rollout = await verbs.upgrade(MINE, Wish(SERVICE, "4.0"), actor="alice")
    await go_on(theatre, verbs)
    after = await theatre.see(known)
    assert (after.state, after.document.service_version, after.error_code) == (State.ABNORMAL, "4.0", away.code)
    assert (await theatre.states(known))[-2:] == [State.UPGRADING, State.ABNORMAL]
    assert await outcomes(theatre, rollout) == [Outcome.DONE]


async def test_a_task_of_which_nothing_runs_has_the_version_when_it_starts(theatre: Theatre, verbs: Rollouts) -> None:
    """No state leads there, and nothing has to be swapped."""
    ended = [replace(task(state.lower()), state=state) for state in (State.FAILED, State.SUCCEEDED, State.FROZEN)]
    await insert(theatre.db, theatre.vault, *ended)
    rollout = await verbs.upgrade(MINE, Wish(SERVICE, "4.0"), actor="alice")
    assert await outcomes(theatre, rollout) == [Outcome.DONE] * 3
    for one in ended:
        after = await theatre.see(one)
        assert (after.state, after.document.service_version, after.former_version) == (one.state, "4.0", "3.0")


async def test_what_does_not_fit_is_refused_by_name_and_nothing_changes(theatre: Theatre, verbs: Rollouts) -> None:
    """The task and its parameter are named."""
    fit, misfit = task("fit"), task("misfit")
    misfit = replace(misfit, document=replace(misfit.document, config={"colour": "red"}))
    await insert(theatre.db, theatre.vault, fit, misfit)
    with pytest.raises(InvalidParameter) as caught:
        await verbs.upgrade(MINE, Wish(SERVICE, "2.0"), actor="alice")
    assert caught.value.param == "colour"
    assert "misfit" in caught.value.message
    assert misfit.id in caught.value.message
    assert (await theatre.see(fit)).document.service_version == "3.0"
    assert await theatre.db.read(rollouts.of_project, MINE) == []


@pytest.mark.parametrize(
    ("wish", "param"),
    [
        (Wish("c-nothing-cloud"), "service_name"),
        (Wish(SERVICE, "9.9"), "service_version"),
        (Wish(SERVICE, "4.0", tasks=(TaskId("0" * 32),)), "task_ids"),
    ],
)
async def test_what_does_not_exist_is_refused(verbs: Rollouts, wish: Wish, param: str) -> None:
    with pytest.raises(NotReferable) as caught:
        await verbs.upgrade(MINE, wish, actor="alice")
    assert caught.value.param == param


async def test_another_projects_tasks_are_not_touched(theatre: Theatre, verbs: Rollouts) -> None:
    mine, theirs = replace(task("a"), state=State.STOPPED), replace(task("a", project=OTHERS), state=State.STOPPED)
    await insert(theatre.db, theatre.vault, mine, theirs)
    rollout = await verbs.upgrade(MINE, Wish(SERVICE, "4.0"), actor="alice")
    assert (await theatre.see(theirs)).document.service_version == "3.0"
    with pytest.raises(NotReferable):
        await verbs.upgrade(MINE, Wish(SERVICE, "4.0", tasks=(theirs.id,)), actor="alice")
    with pytest.raises(NotFound):
        await verbs.stop(OTHERS, rollout.id, actor="mallory")


async def test_a_rollout_that_is_stopped_begins_nothing_more_and_another_takes_its_place(
    theatre: Theatre, verbs: Rollouts
) -> None:
    known = await running(theatre)
    rollout = await verbs.upgrade(MINE, Wish(SERVICE, "4.0"), actor="alice")
    stopping = await verbs.stop(MINE, rollout.id, actor="bob")
    assert (stopping.status, stopping.reason) == (Status.STOPPING, "bob stopped it.")
    for _ in range(3):
        await go_on(theatre, verbs)
    assert (await see(theatre, rollout)).status is Status.STOPPED
    assert await outcomes(theatre, rollout) == [Outcome.DONE, Outcome.LEFT, Outcome.LEFT]
    second = await verbs.upgrade(MINE, Wish(SERVICE, "4.0"), actor="alice")
    assert await outcomes(theatre, second) == [Outcome.UNDER_WAY, Outcome.LEFT]
    back = await verbs.rollback(MINE, Wish(SERVICE, at_once=5), actor="alice")
    for _ in range(4):
        await go_on(theatre, verbs)
    assert (await see(theatre, second)).status is Status.STOPPED
    assert back.id in (await see(theatre, second)).reason
    assert {(await theatre.see(one)).document.service_version for one in known} == {"3.0"}


async def test_a_task_that_has_just_moved_is_given_a_moment(theatre: Theatre, verbs: Rollouts) -> None:
    """Its worker's word of the version before may still be on its way."""
    known = task("gate", url="rtsp://cam/1")
    await theatre.start(known)
    rollout = await verbs.upgrade(MINE, Wish(SERVICE, "4.0"), actor="alice")
    assert await outcomes(theatre, rollout) == [Outcome.LEFT]
    theatre.pass_time(SETTLED_MS / 1000)
    await verbs.run_once()
    assert await outcomes(theatre, rollout) == [Outcome.UNDER_WAY]


async def test_only_so_many_rollouts_are_kept(
    theatre: Theatre, verbs: Rollouts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollouts, "KEPT", 2)
    for _ in range(5):
        theatre.pass_time(1)
        await verbs.upgrade(MINE, Wish(SERVICE, "4.0"), actor="alice")
    assert len(await theatre.db.read(rollouts.of_project, MINE)) == 3


async def test_others_versions_are_found(theatre: Theatre) -> None:
    """What `can_update` of a service hangs on."""
    assert await theatre.db.read(rollouts.edges, MINE) == {}
    older, newer = (
        replace(one, document=replace(one.document, service_name="c-other-cloud", service_version=version))
        for one, version in ((task("c"), "1.0"), (task("d"), "4.0"))
    )
    await insert(theatre.db, theatre.vault, task("a"), task("b", project=OTHERS), older, newer)
    assert await theatre.db.read(rollouts.edges, MINE) == {SERVICE: ("3.0", "3.0"), "c-other-cloud": ("1.0", "4.0")}
    assert await theatre.db.read(rollouts.edges, OTHERS) == {SERVICE: ("3.0", "3.0")}


async def test_who_is_started_while_it_is_upgraded_at_rest_runs(theatre: Theatre, verbs: Rollouts) -> None:
    """A wish is not lost because it comes in the round between."""
    (known,) = await running(theatre, 1)
    await theatre.wish(known, Signal.STOP)
    await theatre.talk()
    await verbs.upgrade(MINE, Wish(SERVICE, "4.0"), actor="alice")
    of_tasks = Tasks(theatre.db, theatre.vault, REGISTRY, lambda: None, lambda: theatre.now_ms)
    await of_tasks.start(MINE, known.id, actor="bob")
    after = await theatre.see(known)
    assert (after.state, after.document.service_version, after.resume) == (State.PENDING, "4.0", None)
    assert (await theatre.states(known))[-3:] == [State.UPGRADING, State.STOPPED, State.PENDING]


async def test_who_is_frozen_while_it_is_upgraded_at_rest_comes_back_to_rest(theatre: Theatre, verbs: Rollouts) -> None:
    """UPGRADING says that something is to run; of this one nothing was."""
    (known,) = await running(theatre, 1)
    await theatre.wish(known, Signal.STOP)
    await theatre.talk()
    await verbs.upgrade(MINE, Wish(SERVICE, "4.0"), actor="alice")
    here = await theatre.see(known)
    assert await theatre.db.write(freeze, here, by_operator("carol", ""), theatre.now_ms)
    assert (await theatre.see(known)).resume is Comeback.REST


async def test_a_document_that_changes_meanwhile_keeps_the_new_version(theatre: Theatre, verbs: Rollouts) -> None:
    """And the version it goes back to."""
    (known,) = await running(theatre, 1)
    played = next(iter(worker(theatre).streams.values()))
    played.at_work = {known.id: "3.0"}
    await verbs.upgrade(MINE, Wish(SERVICE, "4.0"), actor="alice")
    of_tasks = Tasks(theatre.db, theatre.vault, REGISTRY, lambda: None, lambda: theatre.now_ms)
    await of_tasks.update(MINE, known.id, {"config": {"person_sw": False}}, actor="bob")
    await theatre.talk()
    assert (await theatre.see(known)).state is State.UPGRADING
    (run,) = played.assignment.spec.runs
    assert (run.service_version, run.config) == ("4.0", {"person_sw": False})
    played.at_work = {}
    await theatre.talk()
    after = await theatre.see(known)
    assert (after.state, after.document.service_version, after.former_version) == (State.RUNNING, "4.0", "3.0")


async def _set(theatre: Theatre, known: Task, **columns: Any) -> None:
    def write(conn: Connection) -> None:
        conn.execute(update(tables.tasks).where(tables.tasks.c.id == known.id).values(columns))

    await theatre.db.write(write)
