"""Users, projects, roles and keys in the store, and the rules about them, over both databases."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import Connection

from conformance.ground import MINE, NOW, OTHERS
from vedette.auth.keys import Keys
from vedette.auth.people import NewUser, People
from vedette.auth.projects import Projects
from vedette.auth.rules import OPERATOR
from vedette.model.errors import Forbidden, IllegalTransition, NameTaken, NotFound
from vedette.model.ids import ProjectId, UserId
from vedette.store import access_keys, identity, people, projects
from vedette.store.db import Database
from vedette.store.tables import edge_pools
from vedette.store.vault import Vault


def clock() -> int:
    return NOW


async def user(db: Database, name: str, project_id: str | None = None, role: str | None = None) -> UserId:
    """Make a user, with a role in a project if one is given."""
    made = (await People(db, clock, OPERATOR).add_user(NewUser(name, "Default", project_id=project_id))).id
    if project_id is not None and role is not None:
        await People(db, clock, OPERATOR).grant(made, project_id, role)
    return made


def holds(conn: Connection, token: str) -> bool:
    return identity.by_token(conn, token, NOW) is not None


async def test_names_of_users_and_projects_are_unique(db: Database) -> None:
    """Made or renamed; the failure leaves nothing behind."""
    await user(db, "anna")
    other = await user(db, "bert")
    with pytest.raises(NameTaken):
        await user(db, "anna")
    with pytest.raises(NameTaken):
        await People(db, clock, OPERATOR).change_user(other, {"name": "anna"})
    assert (await db.read(people.user, other)).name == "bert"
    mine = Projects(db, clock, OPERATOR)
    made = await mine.add("harbour", "Default", description="quay", enabled=False)
    assert await db.read(projects.project, made.id) == made
    with pytest.raises(NameTaken):
        await mine.add("harbour", "Default")
    with pytest.raises(NameTaken):
        await mine.change((await mine.add("yard", "Default")).id, {"name": "harbour"})


async def test_lists_are_narrowed(db: Database) -> None:
    """By project, name and whether they may log in."""
    anna, bert = await user(db, "anna", MINE), await user(db, "bert", OTHERS)
    await db.write(people.change, bert, {"enabled": 0})
    for how, expected in (
        ({"project_id": MINE}, {anna}),
        ({"name": "bert"}, {bert}),
        ({"enabled": False}, {bert}),
        ({"name": "anna", "enabled": False}, set[UserId]()),
    ):
        found: Any = await db.read(people.listed, **how)
        assert {known.id for known in found} & {anna, bert} == expected
    listed = await db.read(projects.listed, ids=[MINE, OTHERS])
    assert {known.id for known in listed} == {MINE, OTHERS}
    assert await db.read(projects.listed, ids=[]) == []


async def test_what_is_disabled_opens_nothing(db: Database, vault: Vault) -> None:
    """A user, a key, a project: each alone is enough."""
    anna = await user(db, "anna", MINE, "operator")
    key, _ = await Keys(db, vault, clock, OPERATOR).add(anna, "", MINE)
    steps: list[tuple[Any, Any]] = [
        (access_keys.change, key.access_key),
        (people.change, anna),
        (projects.change, MINE),
    ]
    for change, name in steps:
        assert await db.read(identity.by_access_key, key.access_key) is not None
        await db.write(identity.add_token, "hash", anna, MINE, at=NOW, expires_at=None)
        await db.write(change, name, {"enabled": 0})
        assert await db.read(identity.by_access_key, key.access_key) is None
        assert await db.read(holds, "hash") is (change is access_keys.change)
        await db.write(change, name, {"enabled": 1})
        assert await db.read(holds, "hash") is (change is access_keys.change)


async def test_who_leaves_a_project_leaves_no_key_behind(db: Database, vault: Vault) -> None:
    """Else they would be in again with the next role."""
    anna = await user(db, "anna", MINE)
    await People(db, clock, OPERATOR).grant(anna, OTHERS, "viewer")
    here, _ = await Keys(db, vault, clock, OPERATOR).add(anna, "", MINE)
    there, _ = await Keys(db, vault, clock, OPERATOR).add(anna, "", OTHERS)
    await People(db, clock, OPERATOR).revoke(anna, MINE, "viewer")
    with pytest.raises(NotFound):
        await db.read(access_keys.key, here.access_key)
    assert await db.read(access_keys.key, there.access_key) == there
    with pytest.raises(NotFound):
        await People(db, clock, OPERATOR).revoke(anna, MINE, "viewer")


async def test_of_two_who_remove_one_another_one_te_admin_stays(db: Database) -> None:
    """Each alone would be allowed; at the same time, one of them is refused."""
    mine = People(db, clock, OPERATOR)
    one, two = await user(db, "one", MINE, "te_admin"), await user(db, "two", MINE, "te_admin")
    answers = await asyncio.gather(mine.remove_user(one), mine.remove_user(two), return_exceptions=True)
    assert [type(answer) for answer in answers if answer is not None] == [Forbidden]
    left = await mine.assignments(role="te_admin")
    assert len(left) == 1


async def test_roles_given_side_by_side_are_all_kept(db: Database) -> None:
    """They stand in one row, which two could overwrite."""
    anna = await user(db, "anna")
    mine = People(db, clock, OPERATOR)
    await asyncio.gather(*(mine.grant(anna, MINE, role) for role in ("viewer", "admin", "operator")))
    assert await db.read(people.roles, anna, MINE) == ("admin", "operator", "viewer")


async def test_a_project_with_something_in_it_stays(db: Database) -> None:
    """And says what it is."""
    made = await Projects(db, clock, OPERATOR).add("harbour", "Default")

    def pool(conn: Connection) -> None:
        row = {"id": "pool", "project_id": made.id, "name": "pool", "description": "", "nodes": "[]"}
        conn.execute(edge_pools.insert().values(**row, created_at=NOW, updated_at=NOW))

    await db.write(pool)
    with pytest.raises(IllegalTransition, match="1 edge pools"):
        await Projects(db, clock, OPERATOR).remove(made.id)
    await db.write(lambda conn: conn.execute(edge_pools.delete()))
    await Projects(db, clock, OPERATOR).remove(made.id)
    with pytest.raises(NotFound):
        await db.read(projects.project, made.id)


async def test_a_foreign_project_is_taken_over_once_and_followed(db: Database) -> None:
    """However many requests bring it at the same time."""
    take = (projects.take_over, ProjectId("foreign"), "yard", "keystone:Default")
    await asyncio.gather(*(db.write(*take, at=NOW) for _ in range(3)))
    renamed = await db.write(projects.take_over, ProjectId("foreign"), "gate", "keystone:Default", at=NOW)
    assert renamed.name == "gate"
    twin = await db.write(projects.take_over, ProjectId("twin"), "gate", "keystone:Default", at=NOW)
    assert twin.name == "gate (twin)"
