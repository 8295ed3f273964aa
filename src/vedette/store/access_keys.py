"""Access keys, as they are managed: their secrets are sealed, and never read here."""

from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, delete, func, select, true, update

from vedette.model.errors import NotFound
from vedette.model.ids import ProjectId, UserId
from vedette.store.tables import access_keys


class KeyRow(NamedTuple):
    """An access key, as one is shown."""

    access_key: str
    user_id: UserId
    project_id: ProjectId
    description: str
    enabled: bool
    created_at: int


def key(conn: Connection, access_key: str) -> KeyRow:
    """Return an access key.

    Raises:
        NotFound: there is none of this name.
    """
    row = conn.execute(select(access_keys).where(access_keys.c.access_key == access_key)).first()
    if row is None:
        raise NotFound(f"There is no access key {access_key}.", param="access_key")
    return _key(row)


def listed(conn: Connection, *, user_id: str | None = None, project_id: str | None = None) -> list[KeyRow]:
    """Return access keys, oldest first; narrowed by what is given."""
    where = (
        access_keys.c.user_id == user_id if user_id is not None else true(),
        access_keys.c.project_id == project_id if project_id is not None else true(),
    )
    order = (access_keys.c.created_at, access_keys.c.access_key)
    return [_key(row) for row in conn.execute(select(access_keys).where(*where).order_by(*order))]


def count(conn: Connection, user_id: UserId) -> int:
    """Return how many keys a user has."""
    return conn.execute(
        select(func.count()).select_from(access_keys).where(access_keys.c.user_id == user_id)
    ).scalar_one()


def change(conn: Connection, access_key: str, changes: dict[str, Any]) -> None:
    """Change description or enabled."""
    conn.execute(update(access_keys).where(access_keys.c.access_key == access_key).values(**changes))


def remove(conn: Connection, access_key: str) -> None:
    """Remove an access key."""
    conn.execute(delete(access_keys).where(access_keys.c.access_key == access_key))


def _key(row: Row[Any]) -> KeyRow:
    return KeyRow(
        row.access_key,
        UserId(row.user_id),
        ProjectId(row.project_id),
        row.description,
        bool(row.enabled),
        row.created_at,
    )
