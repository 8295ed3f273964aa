"""Which worker takes which stream. Pure: it looks at a picture of the fleet and names choices."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from vedette.model.ids import StreamId, WorkerId


@dataclass(frozen=True, slots=True)
class Placement:
    """What to do about streams that nobody holds.

    Attributes:
        chosen: stream to worker.
        spawn: how many workers to start.
        waiting: streams for which a worker is on its way.
        crowded: streams for which there is no room.
    """

    chosen: Mapping[StreamId, WorkerId]
    spawn: int
    waiting: tuple[StreamId, ...]
    crowded: tuple[StreamId, ...]


def place(
    homeless: Sequence[StreamId],
    loads: Mapping[WorkerId, int],
    capacity: Mapping[WorkerId, int],
    *,
    starting: int,
    limit: int,
) -> Placement:
    """Spread streams over workers, the least loaded first; ask for workers while there are fewer than streams.

    Args:
        homeless: streams that nobody holds, oldest first.
        loads: streams held by each live worker.
        capacity: streams each live worker can hold.
        starting: workers that were started and have not been heard yet.
        limit: how many workers there may be.
    """
    wanted = min(limit, len(homeless) + sum(loads.values()))
    spawn = max(0, wanted - len(loads) - starting)
    coming = starting + spawn
    loads = dict(loads)
    chosen: dict[StreamId, WorkerId] = {}
    waiting: list[StreamId] = []
    crowded: list[StreamId] = []
    for stream_id in homeless:
        best = _least_loaded(loads, capacity)
        if best is not None and (loads[best] == 0 or not coming):
            chosen[stream_id] = best
            loads[best] += 1
        elif coming:
            waiting.append(stream_id)
        else:
            crowded.append(stream_id)
    return Placement(chosen, spawn, tuple(waiting), tuple(crowded))


def room(
    loads: Mapping[WorkerId, int], capacity: Mapping[WorkerId, int], *, starting: int, limit: int
) -> tuple[int, int]:
    """Return how many more streams the live workers can hold, and how many workers can still be started."""
    free = sum(max(0, capacity[worker] - load) for worker, load in loads.items())
    return free, max(0, limit - len(loads) - starting)


def _least_loaded(loads: Mapping[WorkerId, int], capacity: Mapping[WorkerId, int]) -> WorkerId | None:
    free: Iterable[WorkerId] = (worker for worker, load in loads.items() if load < capacity[worker])
    return min(free, key=lambda worker: (loads[worker], worker), default=None)
