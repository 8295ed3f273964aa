"""Tasks that are made, listed and changed by many at once, on both databases."""

import asyncio
from dataclasses import fields, replace
from typing import Any

import pytest
from sqlalchemy import Connection, insert, update

from conformance.ground import MINE, NOW, OTHERS, SERVICE, count_tasks, document, move, task
from conformance.ground import insert as bring_in
from vedette.algorithms.registry import Registry
from vedette.control.tasks import Tasks
from vedette.model.errors import InvalidParameter, Outdated, TaskNameTaken
from vedette.model.ids import ProjectId, TaskId, UserId
from vedette.model.lifecycle import State
from vedette.model.output import ObsOutput, TaskOutput
from vedette.model.schedule import Schedule, Window
from vedette.model.source import AccessType, InputDatum, InputType, SourceKind, TaskInput, VideoSource
from vedette.model.task import Task, TaskDocument
from vedette.model.template import Template
from vedette.store import tables, task_lists, tasks, templates, video_sources
from vedette.store.db import Database
from vedette.store.idempotency import Repeat
from vedette.store.identity import Principal
from vedette.store.task_lists import TaskFilter
from vedette.store.vault import Vault

ANNA = Principal(UserId("u"), "anna", "default", MINE, "mine", "default", ("admin",))


@pytest.fixture
def verbs(db: Database, vault: Vault) -> Tasks:
    return Tasks(db, vault, Registry.load(), lambda: None, lambda: NOW)


async def names(db: Database, project: ProjectId = MINE, **given: Any) -> list[str]:
    rows = await db.read(task_lists.page, project, TaskFilter(**given), newest_first=False, offset=0, limit=100)
    return [row.name for row in rows]


async def seen(db: Database, vault: Vault, task_id: TaskId) -> Task:
    return await db.read(tasks.get, vault, MINE, task_id)


async def with_source(db: Database, vault: Vault, source_id: str, name: str) -> TaskInput:
    source = VideoSource(source_id, MINE, name, AccessType.CLOUD, SourceKind.URL, "<x/>", {"URL_ADDRESS": "rtsp://c"})
    await db.write(video_sources.insert, vault, source)
    return TaskInput(InputType.VIDEO_SOURCE, InputDatum(video_source_id=source_id))


# -- made


async def test_a_key_makes_its_tasks_once_however_many_send_it(db: Database, verbs: Tasks) -> None:
    """Whoever comes second waits for the first, and is answered the same."""
    repeat = Repeat("key", "f" * 64)
    documents = [document("gate_0"), document("gate_1")]
    answers = await asyncio.gather(*(verbs.create(ANNA, documents, repeat=repeat) for _ in range(20)))
    assert len({tuple(answer) for answer in answers}) == 1
    assert await db.read(count_tasks, MINE) == 2
    with pytest.raises(InvalidParameter):
        await verbs.create(ANNA, [document("other")], repeat=Repeat("key", "0" * 64))
    assert await db.read(count_tasks, MINE) == 2


async def test_a_refused_request_leaves_its_key_free(db: Database, verbs: Tasks) -> None:
    """The key is written with the work, and undone with it."""
    await verbs.create(ANNA, [document("gate")])
    repeat = Repeat("key", "f" * 64)
    with pytest.raises(TaskNameTaken):
        await verbs.create(ANNA, [document("gate")], repeat=repeat)
    assert len(await verbs.create(ANNA, [document("other")], repeat=repeat)) == 1
    assert await db.read(count_tasks, MINE) == 2


async def test_a_template_is_kept_found_used_and_removed(db: Database, vault: Vault, verbs: Tasks) -> None:
    """The whole life of one; it is counted by the tasks that have to do with it."""
    given = await with_source(db, vault, "cam-1", "north")
    config = {"alert_detection_interval": 7}
    saved = replace(document("gate"), input=given, config=config, is_saved_as_template=True, target_roi="{}")
    await verbs.create(ANNA, [saved])
    (kept,) = await db.read(templates.of_source, MINE, "cam-1")
    assert (kept.name, kept.config, kept.roi, kept.num_task) == ("gate", config, "{}", 1)
    (used,) = await verbs.create(ANNA, [replace(document("again"), config=None)], template_id=kept.id)
    assert (await seen(db, vault, used)).document.config == config | {"target_roi": "{}"}
    assert (await db.read(templates.get, MINE, kept.id)).num_task == 2
    await db.write(templates.remove, MINE, kept.id)
    assert await db.read(templates.of_source, MINE, "cam-1") == []
    assert (await seen(db, vault, used)).template_id is None


