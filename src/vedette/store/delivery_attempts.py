"""Attempts of deliveries that failed: when, and why. The last ones of each row of the outbox; they go with it."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Delete, Insert, Integer, Text, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from vedette.store.tables import delivery_attempts, outbox

KEPT: Final = 30
"""Attempts that are kept of one row."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that failed.

    Attributes:
        at: milliseconds since the epoch.
        number: from 1, and anew after a dead letter was sent again.
        reason: how it ended.
    """

    at: int
    number: int
    reason: str


def keep(conn: Connection, failed: Mapping[int, Attempt]) -> None:
    """Write down attempts that failed, by the row of the outbox; of each row the last ones stay."""
    rows = [{"row": row, "then": one.at, "count": one.number, "why": one.reason} for row, one in sorted(failed.items())]
    if rows:
        conn.execute(_insert(conn.dialect.name), rows)
        conn.execute(_PRUNE, [{"row": row["row"]} for row in rows])


def of_rows(conn: Connection, rows: Collection[int]) -> defaultdict[int, list[Attempt]]:
    """Return the attempts of rows of the outbox that failed, the first one first."""
    found: defaultdict[int, list[Attempt]] = defaultdict(list)
    here = select(delivery_attempts).where(delivery_attempts.c.outbox_id.in_(rows))
    for row in conn.execute(here.order_by(delivery_attempts.c.outbox_id, delivery_attempts.c.at)):
        found[row.outbox_id].append(Attempt(row.at, row.number, row.reason))
    return found


@cache
def _insert(database: str) -> Insert:
    """Return what inserts an attempt, if its row is still there: it may have gone with its subscription."""
    dialect: Any = postgresql if database == "postgresql" else sqlite
    attempt = select(
        outbox.c.id,
        bindparam("then", type_=BigInteger),
        bindparam("count", type_=Integer),
        bindparam("why", type_=Text),
    ).where(outbox.c.id == bindparam("row"))
    columns = ["outbox_id", "at", "number", "reason"]
    statement: Insert = (
        dialect.insert(delivery_attempts)
        .from_select(columns, attempt.with_for_update(read=True, key_share=True))
        .on_conflict_do_nothing()
    )
    return statement


def _pruning() -> Delete:
    mine = delivery_attempts.alias()
    oldest_kept = (
        select(mine.c.at)
        .where(mine.c.outbox_id == bindparam("row"))
        .order_by(mine.c.at.desc())
        .offset(KEPT - 1)
        .limit(1)
    )
    return delete(delivery_attempts).where(
        delivery_attempts.c.outbox_id == bindparam("row"), delivery_attempts.c.at < oldest_kept.scalar_subquery()
    )


_PRUNE: Final = _pruning()
