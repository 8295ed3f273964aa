"""Cursors of durable streams: sealed, so that nobody can make one, nor use that of another project."""

import base64
import binascii
from dataclasses import dataclass
from typing import Final

import msgspec

from vedette.model.errors import InvalidParameter, Misconfigured
from vedette.model.ids import ProjectId
from vedette.store.vault import Vault

LIFE_MS: Final = 300_000
"""Five minutes, as documented."""
PARAM: Final = "partition-cursor"


@dataclass(frozen=True, slots=True)
class PartitionCursor:
    """A place in a partition: the number of the record to go on with."""

    project_id: ProjectId
    stream_id: str
    partition: int
    position: int


@dataclass(frozen=True, slots=True)
class _Sealed:
    kind: str
    cursor: PartitionCursor
    expires_at: int


def sealed(vault: Vault, cursor: PartitionCursor, now_ms: int) -> str:
    """Return a cursor as callers get it."""
    return base64.urlsafe_b64encode(vault.seal(_Sealed(PARAM, cursor, now_ms + LIFE_MS))).decode().rstrip("=")


def opened(vault: Vault, project_id: ProjectId, text: str, now_ms: int) -> PartitionCursor:
    """Return the cursor that was given out.

    Raises:
        InvalidParameter: none was, or for another project, or too long ago.
    """
    try:
        found = vault.unseal(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True), _Sealed)
    except (binascii.Error, ValueError, Misconfigured, msgspec.DecodeError):
        raise InvalidParameter("partition-cursor: it was not given out here.", param=PARAM) from None
    if found.kind != PARAM or found.cursor.project_id != project_id:
        raise InvalidParameter("partition-cursor: it was not given out here.", param=PARAM)
    if now_ms >= found.expires_at:
        raise InvalidParameter("partition-cursor: it is older than five minutes; ask for a new one.", param=PARAM)
    return found.cursor
