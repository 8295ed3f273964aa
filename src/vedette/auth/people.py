"""Users and their roles, managed by somebody: each change is checked and made in one transaction."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from vedette.auth import passwords, rules
from vedette.model.errors import Forbidden, NotFound
from vedette.model.ids import ProjectId, UserId, new_hex
from vedette.store import people, projects
from vedette.store.db import Database
from vedette.store.identity import Principal
from vedette.store.people import Membership, UserRow

NEWCOMER = "viewer"
"""The role of whoever comes into a project without one being named: the least."""


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user to be made.

    Attributes:
        password: None for a user who cannot log in, and calls with access keys alone.
        project_id: where they get the least role; None for the project of an administrator who has one alone.
    """

    name: str
    domain: str
    password: str | None = None
    description: str = ""
    enabled: bool = True
    project_id: str | None = None


@dataclass(frozen=True, slots=True)
class People:
    """Users and roles, as an actor may manage them.

    Every method raises `NotFound` for what the actor may not see, and `Forbidden` for what they may not do.
    """

    db: Database
    clock: Callable[[], int]
    actor: Principal

    async def users(self, *, name: str | None = None, enabled: bool | None = None) -> list[UserRow]:
        """Return the users the actor minds."""
        rules.need_project(self.actor)
        within = None if self.actor.minds_installation else self.actor.project_id
        return await self.db.read(people.listed, project_id=within, name=name, enabled=enabled)

    async def user(self, user_id: str) -> UserRow:
        """Return a user."""
        return await self.db.read(rules.seen, self.actor, user_id)

    async def add_user(self, new: NewUser) -> UserRow:
        """Make a user.

        Raises:
            InvalidParameter: the password is too weak.
            NameTaken: there is a user of this name.
        """
        rules.need_project(self.actor)
        if new.password is not None:
            passwords.need_strength(new.password, new.name)
        hashed = await asyncio.to_thread(passwords.hashed, new.password)
        return await self.db.write(_add, self.actor, new, hashed, self.clock())

    async def change_user(self, user_id: str, changes: dict[str, Any], password: str | None = None) -> UserRow:
        """Change name, description, enabled or password; a new password, or being disabled, ends their tokens.

        Raises:
            InvalidParameter: the password is too weak.
            NameTaken: there is a user of this name.
        """
        rules.need_project(self.actor)
        if password is not None:
            if user_id == self.actor.user_id:
                raise Forbidden("Your own password is changed with the old one: POST /v3/users/{user_id}/password.")
            passwords.need_strength(password, (await self.user(user_id)).name)
            changes = changes | {"password_hash": await asyncio.to_thread(passwords.hashed, password)}
        return await self.db.write(_change, self.actor, user_id, changes)

    async def remove_user(self, user_id: str) -> None:
        """Remove a user with their roles, tokens and keys."""
        await self.db.write(_remove, self.actor, user_id)

    async def assignments(
        self, *, user_id: str | None = None, project_id: str | None = None, role: str | None = None
    ) -> list[Membership]:
        """Return who has which roles, as far as the actor may see; narrowed by what is given."""
        actor = self.actor
        found = await self.db.read(people.assignments, user_id=user_id, project_id=project_id)
        return [
            place
            for place in found
            if (role is None or role in place.roles)
            and (
                actor.minds_installation
                or (place.project_id == actor.project_id and (actor.minds_project or place.user_id == actor.user_id))
            )
        ]

    async def grant(self, user_id: str, project_id: str, role: str) -> None:
        """Give a user a role in a project."""
        rules.need_grant(self.actor, project_id, role)
        await self.db.write(_grant, self.actor, user_id, project_id, role)

    async def revoke(self, user_id: str, project_id: str, role: str) -> None:
        """Take a role from a user; with the last one they leave the project, and their keys for it end."""
        rules.need_grant(self.actor, project_id, role)
        await self.db.write(_revoke, self.actor, user_id, project_id, role)


def _add(conn: Connection, actor: Principal, new: NewUser, password_hash: str, at: int) -> UserRow:
    project_id = new.project_id
    if not actor.minds_installation:
        project_id = project_id or actor.project_id
        rules.need_grant(actor, project_id, NEWCOMER)
    user_id = UserId(new_hex())
    people.add(conn, user_id, new.name, new.domain, password_hash, new.description, at=at)
    if not new.enabled:
        people.change(conn, user_id, {"enabled": 0})
    if project_id is not None:
        people.set_roles(conn, user_id, projects.project(conn, project_id).id, [NEWCOMER])
    return people.user(conn, user_id)


def _change(conn: Connection, actor: Principal, user_id: str, changes: dict[str, Any]) -> UserRow:
    minders = people.hold_minders(conn)
    known = rules.managed(conn, actor, user_id)
    if changes:
        people.change(conn, known.id, changes)
        people.need_minder(conn, minders)
    return people.user(conn, user_id)


def _remove(conn: Connection, actor: Principal, user_id: str) -> None:
    minders = people.hold_minders(conn)
    people.remove(conn, rules.managed(conn, actor, user_id).id)
    people.need_minder(conn, minders)


def _grant(conn: Connection, actor: Principal, user_id: str, project_id: str, role: str) -> None:
    rules.seen(conn, actor, user_id)
    known = people.hold(conn, user_id)
    people.set_roles(
        conn, known.id, projects.project(conn, project_id).id, {*people.roles(conn, user_id, project_id), role}
    )


def _revoke(conn: Connection, actor: Principal, user_id: str, project_id: str, role: str) -> None:
    minders = people.hold_minders(conn)
    rules.seen(conn, actor, user_id)
    known = people.hold(conn, user_id)
    held = set(people.roles(conn, user_id, project_id))
    if role not in held:
        raise NotFound("The user does not have this role in the project.", param="role_id")
    people.set_roles(conn, known.id, ProjectId(project_id), held - {role})
    people.need_minder(conn, minders)
