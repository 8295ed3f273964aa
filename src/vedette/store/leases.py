"""Who acts, of several services on one database: one row for each thing that only one may do at a time.

The row is compared, never reckoned with: a lease is over when it has stood unchanged for long enough, by the clock of
whoever looks at it (`control.helm`). `until` says when it ends by the wall clock of its holder, for people; it grows with
every renewal, whatever that clock does, so that no two renewals look alike.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select, update

from vedette.store.tables import insert_new, leases

NOBODY: Final = ""
"""The holder of a lease that was given back."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease as it was seen; `until` in milliseconds since the epoch."""

    holder: str
    until: int


def get(conn: Connection, name: str) -> Lease | None:
    """Return a lease, or None if nobody ever took it."""
    row = conn.execute(select(leases.c.holder, leases.c.until).where(leases.c.name == name)).first()
    return None if row is None else Lease(row.holder, row.until)


def take(conn: Connection, name: str, holder: str, until: int, *, seen: Lease | None) -> bool:
    """Take or renew a lease, if it still is as it was seen; return whether that was so."""
    if seen is None:
        return insert_new(conn, leases, [{"name": name, "holder": holder, "until": until}]) == 1
    unchanged = (leases.c.name == name, leases.c.holder == seen.holder, leases.c.until == seen.until)
    values = {"holder": holder, "until": max(until, seen.until + 1)}
    return conn.execute(update(leases).where(*unchanged).values(values)).rowcount == 1


def release(conn: Connection, name: str, holder: str) -> None:
    """Give a lease back, if it is held by this holder: whoever looks next takes it at once."""
    here = (leases.c.name == name, leases.c.holder == holder)
    conn.execute(update(leases).where(*here).values(holder=NOBODY, until=leases.c.until + 1))
