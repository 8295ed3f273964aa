"""One suite over both databases: what the store promises, whoever keeps the rows."""

import asyncio
from dataclasses import replace
from importlib import resources

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, select
from sqlalchemy.exc import IntegrityError

from conformance.ground import (
    MINE,
    NOW,
    OTHERS,
    WEBHOOK,
    batch,
    count,
    count_tasks,
    insert,
    move,
    people,
    progress,
    read,
    running,
    task,
)
from vedette.model.errors import Misconfigured, TaskNameTaken, TaskNotFound
from vedette.model.ids import EventId, ProjectId, RunId, StreamId, WorkerId
from vedette.model.lifecycle import CLEARING, WANTED, State
from vedette.model.output import WebhookOutput
from vedette.model.source import AccessType, InputDatum, InputType, SourceKind, TaskInput, VideoSource
from vedette.model.stream import Checkpoint, Ingest
from vedette.store import assignments, ingest, schema, tasks, video_sources
from vedette.store.assignments import WorkerRow
from vedette.store.db import Database, open_database
from vedette.store.tables import checkpoints, destinations, events, metadata, outbox, task_moves
from vedette.store.tables import tasks as task_rows
from vedette.store.vault import Vault

W1, W2 = WorkerId("w1"), WorkerId("w2")

# -- schema


async def test_an_empty_database_is_brought_to_the_newest_revision_once(database_url: str) -> None:
    """The first start makes the schema; the second has nothing to do."""
    db = open_database(database_url)
    assert await db.read(schema.version) is None
    assert await db.write(schema.upgrade) is True
    assert await db.read(schema.version) == schema.HEAD
    assert await db.write(schema.upgrade) is False
    await db.close()


async def test_the_migrations_give_the_very_tables_of_the_code(db: Database) -> None:
    """A column or an index that only the code knows is missed by everybody who upgrades."""

    def differences(conn: Connection) -> list[object]:
        context = MigrationContext.configure(conn, opts={"compare_type": True, "target_metadata": metadata})
        return list(compare_metadata(context, metadata))

    assert await db.read(differences) == []


async def test_every_index_of_the_code_is_in_the_database(db: Database) -> None:
    """Partial indexes are what autogenerate looks at least closely."""

    def names(conn: Connection) -> set[str]:
        look = inspect(conn)
        return {str(index["name"]) for table in metadata.tables for index in look.get_indexes(table)}

    ours = {str(index.name) for table in metadata.tables.values() for index in table.indexes}
    assert ours <= await db.read(names)


def test_the_head_of_the_code_is_the_newest_revision() -> None:
    """`schema.HEAD` spares alembic at every start; it must not be forgotten."""
    folder = str(resources.files("vedette.store") / "migrations")
    assert ScriptDirectory(folder).get_current_head() == schema.HEAD


# -- tasks


async def test_a_task_is_read_as_it_was_written(db: Database, vault: Vault) -> None:
    """GET gives back what was sent."""
    one = replace(task(), warnings=("The key colour is not known.",), status="")
    await insert(db, vault, one)
    assert await read(db, vault, one) == one


async def test_a_task_of_another_project_is_not_there(db: Database, vault: Vault) -> None:
    """A project sees only its own things."""
    theirs = task(project=OTHERS)
    await insert(db, vault, theirs)
    with pytest.raises(TaskNotFound):
        await db.read(tasks.get, vault, MINE, theirs.id)
    assert await db.read(tasks.history, MINE, theirs.id) == []
    assert await db.read(count_tasks, MINE) == 0


async def test_a_name_is_taken_within_its_project_alone(db: Database, vault: Vault) -> None:
    """Names are unique in a project, and two projects may both have a gate."""
    await insert(db, vault, task("gate"), task("gate", project=OTHERS))
    with pytest.raises(TaskNameTaken) as caught:
        await insert(db, vault, task("gate"))
    assert caught.value.param == "name"


