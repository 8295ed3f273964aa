"""What becomes of rows of the outbox: delivered, due later, given up, swept away."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, func, select, update

from vedette.store import delivery_attempts
from vedette.store.delivery_attempts import Attempt
from vedette.store.subscriptions import keep_count
from vedette.store.tables import outbox

ERROR_LIMIT = 512
"""Characters of an error that are kept."""

TOGETHER = 256
"""Rows that are marked by one statement."""

_DELIVERED: Final = (
    update(outbox)
    .where(outbox.c.id.in_(bindparam("rows", expanding=True)), outbox.c.state == "due")
    .values(
        state="done",
        attempts=bindparam("tries"),
        next_attempt_at=bindparam("at"),
        last_error=None,
        done_at=bindparam("at"),
    )
)
_MARK: Final = (
    update(outbox)
    .where(outbox.c.id == bindparam("row"), outbox.c.state == "due")
    .values(
        state=bindparam("to"),
        attempts=bindparam("tries"),
        next_attempt_at=bindparam("next"),
        last_error=bindparam("error"),
        done_at=bindparam("end"),
    )
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended: `next_attempt_at` None with an error is the end; no error is delivered."""

    row_id: int
    attempts: int
    error: str | None = None
    next_attempt_at: int | None = None


def mark(conn: Connection, outcomes: Sequence[Outcome], now_ms: int) -> None:
    """Write down how attempts ended, many at once; of those that failed also when and why."""
    if not outcomes:
        return
    done: dict[int, list[int]] = {}
    for outcome in outcomes:
        if outcome.error is None:
            done.setdefault(outcome.attempts, []).append(outcome.row_id)
    for attempts, ids in done.items():
        _deliver(conn, attempts, ids, now_ms)
    if rest := [_row(outcome, now_ms) for outcome in outcomes if outcome.error is not None]:
        conn.execute(_MARK, rest)
    failed = {
        outcome.row_id: Attempt(now_ms, outcome.attempts, outcome.error[:ERROR_LIMIT])
        for outcome in outcomes
        if outcome.error is not None
    }
    if failed:
        delivery_attempts.keep(conn, failed)


def hasten(conn: Connection, destination_id: str, now_ms: int, limit: int = 5000) -> int:
    """Make due what waits for a destination that has come back, in the order of old; return how many rows that were."""
    later = (
        select(outbox.c.id)
        .where(outbox.c.destination_id == destination_id, outbox.c.state == "due", outbox.c.next_attempt_at > now_ms)
        .limit(limit)
    )
    return conn.execute(
        update(outbox).where(outbox.c.id.in_(later)).values(next_attempt_at=outbox.c.created_at)
    ).rowcount


def give_up(conn: Connection, destination_id: str, reason: str, before_ms: int, now_ms: int, limit: int = 1000) -> int:
    """Make dead letters of what has waited for a destination since before a time; return how many.

    Rows that somebody asked to send again are left to be tried.
    """
    old = (
        select(outbox.c.id)
        .where(
            outbox.c.destination_id == destination_id,
            outbox.c.state == "due",
            outbox.c.created_at < before_ms,
            (outbox.c.attempts > 0) | outbox.c.last_error.is_(None),
        )
        .limit(limit)
    )
    values = {"state": "dead", "last_error": reason[:ERROR_LIMIT], "done_at": now_ms}
    return conn.execute(update(outbox).where(outbox.c.id.in_(old)).values(values)).rowcount


def shorten(conn: Connection, limit: int, now_ms: int, most: int = 1000) -> int:
    """Make dead letters of what is beyond the limit of a destination's queue, from its end; return how many.

    Args:
        most: rows of one destination; call it until 0.
    """
    buried = 0
    counted = (
        select(outbox.c.destination_id, func.count().label("waiting"))
        .where(outbox.c.state == "due")
        .group_by(outbox.c.destination_id)
        .having(func.count() > limit)
    )
    for name, waiting in conn.execute(counted).all():
        last = (
            select(outbox.c.id)
            .where(outbox.c.destination_id == name, outbox.c.state == "due")
            .order_by(outbox.c.next_attempt_at.desc(), outbox.c.id.desc())
            .limit(min(waiting - limit, most))
        )
        reason = f"The queue of the destination is full: {limit} deliveries wait."
        values = {"state": "dead", "last_error": reason, "done_at": now_ms}
        chosen = list(conn.execute(last).scalars())
        buried += conn.execute(update(outbox).where(outbox.c.id.in_(chosen)).values(values)).rowcount
    return buried


def sweep(conn: Connection, before_ms: int, limit: int = 1000) -> int:
    """Remove rows delivered before a time; return how many."""
    old = select(outbox.c.id).where(outbox.c.state == "done", outbox.c.done_at < before_ms)
    leaving = outbox.c.id.in_(conn.execute(old.limit(limit)).scalars().all())
    keep_count(conn, leaving)
    return conn.execute(delete(outbox).where(leaving)).rowcount


def _deliver(conn: Connection, attempts: int, ids: Sequence[int], now_ms: int) -> None:
    """Mark rows as delivered by one statement: a step for each would hand the interpreter to and fro."""
    for begin in range(0, len(ids), TOGETHER):
        some = list(ids[begin : begin + TOGETHER])
        some += some[-1:] * ((1 << (len(some) - 1).bit_length()) - len(some))  # few lengths: few statements to prepare
        conn.execute(_DELIVERED, {"rows": some, "tries": attempts, "at": now_ms})


def _row(outcome: Outcome, now_ms: int) -> dict[str, Any]:
    over = outcome.next_attempt_at is None
    return {
        "row": outcome.row_id,
        "to": _state(outcome),
        "tries": outcome.attempts,
        "next": now_ms if over else outcome.next_attempt_at,
        "error": None if outcome.error is None else outcome.error[:ERROR_LIMIT],
        "end": now_ms if over else None,
    }


def _state(outcome: Outcome) -> str:
    if outcome.error is None:
        return "done"
    return "dead" if outcome.next_attempt_at is None else "due"
