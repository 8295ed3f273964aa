"""Whose fault it was that a worker died. Pure.

A worker that dies says not which of its streams killed it. So each of them is suspected (`streams.crashes`), and one that
was there twice gets a worker of its own (`control.placement`). What dies there, dies by itself: only the death of a
worker that had no other stream can spend a task's budget. A stream that has run for long is suspected no more.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from vedette.model.ids import StreamId
from vedette.model.lifecycle import State
from vedette.store.assignments import Holding
from vedette.store.tasks import Standing

FORGOTTEN_MS: Final = 600_000
"""A stream whose task has been RUNNING this long is suspected no more."""
IN_COMPANY: Final = 3
"""A task's count of crashes grows no further than this, nor beyond its budget, by those that may be another's fault."""


def over(tasks: Iterable[Standing], held: Mapping[StreamId, Holding], now_ms: int) -> Sequence[StreamId]:
    """Return the streams that were suspected, and have run long enough."""
    suspects = {stream_id for stream_id, holding in held.items() if holding.crashes}
    if not suspects:
        return ()
    steady = {
        task.stream_id
        for task in tasks
        if task.state is State.RUNNING and task.stream_id in suspects and now_ms - task.updated_at >= FORGOTTEN_MS
    }
    return [stream_id for stream_id in held if stream_id in steady]


def in_company(held: Iterable[Holding]) -> frozenset[StreamId]:
    """Return the streams whose worker has others as well: if it dies, any of them may have killed it."""
    held = list(held)
    loads = Counter(holding.worker_id for holding in held)
    return frozenset(holding.stream_id for holding in held if loads[holding.worker_id] > 1)
