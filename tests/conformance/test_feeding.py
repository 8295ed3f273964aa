"""Which tasks feed on which streams."""

from conformance.ground import OTHERS, insert, move, running, task
from vedette.model.lifecycle import State
from vedette.store import feeding
from vedette.store.db import Database
from vedette.store.vault import Vault


async def test_a_project_sees_the_streams_of_its_own_tasks_and_the_service_all(db: Database, vault: Vault) -> None:
    """The list of streams is made of it: nobody may see that others exist."""
    mine, _ = await running(db, vault, "gate")
    theirs, _ = await running(db, vault, "gate", project=OTHERS)
    await insert(db, vault, task("waiting"))
    assert [(one.stream_id, one.tasks) for one in await db.read(feeding.of, mine.project_id)] == [
        (mine.stream_id, (mine.id,))
    ]
    everything = await db.read(feeding.of)
    assert {(one.project_id, one.stream_id) for one in everything} == {
        (mine.project_id, mine.stream_id),
        (OTHERS, theirs.stream_id),
    }


async def test_a_task_that_rests_feeds_on_nothing(db: Database, vault: Vault) -> None:
    """It keeps the id of its last stream."""
    mine, _ = await running(db, vault, "gate")
    assert await move(db, mine, (State.SUCCEEDED,), cause="", actor="service", at=mine.updated_at)
    assert await db.read(feeding.of, mine.project_id) == []
