"""Secrets that the calls of a project's webhooks are signed with: two at a time, so that receivers can change over."""

from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, delete, func, select, update

from vedette.model.errors import IllegalTransition, NotFound
from vedette.model.ids import ProjectId
from vedette.model.webhook_secret import WebhookSecret
from vedette.store.tables import projects, webhook_secrets
from vedette.store.vault import Vault

MOST: Final = 2
"""Secrets of a project that hold at the same time."""


@dataclass(frozen=True, slots=True)
class Signing:
    """What the calls of a project's webhooks need to know of it.

    Attributes:
        sealed: the secrets that hold, the newest first.
        guard_allow: as in the project's row, JSON.
    """

    sealed: tuple[bytes, ...] = field(repr=False)
    guard_allow: str | None


def add(
    conn: Connection,
    vault: Vault,
    project_id: ProjectId,
    made: WebhookSecret,
    secret: str,
    *,
    others_until: int | None = None,
) -> None:
    """Write a new secret; the others of the project hold until a time, if one is given, and not longer than they did.

    Raises:
        IllegalTransition: two others hold already.
    """
    conn.execute(select(projects.c.id).where(projects.c.id == project_id).with_for_update())
    mine, now = webhook_secrets.c.project_id == project_id, made.created_at
    ends = webhook_secrets.c.expires_at
    if others_until is not None:
        longer = ends.is_(None) | (ends > others_until)
        conn.execute(update(webhook_secrets).where(mine, longer).values(expires_at=others_until))
    conn.execute(delete(webhook_secrets).where(mine, ends <= now))
    if conn.execute(select(func.count()).select_from(webhook_secrets).where(mine)).scalar_one() >= MOST:
        raise IllegalTransition(f"The project has {MOST} webhook secrets: delete one first.")
    row = {"id": made.id, "project_id": project_id, "created_at": now, "expires_at": made.expires_at}
    conn.execute(webhook_secrets.insert().values(row | {"secret": vault.encrypt(secret)}))


def listed(conn: Connection, project_id: ProjectId, now_ms: int) -> list[WebhookSecret]:
    """Return the secrets of a project that hold, the newest first."""
    return [WebhookSecret(row.id, row.created_at, row.expires_at) for row in _holding(conn, project_id, now_ms)]


def remove(conn: Connection, project_id: ProjectId, secret_id: str, now_ms: int) -> None:
    """Remove a secret.

    Raises:
        NotFound: the project has none with that id.
    """
    mine = (webhook_secrets.c.project_id == project_id, webhook_secrets.c.id == secret_id)
    if not conn.execute(delete(webhook_secrets).where(*mine, _holds(now_ms))).rowcount:
        raise NotFound(f"There is no webhook secret {secret_id}.", param="secret_id")


def signing(conn: Connection, project_id: ProjectId, now_ms: int) -> Signing:
    """Return what calls of a project's webhooks are signed with, and what they may reach besides."""
    allow = conn.execute(select(projects.c.guard_allow).where(projects.c.id == project_id)).scalar()
    return Signing(tuple(row.secret for row in _holding(conn, project_id, now_ms)), allow)


def _holding(conn: Connection, project_id: ProjectId, now_ms: int) -> list[Row[Any]]:
    newest = (webhook_secrets.c.created_at.desc(), webhook_secrets.c.id)
    mine = webhook_secrets.c.project_id == project_id
    return list(conn.execute(select(webhook_secrets).where(mine, _holds(now_ms)).order_by(*newest)))


def _holds(now_ms: int) -> ColumnElement[bool]:
    return webhook_secrets.c.expires_at.is_(None) | (webhook_secrets.c.expires_at > now_ms)
