"""The first project and user: made once, from what the operator gave and, where they gave nothing, at random.

Whoever starts the service asks `needed`, completes the account, keeps what was generated where its owner finds it,
and only then stores it: a crash between the two leaves nothing that nobody knows.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Connection

from vedette.auth import passwords, tokens
from vedette.auth.authenticator import DOMAIN
from vedette.model.ids import ProjectId, UserId, new_hex
from vedette.store import identity
from vedette.store.db import Database
from vedette.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Account:
    """A project, a user in it, and all they can show; what is not given is made at random."""

    project_id: str = field(default_factory=new_hex)
    project_name: str = "default"
    user_name: str = "admin"
    password: str = field(default_factory=tokens.new_secret, repr=False)
    token: str = field(default_factory=tokens.new_token, repr=False)
    access_key: str = field(default_factory=tokens.new_access_key)
    secret_key: str = field(default_factory=tokens.new_secret, repr=False)
    domain: str = DOMAIN
    roles: tuple[str, ...] = ("admin", "te_admin")


async def needed(db: Database) -> bool:
    """Return whether there is no user yet."""
    return await db.read(identity.is_empty)


async def store(db: Database, vault: Vault, account: Account, clock: Callable[[], int]) -> None:
    """Store the account: project, user, the token without an end, and the access key.

    Raises:
        Unavailable: the database is away.
    """
    await db.write(_store, account, passwords.hashed(account.password), vault.encrypt(account.secret_key), clock())


def _store(conn: Connection, account: Account, password_hash: str, sealed_secret: bytes, at: int) -> None:
    project_id, user_id = ProjectId(account.project_id), UserId(new_hex())
    identity.add_project(conn, project_id, account.project_name, account.domain, at=at)
    identity.add_user(conn, user_id, account.user_name, account.domain, password_hash, at=at)
    known = identity.find_user(conn, user_id=None, name=account.user_name, domain=account.domain)
    owner = known.id if known else user_id
    identity.add_member(conn, owner, project_id, account.roles)
    identity.add_token(conn, tokens.fingerprint(account.token), owner, project_id, at=at, expires_at=None)
    identity.add_access_key(conn, account.access_key, sealed_secret, owner, project_id, at=at)
