"""Who gives way to whom where there is not room for all. Pure.

A task that waits ends the run of a less important one of its own project, if that helps it; of these the least important,
then the youngest. Whoever gave way waits in the line again, by its own priority, so it never takes its place back. Files
do not give way: they end by themselves. Nobody gives way to another project: each calls its own tasks important.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from vedette.control.admission import Limits, Used, barrier, counters, in_order
from vedette.model.ids import StreamId
from vedette.model.lifecycle import CLEARING, WANTED, State
from vedette.store.tasks import Standing

HALTED: Final = "priority"
"""Why a task is STOPPED that gave way."""
STEADY_MS: Final = 10_000
"""A task that stands where it is for less than this gives way to nobody: else two could take turns without an end."""

Pair = tuple[Standing, Standing]
"""Who gives way, and to whom."""


def for_limits(
    urgent: Iterable[Standing], running: Sequence[Standing], limits: Limits, in_use: Used, now_ms: int
) -> list[Pair]:
    """Return who gives way to tasks that wait for a stream of an order or a deployment, or for room for one more task.

    Args:
        urgent: those that wait, and that something goes before.
        running: all tasks that have a place.
        limits: what projects are allowed.
        in_use: what is taken already.
        now_ms: milliseconds since the epoch.
    """
    taken, pairs = Counter(in_use), list[Pair]()
    for task in running:
        if task.state in CLEARING and task.stream_id is not None:
            taken.subtract(counters(task, limits))  # soon to be had
    yielding = _yielding(running, now_ms)
    for task in in_order(urgent):
        if barrier(task, limits, taken) is not None:
            victim = next((one for one in yielding if _is_less(one, task) and _helps(one, task, limits, taken)), None)
            if victim is None:
                continue
            yielding.remove(victim)
            taken.subtract(counters(victim, limits))
            pairs.append((victim, task))
        taken.update(counters(task, limits))
    return pairs


def for_room(
    urgent: Iterable[Standing], running: Sequence[Standing], shared: Collection[StreamId], free: int, now_ms: int
) -> list[Pair]:
    """Return who gives way to tasks for whose streams the workers have no room.

    Args:
        urgent: those that wait, and that something goes before.
        running: all tasks that have a place.
        shared: the streams that the shared workers hold.
        free: how many more streams the workers can hold.
        now_ms: milliseconds since the epoch.
    """
    feeding = Counter(task.stream_id for task in running if task.state in WANTED and task.state is not State.PENDING)
    free += sum(not feeding[stream] for stream in shared)  # nobody wants them any more: they are being ended
    yielding = [one for one in _yielding(running, now_ms) if feeding[one.stream_id] == 1 and one.stream_id in shared]
    pairs, served = list[Pair](), set[str | None]()
    for task in in_order(urgent):
        if task.parked_for in served:  # on the same stream
            continue
        if free > 0:
            free -= 1
        elif victim := next((one for one in yielding if _is_less(one, task)), None):
            yielding.remove(victim)
            pairs.append((victim, task))
        else:
            continue
        served.add(task.parked_for)
    return pairs


def _yielding(running: Iterable[Standing], now_ms: int) -> list[Standing]:
    """Return who can give way, who does so first first."""
    found = [
        task
        for task in running
        if task.state in (State.RUNNING, State.ABNORMAL)
        and str(task.stream_id) != task.run_id  # a stream of its own is a file's
        and now_ms - task.updated_at >= STEADY_MS
    ]
    return list(reversed(in_order(found)))


def _is_less(one: Standing, other: Standing) -> bool:
    return one.project_id == other.project_id and one.priority > other.priority


def _helps(victim: Standing, task: Standing, limits: Limits, taken: Used) -> bool:
    without = Counter(taken)
    without.subtract(counters(victim, limits))
    return barrier(task, limits, without) is None
