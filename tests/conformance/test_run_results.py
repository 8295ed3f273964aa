"""The summary of a run: told once when a file's run has ended for good, and handed out after everything else of it."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from conformance.ground import MINE, NOW, batch, move, task
from conformance.theatre import Theatre
from vedette.control.freezes import Freezes
from vedette.model.errors import SourceRefused
from vedette.model.failure import Failure
from vedette.model.ids import RunId
from vedette.model.lifecycle import Signal, State
from vedette.model.output import RESULT, ObsOutput, OutputKind, TaskOutput
from vedette.model.stream import StreamState
from vedette.model.task import Task
from vedette.store import events, ingest, run_results, tasks
from vedette.store.db import Database, PostgresDatabase
from vedette.store.events import Filter
from vedette.store.run_results import LATE_MS, SOON_MS, Turn
from vedette.store.tables import destinations, outbox
from vedette.store.tables import events as rows
from vedette.store.vault import Vault

OBS = ObsOutput("results", "gate")


def of_file(name: str = "gate", url: str = "file:///clips/north/a.mp4", output: ObsOutput | None = OBS) -> Task:
    one = task(name, url=url)
    return replace(one, document=replace(one.document, output=TaskOutput(obs=output, event_center=True)))


@pytest.fixture
def stage(db: Database, vault: Vault) -> Theatre:
    return Theatre(db, vault)


async def told(stage: Theatre) -> list[dict[str, Any]]:
    """Return the summaries that are to be sent, and how they stand in the outbox."""

    def look(conn: Connection) -> list[dict[str, Any]]:
        found = conn.execute(
            select(rows.c.message, outbox.c.id, outbox.c.state, outbox.c.next_attempt_at, outbox.c.destination_id)
            .join(outbox, outbox.c.event_id == rows.c.id)
            .where(rows.c.event_type == RESULT)
            .order_by(outbox.c.id)
        )
        return [dict(row) | json.loads(row["message"]) for row in found.mappings()]

    return await stage.db.read(look)


async def ended(stage: Theatre, one: Task, state: StreamState, failure: Failure | None = None) -> Task:
    for worker in stage.workers.values():
        worker.play(state, failure)
    await stage.talk()
    return await stage.see(one)


async def ingested(stage: Theatre, one: Task, *indexes: int) -> None:
    holding = await stage.holding(one)
    assert holding is not None
    assert holding.worker_id is not None
    await stage.desk.ingest(batch(one, holding.epoch, indexes, worker=holding.worker_id), {})


async def test_a_file_that_is_finished_has_a_summary(stage: Theatre) -> None:
    """It is written in the transaction that ends the run, so it is there once, whatever is killed."""
    (one,) = await stage.start(of_file())
    await ingested(stage, one, 3, 7)
    assert await told(stage) == []
    stage.pass_time(2)
    done = await ended(stage, one, StreamState.ENDED)
    assert done.state is State.SUCCEEDED
    (said,) = await told(stage)
    assert said["path"] == "clips/north/a.mp4"
    assert said["summary"] == {
        "task_id": one.id, "run_id": one.run_id, "name": "gate",
        "service_name": "c-intrusiondetection-cloud", "service_version": "3.0",
        "input": {"type": "url", "url": "file:///clips/north/a.mp4"},
        "state": "SUCCEEDED", "reason": "the file is finished", "error_code": None,
        "frames": 8, "started_at": NOW, "ended_at": stage.now_ms,
    }  # fmt: skip
    await stage.settle()
    assert len(await told(stage)) == 1


async def test_it_is_in_no_list_and_no_count_of_events(stage: Theatre) -> None:
    """It has no number, so the next event of the task follows the last one."""
    (one,) = await stage.start(of_file())
    await ingested(stage, one, 3)
    await ended(stage, one, StreamState.ENDED)
    assert len(await told(stage)) == 1
    assert len(await stage.db.read(events.find, MINE, Filter(followers=True))) == 1
    assert await stage.db.read(events.count, MINE, Filter(followers=True)) == 1
    assert await stage.db.read(tasks.count_events, MINE, one.id) == 1
    await stage.wish(one, Signal.START)
    await stage.talk()
    for worker in stage.workers.values():
        worker.play(StreamState.FLOWING)
    await stage.talk()
    again = await stage.see(one)
    await ingested(stage, again, 3)
    assert [found.number for found in await stage.db.read(events.find, MINE, Filter())] == [2, 1]


async def test_a_run_that_is_stopped_has_a_summary_when_nothing_of_it_runs_any_more(stage: Theatre) -> None:
    """Until then its worker may still tell something."""
    (one,) = await stage.start(of_file())
    await stage.wish(one, Signal.STOP)
    assert await told(stage) == []
    await stage.talk()
    (said,) = await told(stage)
    after = await stage.see(one)
    assert (said["summary"]["state"], after.state) == ("STOPPED", State.STOPPED)


async def test_a_run_that_is_frozen_has_a_summary_only_if_it_does_not_go_on(stage: Theatre) -> None:
    """One that was stopped while it was frozen has ended when it thaws; one that goes on has not."""
    stopped, going = await stage.start(of_file("a"), of_file("b", "file:///clips/north/b.mp4"))
    freezes = Freezes(stage.db, stage.vault, lambda: None, lambda: stage.now_ms)
    for one in (stopped, going):
        await freezes.freeze_task(MINE, one.id, "", actor="ann")
    await stage.talk()
    assert (await stage.see(going)).state is State.FROZEN
    assert await move(stage.db, await stage.see(stopped), (), cause="", actor="user", at=NOW, resume=0)
    for one in (stopped, going):
        await freezes.thaw_task(MINE, one.id, actor="ann")
    (said,) = await told(stage)
    assert (said["summary"]["task_id"], said["summary"]["state"]) == (stopped.id, "STOPPED")


async def test_a_task_that_failed_is_told_what_can_be_done_about_it(stage: Theatre) -> None:
    """Its error says what happened; its status says what to do."""
    (one,) = await stage.start(of_file(), state=StreamState.OPENING)
    refused = await ended(stage, one, StreamState.REFUSED, Failure("VEDETTE.1003", "the camera refused the login"))
    assert (refused.state, refused.status) == (State.START_FAILED, SourceRefused.advice)


async def test_a_run_that_failed_says_why_and_shows_no_secret(stage: Theatre) -> None:
    """The reason is that of the task."""
    (one,) = await stage.start(of_file(url="http://ann:s3cret@media.example/clips/a.mp4?signature=beef"))
    failure = Failure("VEDETTE.1009", "http://ann:s3cret@media.example/clips/a.mp4 is broken.")
    assert (await ended(stage, one, StreamState.FAILED, failure)).state is State.FAILED
    (said,) = await told(stage)
    assert (said["summary"]["state"], said["summary"]["error_code"]) == ("FAILED", "VEDETTE.1009")
    assert said["summary"]["reason"].endswith("is broken.")
    assert not {"s3cret", "beef"} & set(said["message"].replace("=", ":").split(":"))
    assert "s3cret" not in said["message"]
    assert "beef" not in said["message"]


async def test_a_file_that_could_not_be_opened_has_a_summary(stage: Theatre) -> None:
    """Whoever waits for the file in the bucket learns that nothing will come."""
    (one,) = await stage.start(of_file(), state=StreamState.OPENING)
    failure = Failure("VEDETTE.1003", "There is no such file.")
    assert (await ended(stage, one, StreamState.REFUSED, failure)).state is State.START_FAILED
    (said,) = await told(stage)
    assert (said["summary"]["state"], said["summary"]["reason"]) == ("START_FAILED", "There is no such file.")


async def test_a_run_whose_workers_die_has_a_summary_when_it_is_given_up(db: Database, vault: Vault) -> None:
    """Not before: until then it is tried again, and goes on."""
    stage = Theatre(db, vault, crash_budget=1)
    (one,) = await stage.start(of_file())
    for _ in range(2):
        assert await told(stage) == []
        for worker_id in list(stage.executor.present()):
            stage.executor.dies(worker_id)
        await stage.settle()
        await stage.boot()
        await stage.talk()
    (said,) = await told(stage)
    assert (said["summary"]["state"], said["summary"]["run_id"]) == ("FAILED", one.run_id)


async def test_what_is_being_stored_while_a_run_is_ended_comes_before_its_summary(
    stage: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL has several transactions at work: one that stores events lets the run end after it, or stores none."""
    (one,) = await stage.start(of_file())
    holding = await stage.holding(one)
    assert holding is not None
    assert holding.worker_id is not None
    await ingested(stage, one, 1)
    begun, checkpoint = asyncio.Event(), ingest._checkpoint

    def slowly(conn: Connection, *given: Any) -> None:
        begun.set()
        if conn.dialect.name == "postgresql":
            conn.exec_driver_sql("SELECT pg_sleep(0.5)")
        checkpoint(conn, *given)

    monkeypatch.setattr(ingest, "_checkpoint", slowly)
    storing = asyncio.create_task(stage.desk.ingest(batch(one, holding.epoch, (2, 3), worker=holding.worker_id), {}))
    if isinstance(stage.db, PostgresDatabase):
        await begun.wait()
    else:  # it has one writer: the first one in goes first
        await asyncio.sleep(0)
    await ended(stage, one, StreamState.ENDED)
    assert (await storing).new == 2
    (said,) = await told(stage)
    assert said["summary"]["frames"] == 4

    def last(conn: Connection) -> Any:
        return conn.execute(select(outbox.c.id).order_by(outbox.c.id.desc()).limit(1)).scalar_one()

    assert said["id"] == await stage.db.read(last)


