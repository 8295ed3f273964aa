"""What a project's event center does with a new event: whether it waits for a review, and whether it repeats another.

An event repeats another of the same run of a task and of the same type if both name the same targets, or neither names
any, and it is less than the window away from it by the events' own times. So a replay of a run finds the same repetitions.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, func, select, update

from vedette.model.event import Event
from vedette.model.ids import EventId, ProjectId
from vedette.model.review import EventRules
from vedette.store.tables import event_rules, events, upsert

TURN: Final = 0x5EED
"""Our first half of PostgreSQL's advisory locks for a project's event center."""


def rules_of(conn: Connection, project_id: ProjectId) -> EventRules:
    """Return the rules of a project."""
    row = conn.execute(select(event_rules).where(event_rules.c.project_id == project_id)).first()
    return EventRules(bool(row.manual_review), bool(row.aggregate), row.window_s) if row else EventRules()


def put_rules(conn: Connection, project_id: ProjectId, rules: EventRules) -> None:
    """Write the rules of a project; they hold for what is stored from now on."""
    await_turn(conn, project_id)
    row = {
        "project_id": project_id,
        "manual_review": int(rules.manual_review),
        "aggregate": int(rules.aggregate),
        "window_s": rules.window_s,
    }
    upsert(conn, event_rules, ["project_id"], row)


def await_turn(conn: Connection, project_id: ProjectId) -> None:
    """Let the transactions that fill or change a project's event center commit one after the other.

    So whoever reads in the order of `seq` misses nothing, two first events are not both the main one, and nothing is
    written for a subscription that is just deleted. SQLite has one writer, and needs no lock for it.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(select(func.pg_advisory_xact_lock(TURN, func.hashtext(project_id))))


def repeat_key(event: Event) -> str:
    """Return what an event has in common with its repetitions."""
    parts = (event.task_id, event.run_id, event.event_type, *_targets(event.message.get("data")))
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()


def main_of(conn: Connection, event: Event, key: str, window_s: int) -> EventId | None:
    """Return the main event that an event repeats, or None if it is the first."""
    span = window_s * 1000
    found = conn.execute(
        select(events.c.id)
        .where(
            events.c.repeat_key == key,
            events.c.listed == 1,
            events.c.timestamp_ms > event.timestamp_ms - span,
            events.c.timestamp_ms < event.timestamp_ms + span,
        )
        .order_by(events.c.timestamp_ms.desc(), events.c.seq.desc())
        .limit(1)
    ).scalar()
    return None if found is None else EventId(found)


def count_repetition(conn: Connection, main_id: str, by: int) -> None:
    """Let a main event have so many repetitions more."""
    conn.execute(update(events).where(events.c.id == main_id).values(repeats=events.c.repeats + by))


def _targets(data: object) -> list[str]:
    entries = data.get("event_set") if isinstance(data, Mapping) else None
    found: list[Any] = [one.get("detection_id") for one in entries or () if isinstance(one, Mapping)]
    return sorted(json.dumps(target) for target in found if target is not None)
