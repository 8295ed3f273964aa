"""Users and their roles, as they are managed. Who may do what is decided above; here a change is made or not."""

import json
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, delete, func, insert, select, true, update
from sqlalchemy.exc import IntegrityError

from vedette.model.errors import Forbidden, NameTaken, NotFound
from vedette.model.ids import ProjectId, UserId
from vedette.store.identity import INSTALLATION, ROLES
from vedette.store.tables import access_keys, memberships, projects, tokens, users

_MINDS: Final = memberships.c.roles.like(f'%"{INSTALLATION}"%')


class UserRow(NamedTuple):
    """A user, as one is shown."""

    id: UserId
    name: str
    domain: str
    description: str
    enabled: bool
    created_at: int


class Membership(NamedTuple):
    """A user's roles in a project."""

    user_id: UserId
    user_name: str
    project_id: ProjectId
    project_name: str
    roles: tuple[str, ...]


def add(
    conn: Connection, user_id: UserId, name: str, domain: str, password_hash: str, description: str, *, at: int
) -> None:
    """Add a user without any place.

    Raises:
        NameTaken: the domain has a user of this name.
    """
    values = {"id": user_id, "name": name, "domain": domain, "password_hash": password_hash}
    try:
        conn.execute(insert(users).values(**values, description=description, created_at=at))
    except IntegrityError:
        raise NameTaken(f"There is a user {name} already.", param="name") from None


def user(conn: Connection, user_id: str) -> UserRow:
    """Return a user.

    Raises:
        NotFound: there is none with this id.
    """
    row = conn.execute(select(users).where(users.c.id == user_id)).first()
    if row is None:
        raise NotFound(f"There is no user {user_id}.", param="user_id")
    return _user(row)


def hold(conn: Connection, user_id: str) -> UserRow:
    """Return a user, and keep others from changing them until this transaction ends.

    Raises:
        NotFound: there is none with this id.
    """
    conn.execute(select(users.c.id).where(users.c.id == user_id).with_for_update())
    return user(conn, user_id)


def listed(
    conn: Connection, *, project_id: ProjectId | None = None, name: str | None = None, enabled: bool | None = None
) -> list[UserRow]:
    """Return users by name: all, or the members of a project; narrowed by what is given."""
    members = select(memberships.c.user_id).where(memberships.c.project_id == project_id)
    where = (
        users.c.id.in_(members) if project_id is not None else true(),
        users.c.name == name if name is not None else true(),
        users.c.enabled == int(enabled) if enabled is not None else true(),
    )
    return [_user(row) for row in conn.execute(select(users).where(*where).order_by(users.c.name, users.c.id))]


def change(conn: Connection, user_id: UserId, changes: dict[str, Any]) -> None:
    """Change name, description, enabled or the hash of the password; whoever is disabled loses their tokens.

    Raises:
        NameTaken: the domain has a user of this name.
    """
    try:
        conn.execute(update(users).where(users.c.id == user_id).values(**changes))
    except IntegrityError:
        raise NameTaken(f"There is a user {changes.get('name')} already.", param="name") from None
    if "password_hash" in changes or changes.get("enabled") == 0:
        conn.execute(delete(tokens).where(tokens.c.user_id == user_id))


def remove(conn: Connection, user_id: UserId) -> None:
    """Remove a user with their roles, tokens and keys."""
    conn.execute(delete(users).where(users.c.id == user_id))


def roles(conn: Connection, user_id: str, project_id: str) -> tuple[str, ...]:
    """Return a user's roles in a project; none if they have no place there."""
    where = (memberships.c.user_id == user_id, memberships.c.project_id == project_id)
    found = conn.execute(select(memberships.c.roles).where(*where)).scalar()
    return tuple(json.loads(found)) if found else ()


def set_roles(conn: Connection, user_id: UserId, project_id: ProjectId, wanted: Iterable[str]) -> None:
    """Give a user these roles in a project and no other; without any they have no place there, nor keys or tokens."""
    where = (memberships.c.user_id == user_id, memberships.c.project_id == project_id)
    ordered = json.dumps([role for role in ROLES if role in set(wanted)])
    if ordered == "[]":
        for table in (memberships, tokens, access_keys):
            conn.execute(delete(table).where(table.c.user_id == user_id, table.c.project_id == project_id))
    elif conn.execute(update(memberships).where(*where).values(roles=ordered)).rowcount == 0:
        conn.execute(insert(memberships).values(user_id=user_id, project_id=project_id, roles=ordered))


def assignments(conn: Connection, *, user_id: str | None = None, project_id: str | None = None) -> list[Membership]:
    """Return who has which roles where; narrowed by what is given."""
    where = (
        memberships.c.user_id == user_id if user_id is not None else true(),
        memberships.c.project_id == project_id if project_id is not None else true(),
    )
    columns = (memberships, users.c.name.label("user_name"), projects.c.name.label("project_name"))
    rows = conn.execute(
        select(*columns)
        .join(users, users.c.id == memberships.c.user_id)
        .join(projects, projects.c.id == memberships.c.project_id)
        .where(*where)
        .order_by(projects.c.name, users.c.name)
    )
    return [
        Membership(
            UserId(row.user_id),
            row.user_name,
            ProjectId(row.project_id),
            row.project_name,
            tuple(json.loads(row.roles)),
        )
        for row in rows
    ]


def hold_minders(conn: Connection) -> int:
    """Keep others from changing those who mind the installation until this transaction ends; return how many do."""
    minding = select(memberships.c.user_id).where(_MINDS)
    conn.execute(select(users.c.id).where(users.c.id.in_(minding)).order_by(users.c.id).with_for_update())
    return _minders(conn)


def need_minder(conn: Connection, before: int) -> None:
    """Refuse what was changed if somebody minded the installation before, and nobody does now.

    Raises:
        Forbidden: nobody does.
    """
    if before and not _minders(conn):
        raise Forbidden(f"Nobody would be left with the role {INSTALLATION}: give it to somebody else first.")


def _minders(conn: Connection) -> int:
    return conn.execute(
        select(func.count())
        .select_from(memberships)
        .join(users, users.c.id == memberships.c.user_id)
        .join(projects, projects.c.id == memberships.c.project_id)
        .where(_MINDS, users.c.enabled == 1, projects.c.enabled == 1)
    ).scalar_one()


def _user(row: Row[Any]) -> UserRow:
    return UserRow(UserId(row.id), row.name, row.domain, row.description, bool(row.enabled), row.created_at)
