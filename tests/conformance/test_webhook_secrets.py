"""Secrets of webhooks, and the end of a queue that is too long, on both databases."""

import json

import pytest
from sqlalchemy import Connection, select

from vedette.model.errors import IllegalTransition, NotFound
from vedette.model.ids import ProjectId, new_hex
from vedette.model.webhook_secret import WebhookSecret
from vedette.store import dead_letters, outbox, outbox_marks, projects, webhook_secrets
from vedette.store.db import Database
from vedette.store.tables import destinations, events
from vedette.store.tables import outbox as rows
from vedette.store.tables import projects as project_rows
from vedette.store.vault import Vault

NOW = 1_800_000_000_000


async def project(db: Database) -> ProjectId:
    """Make a project of the test's own."""
    made = ProjectId(new_hex())
    row = {"id": made, "name": made, "domain": "Default", "created_at": 0}
    await db.write(lambda conn: conn.execute(project_rows.insert().values(row)).rowcount)
    return made


async def add(db: Database, vault: Vault, owner: ProjectId, at: int, until: int | None = None) -> str:
    made = WebhookSecret(new_hex(), at)
    await db.write(lambda conn: webhook_secrets.add(conn, vault, owner, made, f"whsec_{made.id}", others_until=until))
    return made.id


async def test_two_secrets_hold_and_the_newest_comes_first(db: Database, vault: Vault) -> None:
    """What has expired neither signs nor counts; of another project nothing is seen."""
    mine, other = await project(db), await project(db)
    old = await add(db, vault, mine, NOW)
    new = await add(db, vault, mine, NOW + 1, until=NOW + 100)
    listed = await db.read(webhook_secrets.listed, mine, NOW + 2)
    assert [(one.id, one.expires_at) for one in listed] == [(new, None), (old, NOW + 100)]
    with pytest.raises(IllegalTransition):
        await add(db, vault, mine, NOW + 99)
    third = await add(db, vault, mine, NOW + 100)
    signing = await db.read(webhook_secrets.signing, mine, NOW + 100)
    assert [vault.decrypt(sealed) for sealed in signing.sealed] == [f"whsec_{third}", f"whsec_{new}"]
    assert b"whsec" not in b"".join(signing.sealed)
    assert await db.read(webhook_secrets.listed, other, NOW) == []
    with pytest.raises(NotFound):
        await db.write(webhook_secrets.remove, other, new, NOW)
    await db.write(webhook_secrets.remove, mine, new, NOW)
    assert [one.id for one in await db.read(webhook_secrets.listed, mine, NOW + 100)] == [third]


async def test_what_a_project_may_reach_is_kept_with_it(db: Database) -> None:
    mine = await project(db)
    assert await db.read(projects.guard_allow, mine) == []
    await db.write(projects.set_guard_allow, mine, ["10.0.0.1", "a.example"])
    assert await db.read(projects.guard_allow, mine) == ["10.0.0.1", "a.example"]
    signing = await db.read(webhook_secrets.signing, mine, NOW)
    assert json.loads(signing.guard_allow or "") == ["10.0.0.1", "a.example"]
    await db.write(projects.set_guard_allow, mine, [])
    assert (await db.read(webhook_secrets.signing, mine, NOW)).guard_allow is None
    for unit, given in ((projects.guard_allow, ()), (projects.set_guard_allow, ([],))):
        with pytest.raises(NotFound):
            await db.write(unit, ProjectId("nowhere"), *given)


async def test_the_end_of_a_long_queue_is_given_up_and_what_is_back_keeps_its_order(db: Database) -> None:
    """The last that came go first; what was put off comes back to the place it had."""
    owner = await project(db)
    names = await db.write(_queue, owner, 6)
    assert await db.write(outbox_marks.shorten, 4, NOW, 1) == 1
    assert await db.write(outbox_marks.shorten, 4, NOW) == 1
    assert await db.write(outbox_marks.shorten, 4, NOW) == 0
    letters = await db.read(dead_letters.page, owner)
    assert [letter.event_id for letter in letters] == names[-2:]
    assert (await db.read(outbox.backlog)).fullest == 4
    [found] = await db.read(outbox.due, [outbox.Want(owner, 4)], NOW + 10)
    assert [row.event_id for row in found] == names[:4]
    await db.write(outbox_marks.mark, [outbox_marks.Outcome(found[0].id, 9, "503", NOW + 9_000)], NOW)
    [later] = await db.read(outbox.due, [outbox.Want(owner, 4)], NOW + 10)
    assert [row.event_id for row in later] == names[1:4]
    await db.write(outbox_marks.hasten, owner, NOW + 10)
    [again] = await db.read(outbox.due, [outbox.Want(owner, 4)], NOW + 10)
    assert [row.event_id for row in again] == names[:4]
    assert again[0].due_at == NOW


def _queue(conn: Connection, owner: ProjectId, n: int) -> list[str]:
    """Store events for one destination, each a millisecond after the other."""
    mine = {"project_id": owner, "task_id": new_hex()}
    conn.execute(destinations.insert().values(mine | {"id": owner, "kind": "webhook", "target": b""}))
    names = [new_hex() for _ in range(n)]
    for number, name in enumerate(names):
        facts = {"run_id": "r", "event_type": 1, "connection": 0, "timestamp_ms": 0, "stored_at": 0, "listed": 1}
        told = {"id": name, "frame_index": number, "time_us": number, "picture": None, "message": "{}"}
        conn.execute(events.insert().values(mine | facts | told))
        due = {"state": "due", "attempts": 0, "next_attempt_at": NOW + number, "created_at": NOW + number}
        conn.execute(rows.insert().values(mine | due | {"event_id": name, "destination_id": owner}))
    return list(
        conn.execute(select(rows.c.event_id).where(rows.c.destination_id == owner).order_by(rows.c.id)).scalars()
    )
