"""Whether a row that comes after all others of its run may be sent."""

from vedette.delivery.lane import Lane
from vedette.model.errors import Unavailable
from vedette.store import run_results
from vedette.store.db import Database
from vedette.store.outbox import Due
from vedette.store.run_results import Turn
from vedette.telemetry import logs

AGAIN_MS = 1000
"""How soon to ask again when the database is away."""

_log = logs.get(__name__)


async def turn_of(db: Database, lane: Lane, row: Due, now_ms: int) -> Turn:
    """Say whether the summary of a run may be sent; one that is put off is given back, and was not tried."""
    try:
        turn = await db.write(run_results.turn, row.id, lane.destination_id, row.message["path"], now_ms)
    except Unavailable as error:  # it is still due, and asked for again
        _log.warning("it cannot be seen whether a run is told", task_id=row.task_id, error=error.message)
        lane.hold(now_ms + AGAIN_MS)
        turn = Turn.LATER
    if turn is Turn.LATER:
        lane.taken.discard(row.id)
    return turn
