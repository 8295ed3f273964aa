"""The documents of webhook secrets, and of what a project's webhooks may reach: additions of ours."""

import ipaddress
from typing import Annotated, Any, Final

from pydantic import Field

from vedette.model.webhook_secret import WebhookSecret
from vedette.schemas.common import Rule, Unique, Wire, matches

SECRET_ID: Final = r"[0-9a-f]{32}"  # noqa: S105 - the form of an id
HOST_NAME: Final = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?"
LONGEST_S: Final = 30 * 86_400


class SecretCreate(Wire):
    """The body that makes a webhook secret."""

    others_expire_after: Annotated[int, Field(ge=0, le=LONGEST_S)] | None = None
    """Seconds for which the secret there was goes on to sign; 0 ends it at once. Absent: until it is deleted."""


class SecretInfo(Wire):
    """A webhook secret, without itself."""

    id: str
    """Its id."""
    created_at: int
    """Milliseconds since the epoch."""
    expires_at: int | None
    """When it stops to sign; milliseconds since the epoch. `null`: when it is deleted."""


class SecretCreated(SecretInfo):
    """A new webhook secret."""

    secret: str
    """The secret, `whsec_…`; it is told this once."""


class SecretList(Wire):
    """The answer to a list of webhook secrets."""

    count: int
    """Entries."""
    webhook_secrets: list[SecretInfo]
    """Those that sign, the newest first."""


def secret_info(secret: WebhookSecret) -> dict[str, Any]:
    """Return a secret as it is shown."""
    return {"id": secret.id, "created_at": secret.created_at, "expires_at": secret.expires_at}


def _reachable(text: str) -> str:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        if not matches(HOST_NAME, text) or matches(r"[0-9./]+", text):
            raise ValueError(f"{text[:80]!r} is no address, network or host name") from None
    return text


Reachable = Annotated[str, Field(min_length=1, max_length=253), Rule(_reachable, {})]


class GuardAllow(Wire):
    """What the webhooks of a project may reach besides what the guard lets through."""

    guard_allow: Annotated[list[Reachable], Field(max_length=100), Unique]
    """Addresses, networks such as `10.1.0.0/16`, and host names; empty: nothing besides."""
