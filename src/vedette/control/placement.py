"""Which worker takes which stream. Pure: it looks at a picture of the fleet and names choices.

Most workers are shared. A stream that was there when its workers died, again and again, is a suspect: it gets a worker
of its own, so that whoever is innocent is safe from it. There are only so many of these; they go to those with the
most crashes, and one with fewer makes way. So the guilty one ends up alone, however many were lost together with it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from vedette.control.admission import Barrier
from vedette.control.cores import NO_LIMIT, Cores, key_of, rounded
from vedette.model.ids import StreamId, WorkerId

SUSPECT: Final = 2
"""So many workers that died with it, and a stream is placed into one of its own."""


@dataclass(frozen=True, slots=True)
class Lonely:
    """A worker that has one stream, and takes no other.

    Attributes:
        crashes: workers that died with its stream.
        busy: whether it has its stream still.
        leaving: whether it was told to end.
    """

    crashes: int = 0
    busy: bool = True
    leaving: bool = False


@dataclass(frozen=True, slots=True)
class Crew:
    """The workers there are.

    Attributes:
        loads: streams held by each live worker that is shared.
        capacity: streams each of them can hold.
        starting: workers that were started and have not been heard yet.
        limit: how many shared workers there may be.
        lonely: live workers of one stream each.
        lonely_limit: how many of these there may be.
        cores: what live streams use.
    """

    loads: Mapping[WorkerId, int]
    capacity: Mapping[WorkerId, int]
    starting: int
    limit: int
    lonely: Mapping[WorkerId, Lonely] = field(default_factory=dict)
    lonely_limit: int = 0
    cores: Cores = NO_LIMIT


@dataclass(frozen=True, slots=True)
class Placement:
    """What to do about streams that nobody holds.

    Attributes:
        chosen: stream to worker.
        spawn: how many workers to start.
        waiting: streams for which a worker is on its way.
        crowded: streams for which there is no room.
        apart: those of the chosen workers that are shared no more.
        dismiss: workers of one stream whose place another stream needs more.
        short: streams for which there are not enough cores, and what they wait for.
    """

    chosen: Mapping[StreamId, WorkerId]
    spawn: int
    waiting: tuple[StreamId, ...]
    crowded: tuple[StreamId, ...]
    apart: frozenset[WorkerId] = frozenset()
    dismiss: tuple[WorkerId, ...] = ()
    short: Mapping[StreamId, Barrier] = field(default_factory=dict)


def place(
    homeless: Sequence[StreamId],
    crew: Crew,
    crashes: Mapping[StreamId, int] | None = None,
    needs: Mapping[StreamId, float] | None = None,
) -> Placement:
    """Spread streams over workers, the least loaded first; ask for workers while there are fewer than streams.

    Args:
        homeless: streams that nobody holds, who comes first first.
        crew: the workers there are.
        crashes: how many workers died with a stream, of those that any died with.
        needs: how many cores a stream is to have free, of those that wait for cores.
    """
    short = _short(homeless, crew.cores, needs or {})
    homeless = [stream for stream in homeless if stream not in short]
    granted, patient, dismiss = _apart(homeless, crew, crashes or {})
    shared = [stream for stream in homeless if stream not in granted and stream not in patient]
    wanted = min(crew.limit, len(shared) + sum(crew.loads.values())) + len(granted)
    spawn = max(0, wanted - len(crew.loads) - crew.starting)
    loads, chosen, waiting, crowded = dict(crew.loads), dict[StreamId, WorkerId](), list(patient), list[StreamId]()
    for stream in granted:
        if empty := sorted(worker for worker, load in loads.items() if not load):
            chosen[stream] = empty[0]
            del loads[empty[0]]
        else:
            waiting.append(stream)
    apart = frozenset(chosen.values())
    coming = crew.starting + spawn - (len(granted) - len(chosen))
    coming = max(0, min(coming, crew.limit - len(loads)))
    for stream in shared:
        best = _least_loaded(_usable(loads, crew.limit), crew.capacity)
        if best is not None and (loads[best] == 0 or not coming):
            chosen[stream] = best
            loads[best] += 1
        elif coming:
            waiting.append(stream)
        else:
            crowded.append(stream)
    return Placement(chosen, spawn, tuple(waiting), tuple(crowded), apart, dismiss, short)


def room(crew: Crew) -> tuple[int, int]:
    """Return how many more streams the shared workers can hold, and how many of them can still be started."""
    free = sum(max(0, crew.capacity[worker] - load) for worker, load in _usable(crew.loads, crew.limit).items())
    return free, max(0, crew.limit - len(crew.loads) - crew.starting)


def idle(crew: Crew) -> tuple[WorkerId, ...]:
    """Return the workers that nobody needs: of one stream that has ended, and empty ones beyond the limit."""
    done = [worker for worker, one in crew.lonely.items() if not one.busy and not one.leaving]
    empty = sorted(worker for worker, load in crew.loads.items() if not load)
    return (*done, *empty[: max(0, len(crew.loads) - crew.limit)])


def _short(homeless: Sequence[StreamId], cores: Cores, needs: Mapping[StreamId, float]) -> Mapping[StreamId, Barrier]:
    """Return the streams for which there are not enough cores: whoever comes first has them."""
    short = {}
    for stream in homeless:
        need = needs.get(stream)
        if need is None:
            continue
        if cores.fits(need):
            cores = cores.plus(need)
        else:
            short[stream] = Barrier(key_of(need), cores.sentence(rounded(need)))
    return short


def _apart(
    homeless: Sequence[StreamId], crew: Crew, crashes: Mapping[StreamId, int]
) -> tuple[tuple[StreamId, ...], tuple[StreamId, ...], tuple[WorkerId, ...]]:
    """Return the suspects that get a worker of their own, those that wait for one that ends, and those to be ended."""
    if not crew.lonely_limit:
        return (), (), ()
    suspects = sorted((one for one in homeless if crashes.get(one, 0) >= SUSPECT), key=lambda one: -crashes[one])
    free = max(0, crew.lonely_limit - len(crew.lonely))
    granted, others = suspects[:free], suspects[free:]
    ending = sum(one.leaving for one in crew.lonely.values())
    patient, others = others[:ending], others[ending:]
    staying = sorted((one.crashes, worker) for worker, one in crew.lonely.items() if not one.leaving)
    dismiss = []
    for suspect, (fewer, worker) in zip(others, staying, strict=False):
        if crashes[suspect] > fewer:
            dismiss.append(worker)
            patient.append(suspect)
    return tuple(granted), tuple(patient), tuple(dismiss)


def _usable(loads: Mapping[WorkerId, int], limit: int) -> dict[WorkerId, int]:
    """Return the shared workers without empty ones beyond the limit: those were started for a stream of its own."""
    busy = {worker: load for worker, load in loads.items() if load}
    empty = sorted(worker for worker, load in loads.items() if not load)
    return busy | dict.fromkeys(empty[: max(0, limit - len(busy))], 0)


def _least_loaded(loads: Mapping[WorkerId, int], capacity: Mapping[WorkerId, int]) -> WorkerId | None:
    free: Iterable[WorkerId] = (worker for worker, load in loads.items() if load < capacity[worker])
    return min(free, key=lambda worker: (loads[worker], worker), default=None)
