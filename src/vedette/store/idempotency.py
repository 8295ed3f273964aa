"""A request that is sent twice is done once: `Idempotency-Key`, an addition of ours.

The key is written in the transaction that does the work; whoever comes second waits for the first on the key's row
(PostgreSQL) or behind it (SQLite), and is answered what the first was.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, select, update

from vedette.model.errors import InvalidParameter
from vedette.model.ids import ProjectId
from vedette.store.tables import idempotency_keys, insert_new

KEPT_MS = 24 * 3_600_000
"""How long a key is remembered."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """A request that may be a repetition.

    Attributes:
        fingerprint: of method, path and body; `Vault.fingerprint` makes it.
    """

    key: str
    fingerprint: str


def once(conn: Connection, project_id: ProjectId, repeat: Repeat | None, now_ms: int, work: Callable[[], Any]) -> Any:
    """Do the work, unless it was done under this key; return its answer, which must be plain JSON.

    Raises:
        InvalidParameter: the key was used for another request.
    """
    if repeat is None:
        return work()
    here = (idempotency_keys.c.project_id == project_id, idempotency_keys.c.key == repeat.key)
    conn.execute(delete(idempotency_keys).where(*here, idempotency_keys.c.created_at < now_ms - KEPT_MS))
    row = {"project_id": project_id, "key": repeat.key, "fingerprint": repeat.fingerprint, "created_at": now_ms}
    if insert_new(conn, idempotency_keys, [row]) == 0:
        known = conn.execute(select(idempotency_keys).where(*here)).one()
        if known.fingerprint != repeat.fingerprint:
            raise InvalidParameter("The Idempotency-Key was used for another request.", param="Idempotency-Key")
        return json.loads(known.answer)
    answer = work()
    conn.execute(update(idempotency_keys).where(*here).values(answer=json.dumps(answer)))
    return answer


def sweep(conn: Connection, now_ms: int) -> int:
    """Forget keys that are too old; return how many."""
    return conn.execute(delete(idempotency_keys).where(idempotency_keys.c.created_at < now_ms - KEPT_MS)).rowcount