async def test_a_template_without_a_source_is_overwritten_by_name_as_well(db: Database) -> None:
    """NULL equals NULL here, on both databases."""
    one = Template("", MINE, None, "gate", SERVICE, {"a": 1}, create_at=NOW, modify_at=NOW)
    first = await db.write(templates.save, one)
    assert await db.write(templates.save, replace(one, config={"a": 2}, modify_at=NOW + 1)) == first
    assert await db.write(templates.save, replace(one, project_id=OTHERS)) != first
    found, total = await db.read(templates.page, MINE, limit=10)
    assert (total, found[0].config, found[0].create_at, found[0].modify_at) == (1, {"a": 2}, NOW, NOW + 1)


# -- listed


async def test_lists_filter_alike_on_both_databases(db: Database, vault: Vault) -> None:
    """The same rows for the same question, in the order of their creation."""
    north = await with_source(db, vault, "cam-1", "North_gate")
    made = [task(name, at=NOW + number) for number, name in enumerate(("Alpha", "beta%", "gamma", "delta"))]
    made[0] = replace(made[0], document=replace(made[0].document, input=north))
    made[1] = replace(made[1], input_name="camera.test/NORTH", batch_id="b1")
    made[2] = replace(made[2], state=State.STOPPED, group_id="g2")
    made[3] = replace(made[3], document=replace(made[3].document, service_name="another"))
    await bring_in(db, vault, *made, task("foreign", project=OTHERS))

    def group(conn: Connection) -> None:
        row = {"id": "g1", "project_id": MINE, "name": "g", "description": "", "access_type": "cloud"}
        conn.execute(insert(tables.video_groups).values(row | {"create_at": 1, "modify_at": 1}))
        conn.execute(insert(tables.group_members).values(group_id="g1", project_id=MINE, source_id="cam-1"))
        conn.execute(update(tables.tasks).where(tables.tasks.c.id == made[2].id).values(halted_by="no_service"))

    await db.write(group)
    assert await names(db) == ["Alpha", "beta%", "gamma", "delta"]
    assert await names(db, OTHERS) == ["foreign"]
    assert await names(db, states=[State.STOPPED]) == ["gamma"]
    assert await names(db, no_service=True) == ["gamma"]
    assert await names(db, states=[State.PENDING], no_service=True) == ["Alpha", "beta%", "gamma", "delta"]
    assert await names(db, name="ALPH") == ["Alpha"]
    assert await names(db, name="%") == ["beta%"]
    assert await names(db, name="a") == ["Alpha", "beta%", "gamma", "delta"]
    assert await names(db, camera_name="north") == ["Alpha", "beta%"]
    assert await names(db, camera_name="h_g") == ["Alpha"]
    assert await names(db, service_names=["another"]) == ["delta"]
    assert await names(db, service_names=[]) == []
    assert await names(db, batch_id="b1") == ["beta%"]
    assert await names(db, group_ids=["g1"]) == ["Alpha"]
    assert await names(db, group_ids=["g1", "g2"]) == ["Alpha", "gamma"]
    assert await db.read(task_lists.group_names, MINE, "cam-1", None) == ["g"]
    assert await db.read(task_lists.group_names, OTHERS, "cam-1", "g1") == []


async def test_tasks_of_one_moment_have_one_order(db: Database, vault: Vault) -> None:
    """Pages must not overlap, however quickly tasks were made."""
    await bring_in(db, vault, *(task(f"t{number}") for number in range(30)))
    pages = [
        await db.read(task_lists.page, MINE, TaskFilter(), newest_first=True, offset=offset, limit=7)
        for offset in range(0, 35, 7)
    ]
    assert len({row.id for page in pages for row in page}) == 30


# -- changed

