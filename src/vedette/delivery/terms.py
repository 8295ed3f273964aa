"""What a project's own settings say of its webhooks: the keys they are signed with, and what they may reach."""

import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from vedette.delivery.signing import key_of
from vedette.model.errors import Misconfigured, SinkBusy, Unavailable
from vedette.model.ids import ProjectId
from vedette.store import webhook_secrets
from vedette.store.db import Database
from vedette.store.vault import Vault

FRESH_S: Final = 1.0
"""A secret that is made or deleted, and an exemption, count after this time at the latest."""
REMEMBERED: Final = 10_000
"""Projects whose terms are kept in memory; beyond them all are read anew."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a project.

    Attributes:
        keys: what calls are signed with, the newest first; none: calls are not signed.
        allow: addresses, networks and hosts that its webhooks may reach besides what the guard lets through.
    """

    keys: tuple[bytes, ...] = field(default=(), repr=False)
    allow: tuple[str, ...] = ()


TermsOf = Callable[[ProjectId], Awaitable[Terms]]


async def usual(_project_id: ProjectId) -> Terms:
    """Return the terms of a project that has none of its own."""
    return Terms()


class ProjectTerms:
    """Reads terms, and remembers them for a moment.

    Args:
        clock: milliseconds since the epoch.
        monotonic: seconds.
    """

    def __init__(
        self, db: Database, vault: Vault, clock: Callable[[], int], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._db, self._vault, self._clock, self._monotonic = db, vault, clock, monotonic
        self._known: dict[ProjectId, tuple[float, Terms]] = {}

    async def of(self, project_id: ProjectId) -> Terms:
        """Return the terms of a project.

        Raises:
            SinkBusy: they cannot be read: nothing is sent without its signature meanwhile.
        """
        now = self._monotonic()
        read_at, known = self._known.get(project_id, (now - FRESH_S, Terms()))
        if now - read_at < FRESH_S:
            return known
        try:
            row = await self._db.read(webhook_secrets.signing, project_id, self._clock())
            keys = tuple(key_of(self._vault.decrypt(sealed)) for sealed in row.sealed)
        except (Unavailable, Misconfigured, ValueError) as error:
            raise SinkBusy(f"The project's webhook secrets cannot be read ({type(error).__name__}).") from error
        terms = Terms(keys, tuple(json.loads(row.guard_allow)) if row.guard_allow else ())
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[project_id] = (now, terms)
        return terms