@pytest.mark.parametrize(
    "one",
    [of_file(url="rtsp://camera/1"), of_file(url="http://media.example/live"), of_file(output=None)],
    ids=["live", "either", "no bucket"],
)
async def test_no_other_task_has_one(stage: Theatre, one: Task) -> None:
    """An address that may be live or a file is a file when it came to an end; one that was stopped has not."""
    (one,) = await stage.start(one)
    await stage.wish(one, Signal.STOP)
    await stage.talk()
    assert (await stage.see(one)).state is State.STOPPED
    assert await told(stage) == []


async def test_an_address_that_came_to_its_end_was_a_file(stage: Theatre) -> None:
    (one,) = await stage.start(of_file(url="http://media.example/%2e%2e/today/"))
    await ended(stage, one, StreamState.ENDED)
    (said,) = await told(stage)
    assert said["path"] == "today"


async def test_what_waits_is_sent_though_the_task_is_deleted(stage: Theatre) -> None:
    """As with events; a task that is deleted while it runs has no summary."""
    done, at_work = await stage.start(of_file(), of_file("other"))
    await stage.wish(done, Signal.STOP)
    await stage.talk()
    for one in (done, at_work):
        await stage.wish(one, Signal.DELETE)
    await stage.talk()
    (said,) = await told(stage)
    assert (said["summary"]["task_id"], said["state"]) == (done.id, "due")