CHANGES: dict[str, list[Any]] = {
    "description": [f"d{number}" for number in range(4)],
    "config": [{"alert_detection_interval": number} for number in range(2, 6)],
    "schedule": [Schedule("weekly", "+00:00", (day,), None, ((Window("07:00:00", "09:00:00"),),)) for day in (1, 2, 3, 4)],
    "resource_order_id": [f"order-{number}" for number in range(4)],
    "output": [TaskOutput(event_center=True, obs=ObsOutput("bucket", f"folder-{number}")) for number in range(4)],
}  # fmt: skip
"""Five fields of a document, four new values of each."""


async def test_updates_of_different_fields_at_once_all_survive(db: Database, vault: Vault, verbs: Tasks) -> None:
    """Twenty at once: each field ends with a value that somebody sent, and every update has counted."""
    (task_id,) = await verbs.create(ANNA, [document("gate")])
    sent = [(name, value) for name, values in CHANGES.items() for value in values]
    await asyncio.gather(*(verbs.update(MINE, task_id, {name: value}, actor="anna") for name, value in sent))
    found = await seen(db, vault, task_id)
    for name, values in CHANGES.items():
        assert getattr(found.document, name) in values
    assert found.version == 1 + len(sent)
    untouched = {field.name for field in fields(TaskDocument)} - set(CHANGES)
    assert all(getattr(found.document, name) == getattr(document("gate"), name) for name in untouched)


async def test_updates_and_moves_at_once_do_not_undo_one_another(db: Database, vault: Vault, verbs: Tasks) -> None:
    """The loops move a task by what they read before; whoever comes too late must look again."""
    (task_id,) = await verbs.create(ANNA, [document("gate")])
    read = await seen(db, vault, task_id)
    await verbs.update(MINE, task_id, {"description": "new"}, actor="anna")
    assert not await move(db, read, (State.STARTING,), cause="", actor="service", at=NOW)
    updates = (verbs.update(MINE, task_id, {"description": f"d{n}"}, actor="anna") for n in range(10))
    told = (verbs.stop(MINE, task_id, actor="anna") for _ in range(3))
    await asyncio.gather(*updates, *told)
    found = await seen(db, vault, task_id)
    assert (found.state, found.version) == (State.STOPPING, 12)


async def test_of_updates_of_one_version_one_is_taken(db: Database, vault: Vault, verbs: Tasks) -> None:
    """All the others are told that they are late."""
    (task_id,) = await verbs.create(ANNA, [document("gate")])
    asked = [verbs.update(MINE, task_id, {"description": f"d{n}"}, actor="anna", versions={1}) for n in range(10)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(answer is None for answer in answers) == 1
    assert sum(isinstance(answer, Outdated) for answer in answers) == 9
    assert (await seen(db, vault, task_id)).version == 2


async def test_of_updates_to_one_name_one_is_taken(db: Database, verbs: Tasks) -> None:
    """The others are told that the name is in use, whatever the database calls it."""
    made = await verbs.create(ANNA, [document(f"gate_{number}") for number in range(6)])
    asked = [verbs.update(MINE, task_id, {"name": "main"}, actor="anna") for task_id in made]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(answer is None for answer in answers) == 1
    assert sum(isinstance(answer, TaskNameTaken) for answer in answers) == 5
    assert (await names(db, name="main")) == ["main"]


async def test_a_source_that_is_used_by_a_new_task_is_not_removed_under_it(
    db: Database, vault: Vault, verbs: Tasks
) -> None:
    """Either the task is refused, or the source stays: never a task without its source."""
    for number in range(5):
        given = await with_source(db, vault, f"cam-{number}", f"camera {number}")
        wanted = replace(document(f"gate_{number}"), input=given)
        remove = db.write(video_sources.remove, MINE, f"cam-{number}", NOW)
        await asyncio.gather(verbs.create(ANNA, [wanted]), remove, return_exceptions=True)

        def dangling(conn: Connection) -> list[str]:
            known = tables.video_sources.select().with_only_columns(tables.video_sources.c.id)
            lost = tables.tasks.c.video_source_id.not_in(known)
            return list(
                conn.execute(tables.tasks.select().with_only_columns(tables.tasks.c.name).where(lost)).scalars()
            )

        assert await db.read(dangling) == []
