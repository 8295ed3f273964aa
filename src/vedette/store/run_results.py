"""The summary of a run, for a destination: one more row of the outbox, of a kind of its own, that comes after all others.

It is no event: it has no number, and is in no list and no count of events. It refers to a row of `events` because all
rows of the outbox do, so that tries, dead letters and all that follows are the same.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Any, Final

from sqlalchemy import Connection, select, update

from vedette.model.ids import EventId, RunId, TaskId, derived_uuid
from vedette.model.output import RESULT, ObsOutput, OutputKind
from vedette.model.task import Task
from vedette.store.ingest import destination
from vedette.store.tables import events, insert_new, outbox
from vedette.store.vault import Vault

PAGE: Final = 100
"""Events that are read at once."""
SOON_MS: Final = 500
LATE_MS: Final = 60_000
"""A summary looks at least this often whether its turn has come."""


class Turn(StrEnum):
    """Whether a summary may be sent."""

    NOW = auto()
    LATER = auto()
    """Something before it is still due; it was put off."""
    NEVER = auto()
    """A later run has told its own under the same name."""


@dataclass(frozen=True, slots=True)
class Told:
    """One event of a run."""

    seq: int
    event_id: EventId
    task_id: TaskId
    number: int
    event_type: int
    timestamp_ms: int
    message: dict[str, Any]
    pictured: bool


def announce(
    conn: Connection, vault: Vault, task: Task, output: ObsOutput, summary: Mapping[str, Any], now_ms: int
) -> bool:
    """Let the summary of the task's run be sent once; return False if that was said before.

    Args:
        summary: see `control.run_ends`; becomes the row's message.
    """
    name = derived_uuid("result", task.id, task.run_id)
    message = json.dumps(summary, ensure_ascii=False)
    row = {
        "id": name, "project_id": task.project_id, "task_id": task.id, "run_id": task.run_id, "event_type": RESULT,
        "connection": 0, "frame_index": 0, "time_us": 0, "timestamp_ms": now_ms, "stored_at": now_ms,
        "message": message, "bytes": len(message.encode()), "picture": None, "listed": 0, "number": 0,
    }  # fmt: skip
    if not insert_new(conn, events, [row]):
        return False
    place = destination(conn, vault, task.project_id, task.id, OutputKind.OBS, output)
    keys = {"event_id": name, "project_id": task.project_id, "task_id": task.id, "destination_id": place}
    due = {"state": "due", "attempts": 0, "next_attempt_at": now_ms, "created_at": now_ms}
    return insert_new(conn, outbox, [keys | due]) == 1


def turn(conn: Connection, row_id: int, destination_id: str, path: str, now_ms: int) -> Turn:
    """Say whether a summary's turn has come; put it off if something before it is still due, which is no attempt.

    Args:
        row_id: of the outbox; all rows of its run have smaller ones.
        path: where it goes below the output's path.
    """
    here = (outbox.c.destination_id == destination_id, outbox.c.state == "due")
    first = select(outbox.c.next_attempt_at).where(*here, outbox.c.id < row_id).order_by(outbox.c.next_attempt_at)
    earliest = conn.execute(first.limit(1)).scalar()
    if earliest is not None:
        then = min(max(earliest, now_ms + SOON_MS), now_ms + LATE_MS)
        conn.execute(update(outbox).where(outbox.c.id == row_id, *here).values(next_attempt_at=then))
        return Turn.LATER
    newer = (
        select(events.c.message)
        .join(outbox, outbox.c.event_id == events.c.id)
        .where(outbox.c.destination_id == destination_id, outbox.c.state == "done", outbox.c.id > row_id)
        .where(events.c.event_type == RESULT)
    )
    done = (json.loads(message)["path"] for message in conn.execute(newer).scalars())
    return Turn.NEVER if path in done else Turn.NOW


def told(conn: Connection, task_id: TaskId, run_id: RunId, after: int) -> list[Told]:
    """Return the next events of a run, in the order of their numbers.

    Args:
        after: `seq` of the last one known; 0 at first.
    """
    here = (events.c.task_id == task_id, events.c.run_id == run_id, events.c.event_type != RESULT)
    rows = conn.execute(select(events).where(*here, events.c.seq > after).order_by(events.c.seq).limit(PAGE))
    return [
        Told(
            row.seq,
            EventId(row.id),
            TaskId(row.task_id),
            row.number,
            row.event_type,
            row.timestamp_ms,
            json.loads(row.message),
            row.picture is not None,
        )
        for row in rows
    ]
