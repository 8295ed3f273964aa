"""What callers do to events: approve and reject them, and take them out of the event center."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, select, update

from vedette.model.ids import EventId, ProjectId
from vedette.model.review import Review
from vedette.store import subscriptions
from vedette.store.event_rules import await_turn, count_repetition
from vedette.store.tables import events, outbox

BATCH = 500
"""Followers that are taken out at once."""


def review(
    conn: Connection, project_id: ProjectId, event_ids: Sequence[EventId], verdict: Review, now_ms: int
) -> list[bool]:
    """Approve or reject events; return for each whether the event center has it.

    The first approval of an event that was held back lets its subscribers be told, in the same transaction.
    """
    await_turn(conn, project_id)
    audience = subscriptions.audience(conn, project_id)
    known = _known(conn, project_id, event_ids)
    for row in known.values():
        values: dict[str, Any] = {"review": verdict}
        if verdict is Review.APPROVED and row["held"]:
            values |= {"held": 0}
            subscriptions.push(conn, audience, row, now_ms)
        conn.execute(update(events).where(events.c.id == row["id"]).values(values))
    return [event_id in known for event_id in event_ids]


def remove(conn: Connection, project_id: ProjectId, event_ids: Sequence[EventId]) -> tuple[list[bool], list[str]]:
    """Take events out of the event center, main events with all that repeat them.

    What is still to be delivered is delivered: the row stays until then, unlisted, and expires with the others. So it
    does in any case: a replay of its run would otherwise bring the event back.

    Returns:
        for each event whether the event center had it; the keys of the pictures that are free to be deleted.
    """
    await_turn(conn, project_id)
    known = _known(conn, project_id, event_ids)
    for row in known.values():
        if row["main_id"] is not None and row["main_id"] not in known:
            count_repetition(conn, row["main_id"], -1)
    mains = [row["id"] for row in known.values() if row["main_id"] is None and row["repeats"]]
    followers = select(events.c.id).where(events.c.main_id.in_(mains), events.c.listed == 1)
    leaving = sorted({*known, *(conn.execute(followers).scalars() if mains else ())})
    free: list[str] = []
    for begin in range(0, len(leaving), BATCH):
        free += _unlist(conn, leaving[begin : begin + BATCH])
    return [event_id in known for event_id in event_ids], free


def _unlist(conn: Connection, ids: Sequence[str]) -> list[str]:
    here = events.c.id.in_(ids)
    waiting = select(outbox.c.id).where(outbox.c.event_id == events.c.id, outbox.c.state != "done").exists()
    free = select(events.c.picture).where(here, events.c.picture.is_not(None), ~waiting)
    pictures = list(conn.execute(free).scalars())
    conn.execute(update(events).where(here, ~waiting).values(picture=None, bytes=func.length(events.c.message)))
    conn.execute(update(events).where(here).values(listed=0))
    return pictures


def _known(conn: Connection, project_id: ProjectId, event_ids: Sequence[EventId]) -> dict[str, dict[str, Any]]:
    columns = (events.c.id, events.c.project_id, events.c.task_id, events.c.video_source_id)
    wanted = select(*columns, events.c.held, events.c.main_id, events.c.repeats).where(
        events.c.project_id == project_id, events.c.listed == 1, events.c.id.in_(event_ids)
    )
    return {row["id"]: dict(row) for row in conn.execute(wanted.order_by(events.c.seq)).mappings()}
