"""Who there is: projects, users, their memberships, tokens and access keys.

Tokens are kept as SHA-256, passwords as scrypt, secret keys sealed: the file alone opens nothing. What hashes and
seals stands above; here arrive only hashes and sealed bytes.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, Select, bindparam, delete, func, select, true

from vedette.model.ids import ProjectId, UserId
from vedette.store.tables import access_keys, insert_new, memberships, projects, tokens, users

INSTALLATION: Final = "te_admin"
ROLES: Final = (INSTALLATION, "admin", "operator", "viewer")
RANK: Final = {role: rank for rank, role in enumerate(reversed(ROLES))}
"""How much a role may: each may all that the ones before it may."""
WRITERS: Final = frozenset({INSTALLATION, "admin", "operator"})
MINDERS: Final = frozenset({INSTALLATION, "admin"})


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody, in one project.

    The roles: `viewer` reads, `operator` writes too, `admin` minds the project's members besides, and `te_admin` (the
    vendor's name for an account's administrator) the installation: projects, users, quotas, orders and terms.

    Attributes:
        user_domain: name of the user's domain.
        project_domain: name of the project's domain.
    """

    user_id: UserId
    user_name: str
    user_domain: str
    project_id: ProjectId
    project_name: str
    project_domain: str
    roles: tuple[str, ...]

    @property
    def may_write(self) -> bool:
        """Whether they may change what the project has."""
        return not WRITERS.isdisjoint(self.roles)

    @property
    def minds_project(self) -> bool:
        """Whether they may change who is in the project."""
        return not MINDERS.isdisjoint(self.roles)

    @property
    def minds_installation(self) -> bool:
        """Whether they may change what holds for every project."""
        return INSTALLATION in self.roles


def rank(roles: Iterable[str]) -> int:
    """Return how much these roles may together; -1 for none."""
    return max((RANK.get(role, -1) for role in roles), default=-1)


class HeldToken(NamedTuple):
    """A token as it is known here; times are milliseconds since the epoch, `expires_at` None for never."""

    principal: Principal
    issued_at: int
    expires_at: int | None


class HeldKey(NamedTuple):
    """An access key and its sealed secret."""

    principal: Principal
    sealed_secret: bytes


class KnownUser(NamedTuple):
    """A user who may log in."""

    id: UserId
    name: str
    domain: str
    password_hash: str


def is_empty(conn: Connection) -> bool:
    """Return whether there is no user yet: this is the first start."""
    return conn.execute(select(func.count()).select_from(users)).scalar_one() == 0


def add_project(conn: Connection, project_id: ProjectId, name: str, domain: str, *, at: int) -> None:
    """Add a project, unless it is there."""
    insert_new(conn, projects, [{"id": project_id, "name": name, "domain": domain, "created_at": at}])


def add_user(conn: Connection, user_id: UserId, name: str, domain: str, password_hash: str, *, at: int) -> None:
    """Add a user, unless they are there."""
    row = {"id": user_id, "name": name, "domain": domain, "password_hash": password_hash, "created_at": at}
    insert_new(conn, users, [row])


def add_member(conn: Connection, user_id: UserId, project_id: ProjectId, roles: Sequence[str]) -> None:
    """Give a user a place in a project."""
    row = {"user_id": user_id, "project_id": project_id, "roles": json.dumps(list(roles))}
    insert_new(conn, memberships, [row])


def add_token(
    conn: Connection, token_hash: str, user_id: UserId, project_id: ProjectId, *, at: int, expires_at: int | None
) -> None:
    """Keep a token's hash; tokens that have ended are forgotten on the way."""
    conn.execute(delete(tokens).where(tokens.c.expires_at.is_not(None), tokens.c.expires_at <= at))
    row = {"hash": token_hash, "user_id": user_id, "project_id": project_id, "issued_at": at, "expires_at": expires_at}
    insert_new(conn, tokens, [row])


def add_access_key(
    conn: Connection, access_key: str, sealed_secret: bytes, user_id: UserId, project_id: ProjectId, *, at: int
) -> None:
    """Keep an access key, unless it is there."""
    row = {"access_key": access_key, "secret": sealed_secret, "user_id": user_id, "project_id": project_id}
    insert_new(conn, access_keys, [row | {"created_at": at}])


