"""Tasks that wait, for the loops: those nobody has looked at yet, and those parked under what they wait for.

`tasks.parked_for` holds the key. Kinds of keys sort before `stream:`, the key of those for whose stream no worker has
room, so that one seek for each key finds them all. Nothing here reads a document.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, literal_column, select, text, update

from vedette.model.ids import TaskId
from vedette.model.lifecycle import State
from vedette.model.priority import USUAL
from vedette.store.tables import tasks
from vedette.store.tasks import Standing, standings

STREAMS: Final = "stream:"
CHUNK: Final = 500

_TO_PLACE: Final[ColumnElement[bool]] = literal_column("state = 'PENDING' AND parked_for IS NULL")
"""Word for word the condition of the index `tasks_to_place`: with values that are bound no planner would know it."""
_GAVE_WAY: Final[ColumnElement[bool]] = literal_column("halted_by = 'priority'")
"""That of the index `tasks_given_way`."""
_KEYS: Final = text("""
    WITH RECURSIVE found(key) AS (
        SELECT min(parked_for) FROM tasks WHERE parked_for < :end
        UNION ALL
        SELECT (SELECT min(parked_for) FROM tasks WHERE parked_for > found.key AND parked_for < :end)
        FROM found WHERE found.key IS NOT NULL
    )
    SELECT key FROM found WHERE key IS NOT NULL
""")


def unparked(conn: Connection, now_ms: int, limit: int) -> list[Standing]:
    """Return PENDING tasks that are not parked, by priority and age.

    Those of which a timetable has still to say whether they may run wait.
    """
    decided = tasks.c.next_due_at.is_(None) | (tasks.c.next_due_at > now_ms)
    return standings(conn, _TO_PLACE, decided, limit=limit, by_priority=True)


def keys(conn: Connection) -> list[str]:
    """Return all keys but those of streams under which tasks are parked."""
    return list(conn.execute(_KEYS, {"end": STREAMS}).scalars())


def parked(conn: Connection, key: str, limit: int) -> list[Standing]:
    """Return tasks parked under a key, the most important first, then the oldest."""
    return _pending(conn, tasks.c.parked_for == key, limit=limit)


def wait_for_room(conn: Connection) -> bool:
    """Return whether any task waits for room on the workers."""
    return conn.execute(select(tasks.c.id).where(tasks.c.parked_for >= STREAMS).limit(1)).first() is not None


def parked_for_room(conn: Connection, limit: int) -> list[Standing]:
    """Return tasks that wait for room on the workers, the most important first, then the oldest."""
    return _pending(conn, tasks.c.parked_for >= STREAMS, limit=limit)


def urgent(conn: Connection, key: str, limit: int) -> list[Standing]:
    """Return those tasks parked under a key that are more important than usual."""
    return _pending(conn, tasks.c.parked_for == key, tasks.c.priority < USUAL.rank, limit=limit)


def urgent_for_room(conn: Connection, limit: int) -> list[Standing]:
    """Return those tasks that wait for room on the workers and are more important than usual."""
    return _pending(conn, tasks.c.parked_for >= STREAMS, tasks.c.priority < USUAL.rank, limit=limit)


def given_way(conn: Connection, limit: int) -> list[TaskId]:
    """Return tasks that give way to a more important one, or have stopped for it.

    They are few. Asked for the state as well, SQLite would go through all that are STOPPED.
    """
    return [TaskId(one) for one in conn.execute(select(tasks.c.id).where(_GAVE_WAY).limit(limit)).scalars()]


def parked_on(conn: Connection, stream_keys: Sequence[str], limit: int) -> list[Standing]:
    """Return tasks that wait for one of these streams, as above, of each chunk of keys."""
    found: list[Standing] = []
    for start in range(0, len(stream_keys), CHUNK):
        if len(found) < limit:
            here = tasks.c.parked_for.in_(stream_keys[start : start + CHUNK])
            found += _pending(conn, here, limit=limit - len(found))
    return found


def restate(conn: Connection, key: str, status: str, limit: int) -> int:
    """Give tasks parked under a key the sentence that holds now; return how many had another."""
    here = (tasks.c.parked_for == key, tasks.c.status != status)
    chosen = conn.execute(select(tasks.c.id).where(*here).limit(limit)).scalars().all()
    return conn.execute(update(tasks).where(tasks.c.id.in_(chosen), *here).values(status=status)).rowcount


def count_parked(conn: Connection, key: str) -> int:
    """Return how many tasks are parked under a key."""
    return conn.execute(select(func.count()).select_from(tasks).where(tasks.c.parked_for == key)).scalar_one()


def _pending(conn: Connection, *here: ColumnElement[bool], limit: int) -> list[Standing]:
    # Only PENDING tasks are parked. Asked for the state as well, SQLite would go through all that are PENDING.
    return [task for task in standings(conn, *here, limit=limit, by_priority=True) if task.state is State.PENDING]