async def test_of_many_who_want_a_name_at_once_one_gets_it(db: Database, vault: Vault) -> None:
    """Two requests that look first and insert then would both find it free."""
    answers = await asyncio.gather(*(insert(db, vault, task("gate")) for _ in range(20)), return_exceptions=True)
    assert answers.count(None) == 1
    assert sum(isinstance(answer, TaskNameTaken) for answer in answers) == 19
    assert await db.read(count_tasks, MINE) == 1


async def test_a_request_of_which_one_task_fails_leaves_none(db: Database, vault: Vault) -> None:
    """`data` with n entries makes n tasks, or none."""
    await insert(db, vault, task("b"))
    with pytest.raises(TaskNameTaken):
        await insert(db, vault, task("a"), task("b"), task("c"))
    assert await db.read(count_tasks, MINE) == 1
    assert await count(db, task_moves) == 1


async def test_every_step_of_a_move_is_recorded(db: Database, vault: Vault) -> None:
    """Moves that one look makes at once are recorded one by one: none is skipped in the history."""
    one = task()
    await insert(db, vault, one)
    path = (State.STARTING, State.RUNNING, State.SUCCEEDED)
    moved = await move(db, one, path, cause="seen", actor="service", at=NOW + 5, status="done")
    history = await db.read(tasks.history, MINE, one.id)
    after = await read(db, vault, one)
    assert moved
    assert [(step.before, step.after) for step in history] == [
        (None, State.PENDING),
        (State.PENDING, State.STARTING),
        (State.STARTING, State.RUNNING),
        (State.RUNNING, State.SUCCEEDED),
    ]
    assert (history[0].actor, history[-1].cause, history[-1].at) == ("operator", "seen", NOW + 5)
    assert (after.state, after.updated_at, after.status) == (State.SUCCEEDED, NOW + 5, "done")


async def test_a_move_from_a_state_it_has_left_does_nothing(db: Database, vault: Vault) -> None:
    """Whoever read first and writes last must look again."""
    one = task()
    await insert(db, vault, one)
    assert await move(db, one, (State.STOPPING,), cause="stop", actor="user", at=NOW + 1)
    assert not await move(db, one, (State.STARTING,), cause="placed", actor="service", at=NOW + 2, status="x")
    after = await read(db, vault, one)
    assert (after.state, after.status) == (State.STOPPING, "")
    assert len(await db.read(tasks.history, MINE, one.id)) == 2


async def test_a_move_in_another_run_does_nothing(db: Database, vault: Vault) -> None:
    """Stopped and started again between look and write: the same state, and not the same run."""
    one, _ = await running(db, vault)
    assert await move(db, one, (), cause="", actor="", at=NOW, run_id=RunId("next"))
    assert not await move(db, one, (State.SUCCEEDED,), cause="", actor="", at=NOW)


async def test_of_two_who_move_a_task_at_once_one_wins(db: Database, vault: Vault) -> None:
    """The user stops while the reconciler starts."""
    one = task()
    await insert(db, vault, one)
    ways = [(State.STOPPING,), (State.STARTING,), (State.DELETING,), (State.FREEZING,)] * 5
    won = await asyncio.gather(*(move(db, one, way, cause="", actor="", at=NOW) for way in ways))
    assert won.count(True) == 1
    assert len(await db.read(tasks.history, MINE, one.id)) == 2


async def test_long_sentences_are_cut_to_the_documented_limits(db: Database, vault: Vault) -> None:
    """`status` has at most 4096 characters, `error.message` 512."""
    one = task()
    await insert(db, vault, one)
    await move(db, one, (), cause="", actor="", at=NOW, status="s" * 5000, error_message="e" * 600)
    after = await read(db, vault, one)
    assert (len(after.status), len(after.error_message or "")) == (4096, 512)


async def test_the_loops_see_the_states_they_ask_for_oldest_first(db: Database, vault: Vault) -> None:
    """Who came first is placed first."""
    old, young, done = task("a", at=NOW), task("b", at=NOW + 1), task("c", project=OTHERS, at=NOW + 2)
    await insert(db, vault, young, old, done)
    await move(db, done, (State.STOPPED,), cause="", actor="", at=NOW)
    assert [one.id for one in await db.read(tasks.standing, WANTED | CLEARING)] == [old.id, young.id]
    assert await db.read(tasks.count_by_state) == {"PENDING": 2, "STOPPED": 1}