def by_token(conn: Connection, token_hash: str, now: int) -> HeldToken | None:
    """Return the token with this hash, if it still holds and its owner is still a member."""
    row = conn.execute(_BY_TOKEN, {"hash": token_hash, "now": now}).first()
    return HeldToken(_principal(row), row.issued_at, row.expires_at) if row else None


def end_token(conn: Connection, token_hash: str) -> bool:
    """Forget a token; return whether it was ours."""
    return conn.execute(delete(tokens).where(tokens.c.hash == token_hash)).rowcount > 0


def by_access_key(conn: Connection, access_key: str) -> HeldKey | None:
    """Return the access key, if it may be used and its owner is still a member of its project."""
    row = conn.execute(_BY_ACCESS_KEY, {"access_key": access_key}).first()
    return HeldKey(_principal(row), row.secret) if row else None


def find_user(conn: Connection, *, user_id: str | None, name: str | None, domain: str | None) -> KnownUser | None:
    """Return the user with this id, or with this name in this domain (in any case), if they may log in."""
    if user_id is not None:
        where = users.c.id == user_id
    else:
        where = (users.c.name == name) & (func.lower(users.c.domain) == (domain or "").lower())
    row = conn.execute(select(users).where(where, users.c.enabled == 1)).first()
    return KnownUser(UserId(row.id), row.name, row.domain, row.password_hash) if row else None


def places(
    conn: Connection,
    user_id: UserId,
    *,
    project_id: str | None = None,
    name: str | None = None,
    domain: str | None = None,
) -> list[Principal]:
    """Return a user's places in projects, by the projects' names; narrowed by what is given."""
    where = (
        users.c.id == user_id,
        projects.c.id == project_id if project_id is not None else true(),
        projects.c.name == name if name is not None else true(),
        func.lower(projects.c.domain) == domain.lower() if domain is not None else true(),
    )
    rows = conn.execute(_members().where(*where).order_by(projects.c.name, projects.c.id))
    return [_principal(row) for row in rows]


def _members(*further: Any) -> Select[Any]:
    columns = (
        users.c.id.label("user_id"),
        users.c.name.label("user_name"),
        users.c.domain.label("user_domain"),
        projects.c.id.label("project_id"),
        projects.c.name.label("project_name"),
        projects.c.domain.label("project_domain"),
        memberships.c.roles,
    )
    return (
        select(*columns, *further)
        .select_from(memberships)
        .join(users, users.c.id == memberships.c.user_id)
        .join(projects, projects.c.id == memberships.c.project_id)
        .where(users.c.enabled == 1, projects.c.enabled == 1)
    )


# made once: every request asks one of them, and to build a statement costs as much as to run it
_BY_TOKEN: Final = (
    _members(tokens.c.issued_at, tokens.c.expires_at)
    .join(tokens, (tokens.c.user_id == users.c.id) & (tokens.c.project_id == projects.c.id))
    .where(tokens.c.hash == bindparam("hash"))
    .where(tokens.c.expires_at.is_(None) | (tokens.c.expires_at > bindparam("now")))
)
_BY_ACCESS_KEY: Final = (
    _members(access_keys.c.secret)
    .join(access_keys, (access_keys.c.user_id == users.c.id) & (access_keys.c.project_id == projects.c.id))
    .where(access_keys.c.access_key == bindparam("access_key"), access_keys.c.enabled == 1)
)


def _principal(row: Row[Any]) -> Principal:
    return Principal(
        user_id=UserId(row.user_id),
        user_name=row.user_name,
        user_domain=row.user_domain,
        project_id=ProjectId(row.project_id),
        project_name=row.project_name,
        project_domain=row.project_domain,
        roles=tuple(json.loads(row.roles)),
    )


def project_ids(conn: Connection) -> list[ProjectId]:
    """Return the ids of all projects, oldest first (for the operator)."""
    rows = conn.execute(select(projects.c.id).order_by(projects.c.created_at, projects.c.id)).scalars()
    return [ProjectId(project_id) for project_id in rows]