async def test_its_turn_comes_when_nothing_before_it_is_due(stage: Theatre) -> None:
    """What is put off is not tried, and a dead letter before it does not hold it."""
    (one,) = await stage.start(of_file())
    await ingested(stage, one, 3, 7)
    await ended(stage, one, StreamState.ENDED)
    (said,) = await told(stage)
    given = (said["id"], said["destination_id"], said["path"], NOW)
    assert await stage.db.write(run_results.turn, *given) is Turn.LATER
    assert (await told(stage))[0]["next_attempt_at"] == NOW + SOON_MS

    def mark(conn: Connection, which: int, values: dict[str, Any]) -> None:
        conn.execute(update(outbox).where(outbox.c.id == which).values(values))

    first, second = said["id"] - 2, said["id"] - 1
    await stage.db.write(mark, first, {"state": "dead"})
    await stage.db.write(mark, second, {"next_attempt_at": NOW + 9 * LATE_MS})
    assert await stage.db.write(run_results.turn, *given) is Turn.LATER
    assert (await told(stage))[0]["next_attempt_at"] == NOW + LATE_MS
    await stage.db.write(mark, second, {"state": "done"})
    assert await stage.db.write(run_results.turn, *given) is Turn.NOW


async def test_an_old_run_does_not_write_over_a_new_one(stage: Theatre) -> None:
    """A dead letter of the old run that is sent again comes late."""
    (one,) = await stage.start(of_file())
    await ended(stage, one, StreamState.ENDED)
    (old,) = await told(stage)

    def later(conn: Connection, path: str, state: str) -> None:
        event = dict(conn.execute(select(rows).where(rows.c.event_type == RESULT)).mappings().one())
        event |= {"seq": 99, "id": "later", "run_id": "r2", "message": json.dumps({"path": path})}
        conn.execute(insert(rows).values(event))
        kept = dict(conn.execute(select(outbox).where(outbox.c.id == old["id"])).mappings().one())
        conn.execute(insert(outbox).values(kept | {"id": 99, "event_id": "later", "state": state}))

    await stage.db.write(later, "clips/north/a.mp4", "done")
    turn = run_results.turn
    assert await stage.db.write(turn, old["id"], old["destination_id"], old["path"], NOW) is Turn.NEVER
    assert await stage.db.write(turn, old["id"], old["destination_id"], "another/file", NOW) is Turn.NOW


async def test_the_events_of_a_run_come_in_pages_and_in_their_order(
    stage: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reads them keeps one page in memory; the summary itself is none of them."""
    monkeypatch.setattr(run_results, "PAGE", 2)
    (one,) = await stage.start(of_file())
    await ingested(stage, one, 1, 2, 3)
    await ended(stage, one, StreamState.ENDED)
    assert one.run_id is not None
    first = await stage.db.read(run_results.told, one.id, one.run_id, 0)
    then = await stage.db.read(run_results.told, one.id, one.run_id, first[-1].seq)
    assert [[found.number for found in page] for page in (first, then)] == [[1, 2], [3]]
    assert await stage.db.read(run_results.told, one.id, one.run_id, then[-1].seq) == []
    assert await stage.db.read(run_results.told, one.id, RunId("another"), 0) == []


async def test_it_goes_where_the_events_went(stage: Theatre) -> None:
    """One destination for both, so that one lane of the dispatcher has them all."""
    (one,) = await stage.start(of_file())
    await ingested(stage, one, 3)
    await ended(stage, one, StreamState.ENDED)

    def kinds(conn: Connection) -> list[str]:
        return list(conn.execute(select(destinations.c.kind)).scalars())

    assert await stage.db.read(kinds) == [OutputKind.OBS]