async def test_what_is_due_is_found_longest_due_first(db: Database, vault: Vault) -> None:
    """A service that was away an hour catches up in order."""
    due = [replace(task(f"t{n}"), next_due_at=NOW - n * 1000) for n in range(3)]
    await insert(db, vault, *due, replace(task("later"), next_due_at=NOW + 1), task("never"))
    assert {one.document.name for one in await db.read(tasks.due, vault, NOW, 10)} == {"t0", "t1", "t2"}
    assert {one.document.name for one in await db.read(tasks.due, vault, NOW, 1)} == {"t2"}
    assert await db.read(tasks.next_due) == NOW - 2000


async def test_a_task_is_removed_only_while_it_is_being_deleted_and_its_events_stay(db: Database, vault: Vault) -> None:
    """What was seen outlives the task; so does what is still to be sent."""
    one, epoch = await running(db, vault)
    await db.write(ingest.store, vault, batch(one, epoch, [1]), {}, NOW)
    assert not await db.write(tasks.remove, one.id)
    assert len(await db.read(tasks.history, MINE, one.id)) == 3
    assert await count(db, checkpoints) == 1
    assert await move(db, one, (State.DELETING,), cause="", actor="", at=NOW)
    assert await db.write(tasks.remove, one.id)
    with pytest.raises(TaskNotFound):
        await read(db, vault, one)
    assert [await count(db, table) for table in (task_moves, checkpoints, events, outbox)] == [0, 0, 1, 1]


async def test_the_name_of_the_source_comes_with_the_task(db: Database, vault: Vault) -> None:
    """The messages name the source; a task keeps only its id."""
    source = VideoSource(
        "s1", MINE, "north gate", AccessType.CLOUD, SourceKind.URL, "<xml/>", {"URL_ADDRESS": "rtsp://c"}
    )
    await db.write(video_sources.insert, vault, source)
    one = task()
    given = TaskInput(InputType.VIDEO_SOURCE, InputDatum(video_source_id="s1"))
    one = replace(one, document=replace(one.document, input=given))
    await insert(db, vault, one)
    assert (await read(db, vault, one)).video_source_name == "north gate"


async def test_secrets_are_not_readable_in_the_rows(db: Database, vault: Vault) -> None:
    """Whoever gets at the file or a backup has no header and no camera's password."""
    one, epoch = await running(db, vault, url="rtsp://admin:hunter2@cam/1")
    await db.write(ingest.store, vault, batch(one, epoch, [1]), {}, NOW)

    def rows(conn: Connection) -> str:
        return "".join(repr(conn.execute(select(table)).all()) for table in metadata.tables.values())

    text = await db.read(rows)
    assert "hunter2" not in text
    assert "s3cret" not in text


# -- assignments


async def test_a_stream_is_held_by_one_worker_and_each_holder_has_a_higher_epoch(db: Database) -> None:
    """Fencing is compulsory."""
    stream = StreamId("s")
    assert await db.write(assignments.assign, stream, W1) == 1
    assert await db.write(assignments.assign, stream, W2) is None
    assert await db.write(assignments.release, stream, 1)
    assert not await db.write(assignments.release, stream, 1)
    assert await db.write(assignments.assign, stream, W2) == 2
    assert not await db.write(assignments.release, stream, 1)
    assert await db.read(assignments.holds, stream, 2, W2)
    assert not await db.read(assignments.holds, stream, 1, W1)
    assert not await db.read(assignments.holds, stream, 2, W1)


async def test_of_many_who_assign_a_stream_at_once_one_does(db: Database) -> None:
    """Two services on one database must not give one stream twice."""
    given = [db.write(assignments.assign, StreamId("s"), WorkerId(f"w{n}")) for n in range(20)]
    epochs = await asyncio.gather(*given)
    assert sorted(epoch for epoch in epochs if epoch is not None) == [1]
    assert len(await db.read(assignments.holdings)) == 1


