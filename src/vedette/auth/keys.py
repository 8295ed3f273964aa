"""Access keys, managed by somebody: one's own in the project of the token, or those of members one minds."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

from vedette.auth import rules, tokens
from vedette.model.errors import Forbidden, NotFound, QuotaReached
from vedette.model.ids import ProjectId
from vedette.store import access_keys, identity, people, projects
from vedette.store.access_keys import KeyRow
from vedette.store.db import Database
from vedette.store.identity import Principal
from vedette.store.vault import Vault

MOST: Final = 20
"""Keys a user may have."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Access keys, as an actor may manage them.

    Every method raises `NotFound` for what the actor may not see, and `Forbidden` for what they may not do.
    """

    db: Database
    vault: Vault
    clock: Callable[[], int]
    actor: Principal

    async def add(self, user_id: str, description: str, project_id: str | None = None) -> tuple[KeyRow, str]:
        """Make a key for a user in a project, the actor's if none is named; return it and its secret.

        Raises:
            QuotaReached: the user has as many as they may.
        """
        secret = tokens.new_secret()
        sealed = self.vault.encrypt(secret)
        where = project_id or self.actor.project_id
        return await self.db.write(_add, self.actor, (user_id, where, description), sealed, self.clock()), secret

    async def listed(self, user_id: str | None = None) -> list[KeyRow]:
        """Return the keys of a user, oneself if none is named, in the projects one minds."""
        return await self.db.read(_listed, self.actor, user_id or self.actor.user_id)

    async def key(self, access_key: str) -> KeyRow:
        """Return a key."""
        return await self.db.read(_seen, self.actor, access_key)

    async def change(self, access_key: str, changes: dict[str, Any]) -> KeyRow:
        """Change description or enabled."""
        return await self.db.write(_change, self.actor, access_key, changes)

    async def remove(self, access_key: str) -> None:
        """Remove a key."""
        await self.db.write(_remove, self.actor, access_key)


def _add(conn: Connection, actor: Principal, wanted: tuple[str, str, str], sealed: bytes, at: int) -> KeyRow:
    user_id, project_id, description = wanted
    if not actor.minds_installation and project_id != actor.project_id:
        raise NotFound(f"There is no project {project_id}.", param="project_id")
    own = user_id == actor.user_id
    user = people.hold(conn, user_id) if own else rules.managed(conn, actor, user_id)
    projects.project(conn, project_id)
    if not people.roles(conn, user.id, project_id):
        raise NotFound("The user has no place in this project.", param="project_id")
    if access_keys.count(conn, user.id) >= MOST:
        raise QuotaReached(f"A user may have {MOST} access keys.")
    name = tokens.new_access_key()
    identity.add_access_key(conn, name, sealed, user.id, ProjectId(project_id), at=at)
    access_keys.change(conn, name, {"description": description})
    return access_keys.key(conn, name)


def _listed(conn: Connection, actor: Principal, user_id: str) -> list[KeyRow]:
    if user_id != actor.user_id:
        rules.need_project(actor)
        rules.seen(conn, actor, user_id)
    within = None if actor.minds_installation else actor.project_id
    return access_keys.listed(conn, user_id=user_id, project_id=within)


def _seen(conn: Connection, actor: Principal, access_key: str) -> KeyRow:
    found = access_keys.key(conn, access_key)
    here = found.project_id == actor.project_id and (actor.minds_project or found.user_id == actor.user_id)
    if not actor.minds_installation and not here:
        raise NotFound(f"There is no access key {access_key}.", param="access_key")
    return found


def _managed(conn: Connection, actor: Principal, access_key: str) -> KeyRow:
    found = _seen(conn, actor, access_key)
    theirs = identity.rank(people.roles(conn, found.user_id, found.project_id))
    if found.user_id != actor.user_id and theirs > identity.rank(actor.roles):
        raise Forbidden("The owner of the key has a higher role.")
    return found


def _change(conn: Connection, actor: Principal, access_key: str, changes: dict[str, Any]) -> KeyRow:
    _managed(conn, actor, access_key)
    if changes:
        access_keys.change(conn, access_key, changes)
    return access_keys.key(conn, access_key)


def _remove(conn: Connection, actor: Principal, access_key: str) -> None:
    _managed(conn, actor, access_key)
    access_keys.remove(conn, access_key)
