"""Finished tasks and long histories, over both databases."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, select

from conformance.ground import MINE, NOW, task
from conformance.ground import insert as bring
from vedette.control import bygones as rules
from vedette.control.bygones import DAY_MS, PAGE, Bygones, Keep
from vedette.model.lifecycle import State
from vedette.model.task import Task
from vedette.store import bygones, tasks
from vedette.store.bygones import ALWAYS
from vedette.store.db import Database, PostgresDatabase
from vedette.store.tables import task_moves
from vedette.store.vault import Vault


async def told(db: Database, one: Task, times: list[int]) -> None:
    """Let a task have gone to and fro at these times."""
    row = {
        "task_id": one.id,
        "before": "RUNNING",
        "after": "ABNORMAL",
        "cause": "the source is away",
        "actor": "service",
    }
    await db.write(lambda conn: conn.execute(insert(task_moves), [row | {"at": at} for at in times]).rowcount)


async def left(db: Database, one: Task) -> list[int]:
    """Return when the moves were made that are kept, oldest first."""
    return [step.at for step in await db.read(tasks.history, MINE, one.id)]


async def states(db: Database) -> dict[str, int]:
    return await db.read(tasks.count_by_state)


async def test_what_ended_long_ago_is_removed_if_that_is_wanted_and_else_never(db: Database, vault: Vault) -> None:
    """A task at rest is not finished, nor is one that its timetable starts again; what ended lately is asked for yet."""
    old, young = NOW - 8 * DAY_MS, NOW - 6 * DAY_MS
    await bring(
        db,
        vault,
        task("succeeded", at=old, state=State.SUCCEEDED),
        task("failed", at=old, state=State.FAILED),
        task("lately", at=young, state=State.SUCCEEDED),
        task("stopped", at=old, state=State.STOPPED),
        task("refused", at=old, state=State.START_FAILED),
        task("again", at=old, state=State.SUCCEEDED, activated=True, next_due_at=NOW + 1),
    )
    await Bygones(db, Keep()).run_once(NOW)
    assert (await states(db)).get("DELETING") is None
    await Bygones(db, Keep(finished_days=7)).run_once(NOW)
    assert await states(db) == {"DELETING": 2, "SUCCEEDED": 2, "STOPPED": 1, "START_FAILED": 1}


async def test_what_ended_is_found_by_its_index(db: Database) -> None:
    """With ten thousand tasks that ended lately, a look for older ones reads none of them."""
    if isinstance(db, PostgresDatabase):  # which scans a table that is empty, and is right
        return

    def plans(conn: Connection) -> list[str]:
        found: list[str] = []

        def explain(_conn: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
            found.extend(row[3] for row in conn.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", given))

        event.listen(conn, "after_cursor_execute", explain)
        bygones.finished(conn, NOW, 1)
        event.remove(conn, "after_cursor_execute", explain)
        return found

    assert await db.read(plans) == ["SEARCH tasks USING INDEX tasks_finished (next_due_at=? AND updated_at<?)"]


async def test_a_finished_task_is_removed_with_its_reason_and_a_few_at_a_time(
    db: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its history says who did it, as long as it is there."""
    monkeypatch.setattr(rules, "CHUNK", 2)
    crowd = [task(f"t{n}", at=NOW - 9 * DAY_MS, state=State.FAILED) for n in range(5)]
    await bring(db, vault, *crowd)
    await Bygones(db, Keep(finished_days=7)).run_once(NOW)
    assert await states(db) == {"DELETING": 5}
    last = (await db.read(tasks.history, MINE, crowd[0].id))[-1]
    assert (last.cause, last.actor) == ("it ended more than 7 days ago", "retention")


async def test_old_moves_go_but_never_the_first_nor_the_newest(db: Database, vault: Vault) -> None:
    """When it was made, and how it came to where it stands, is told after years."""
    made = NOW - 300 * DAY_MS
    one, quiet = task("a", at=made), task("b", at=made)
    await bring(db, vault, one, quiet)
    old = [made + n for n in range(1, 30)]
    await told(db, one, [*old, NOW - 1])
    await told(db, quiet, old[:3])
    keeper = Bygones(db, Keep())
    for _ in range(2):
        await keeper.run_once(NOW)
        assert await left(db, one) == [made, *old[-(ALWAYS - 1) :], NOW - 1]
        assert await left(db, quiet) == [made, *old[:3]]


async def test_a_task_that_goes_to_and_fro_keeps_its_newest_moves_and_its_first(db: Database, vault: Vault) -> None:
    """A camera that is away every other second would fill the database; its neighbour loses nothing."""
    one, calm = task("a", at=NOW), task("b", at=NOW)
    await bring(db, vault, one, calm)
    times = [NOW + n for n in range(1, 3 * PAGE)]
    await told(db, one, times)
    await told(db, calm, times[:50])
    keeper = Bygones(db, Keep(moves_count=100))
    await keeper.run_once(NOW + 1)
    assert await left(db, one) == [NOW, *times[-99:]]
    assert len(await left(db, calm)) == 51
    await told(db, one, [NOW + 10 * PAGE])
    await keeper.run_once(NOW + 1)
    assert await left(db, one) == [NOW, *times[-98:], NOW + 10 * PAGE]


async def test_removing_moves_leaves_those_of_others(db: Database, vault: Vault) -> None:
    """It goes by ids, and nothing else has them."""
    one = task("a")
    await bring(db, vault, one, replace(task("b"), state=State.STOPPED))

    def ids(conn: Connection) -> list[int]:
        return list(conn.execute(select(task_moves.c.id).where(task_moves.c.task_id == one.id)).scalars())

    assert await db.write(bygones.forget, await db.read(ids)) == 1
    assert await left(db, one) == []