async def test_a_forgotten_worker_holds_nothing(db: Database) -> None:
    """What a dead worker held is free at once; the epochs are kept."""
    await db.write(assignments.renew, WorkerRow(W1, "here", 7, 60, NOW))
    await db.write(assignments.renew, WorkerRow(W1, "here", 7, 60, NOW + 10))
    assert [row.lease_until for row in await db.read(assignments.all_workers)] == [NOW + 10]
    await db.write(assignments.assign, StreamId("a"), W1)
    await db.write(assignments.assign, StreamId("b"), W2)
    await db.write(assignments.forget, W1)
    assert await db.read(assignments.all_workers) == []
    assert [holding.stream_id for holding in await db.read(assignments.holdings)] == ["b"]
    assert await db.write(assignments.assign, StreamId("a"), W2) == 2


# -- ingest


async def test_events_their_checkpoint_and_the_outbox_come_together(db: Database, vault: Vault) -> None:
    """One transaction; only then is the worker told."""
    one, epoch = await running(db, vault)
    told = await db.write(ingest.store, vault, batch(one, epoch, [3, 4]), {EventId("x"): "k"}, NOW)
    assert told == ingest.Stored(accepted=True, new=2, known=0, unwanted=())
    assert [await count(db, table) for table in (events, outbox, destinations)] == [2, 2, 1]
    assert one.run_id is not None
    point = await db.read(ingest.checkpoint_of, one.run_id)
    assert point == progress(one, [3, 4]).checkpoint
    assert (await read(db, vault, one)).frames == 5

    def target(conn: Connection) -> WebhookOutput:
        return vault.unseal(conn.execute(select(destinations.c.target)).scalar_one(), WebhookOutput)

    assert await db.read(target) == WEBHOOK


async def test_a_replay_tells_nothing_twice(db: Database, vault: Vault) -> None:
    """After a crash the worker makes the same ids again; pictures of repeats are given back to be removed."""
    one, epoch = await running(db, vault)
    again = batch(one, epoch, [3, 4])
    name = again.progress[0].events[0].id
    await db.write(ingest.store, vault, again, {name: "first"}, NOW)
    told = await db.write(ingest.store, vault, again, {name: "second"}, NOW + 9)
    assert told == ingest.Stored(accepted=True, new=0, known=2, unwanted=("second",))
    assert [await count(db, table) for table in (events, outbox)] == [2, 2]


async def test_a_task_without_webhook_has_no_row_in_the_outbox(db: Database, vault: Vault) -> None:
    """What goes nowhere is not sent."""
    one, epoch = await running(db, vault, webhook=False)
    await db.write(ingest.store, vault, batch(one, epoch, [1]), {}, NOW)
    assert [await count(db, table) for table in (events, outbox)] == [1, 0]


async def test_an_old_epoch_is_refused_and_leaves_nothing(db: Database, vault: Vault) -> None:
    """A worker that slept past its lease wakes and speaks; the stream is somebody else's."""
    one, epoch = await running(db, vault)
    assert one.stream_id is not None
    await db.write(assignments.forget, W1)
    assert await db.write(assignments.assign, one.stream_id, W2) == epoch + 1
    late = batch(one, epoch, [1])
    name = late.progress[0].events[0].id
    told = await db.write(ingest.store, vault, late, {name: "k"}, NOW)
    assert told == ingest.Stored(accepted=False, unwanted=("k",))
    assert not (await db.write(ingest.store, vault, batch(one, epoch + 1, [1]), {}, NOW)).accepted
    assert [await count(db, table) for table in (events, outbox, checkpoints)] == [0, 0, 0]
    assert (await db.write(ingest.store, vault, batch(one, epoch + 1, [1], worker="w2"), {}, NOW)).new == 1


async def test_what_a_stopped_run_still_says_is_let_go(db: Database, vault: Vault) -> None:
    """Its worker learns of the stop a moment later; the rest of the stream's runs are stored all the same."""
    one, epoch = await running(db, vault)
    assert one.run_id is not None
    assert one.stream_id is not None
    gone = replace(progress(one, [1]), run_id=RunId("an earlier one"))
    mixed = Ingest(W1, one.stream_id, epoch, (gone, progress(one, [2])))
    told = await db.write(ingest.store, vault, mixed, {gone.events[0].id: "k"}, NOW)
    assert told == ingest.Stored(accepted=True, new=1, known=0, unwanted=("k",))
    assert await count(db, checkpoints) == 1


async def test_events_are_written_with_their_checkpoint_or_not_at_all(db: Database, vault: Vault) -> None:
    """A crash between the two would lose events for ever, or tell them under a checkpoint that is before them."""
    one, epoch = await running(db, vault)

    def half(conn: Connection) -> None:
        ingest.store(conn, vault, batch(one, epoch, [1]), {}, NOW)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await db.write(half)
    assert [await count(db, table) for table in (events, outbox, checkpoints, destinations)] == [0, 0, 0, 0]
    assert (await read(db, vault, one)).frames == 0


async def test_a_checkpoint_without_state_says_replay_from_the_start(db: Database, vault: Vault) -> None:
    """None and empty are not the same."""
    one, epoch = await running(db, vault)
    assert one.stream_id is not None
    assert one.run_id is not None
    plain = Ingest(W1, one.stream_id, epoch, (progress(one, [8], state=None),))
    await db.write(ingest.store, vault, plain, {}, NOW)
    point = await db.read(ingest.checkpoint_of, one.run_id)
    assert point is not None
    assert (point.state, point.seek) == (None, None)
    assert isinstance(point, Checkpoint)


# -- units of work


async def test_five_hundred_writes_at_once_all_land(db: Database, vault: Vault) -> None:
    """A morning on which everybody creates tasks."""
    await asyncio.gather(*(insert(db, vault, task(f"t{n}")) for n in range(500)))
    assert await db.read(count_tasks, MINE) == 500


async def test_a_unit_that_raises_undoes_itself_alone(db: Database, vault: Vault) -> None:
    """They may share a commit, and must not share a fate."""

    def spoil(conn: Connection, n: int) -> None:
        tasks.insert(conn, vault, task(f"bad{n}"), actor="x")
        raise KeyError(n)

    units = [insert(db, vault, task(f"good{n}")) if n % 3 else db.write(spoil, n) for n in range(30)]
    answers = await asyncio.gather(*units, return_exceptions=True)
    assert [isinstance(answer, KeyError) for answer in answers] == [n % 3 == 0 for n in range(30)]
    assert await db.read(count_tasks, MINE) == 20


async def test_a_unit_may_be_cancelled_and_the_next_one_works(db: Database, vault: Vault) -> None:
    """Clients hang up."""
    hurried = asyncio.ensure_future(insert(db, vault, task("maybe")))
    await asyncio.sleep(0)
    hurried.cancel()
    await asyncio.gather(hurried, return_exceptions=True)
    await insert(db, vault, task("surely"))
    assert await db.read(count_tasks, MINE) in (1, 2)


async def test_what_was_written_is_there_after_opening_again(database_url: str, vault: Vault) -> None:
    """That is what it is for."""
    db = open_database(database_url)
    await db.write(schema.upgrade)
    await people(db)
    one = task()
    await insert(db, vault, one)
    await db.close()
    db = open_database(database_url)
    assert await read(db, vault, one) == one
    await db.close()


async def test_another_key_opens_nothing_and_says_so(db: Database, vault: Vault) -> None:
    """A restored backup under a new key must not look like broken data."""
    one = task()
    await insert(db, vault, one)
    other = Vault("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
    with pytest.raises(Misconfigured, match="another key"):
        await db.read(tasks.get, other, MINE, one.id)


async def test_rows_of_a_task_need_their_project(db: Database, vault: Vault) -> None:
    """Foreign keys are kept by SQLite only where it is asked to."""
    with pytest.raises(IntegrityError):
        await insert(db, vault, replace(task(), project_id=ProjectId("nobody")))
    assert await count(db, task_rows) == 0
