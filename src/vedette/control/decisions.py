"""The reconciler's mind, without its hands: what is wanted and what is seen give what to do. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum, auto
from itertools import product
from typing import Any, Final

from vedette.control.fleet import WorkerView
from vedette.model.failure import Failure
from vedette.model.ids import StreamId, WorkerId
from vedette.model.lifecycle import CLEARING, WANTED, Signal, State, is_wanted, path
from vedette.model.stream import RunReport, StreamReport, StreamState
from vedette.store.assignments import Holding
from vedette.store.tasks import STATUS_LENGTH, Standing

G = Signal


class Seen(StrEnum):
    """What is seen of a task."""

    NOTHING = auto()
    """Nobody holds its stream."""
    UNHEARD = auto()
    """Somebody holds it, and has no picture to show yet."""
    ALIVE = auto()
    SICK = auto()
    """The source is away; it is tried again."""
    SILENT = auto()
    """Its worker has not been heard for a while, but its lease is not over."""
    ENDED = auto()
    REFUSED = auto()
    BROKEN = auto()


RUN, REST = True, False

DECISIONS: Final[Mapping[tuple[bool, Seen], tuple[Signal, ...]]] = {
    (RUN, Seen.NOTHING): (G.LOST,),
    (RUN, Seen.UNHEARD): (),
    (RUN, Seen.ALIVE): (G.STARTED,),
    (RUN, Seen.SICK): (G.SICK,),
    (RUN, Seen.SILENT): (G.LOST,),
    (RUN, Seen.ENDED): (G.STARTED, G.ENDED),
    (RUN, Seen.REFUSED): (G.REFUSED, G.CRASHED),
    (RUN, Seen.BROKEN): (G.STARTED, G.CRASHED),
    (REST, Seen.NOTHING): (G.STOPPED,),
    (REST, Seen.UNHEARD): (),
    (REST, Seen.ALIVE): (),
    (REST, Seen.SICK): (),
    (REST, Seen.SILENT): (),
    (REST, Seen.ENDED): (G.STOPPED,),
    (REST, Seen.REFUSED): (G.STOPPED,),
    (REST, Seen.BROKEN): (G.STOPPED,),
}
"""wanted, seen -> what the task is told. A task that is to run and that nobody holds is placed besides. A task that is
to rest is out of its worker's orders the moment its state says so; it only has to be waited for."""

assert set(DECISIONS) == set(product((RUN, REST), Seen)), "a case was forgotten"

STREAM_SEEN: Final[Mapping[StreamState, Seen]] = {
    StreamState.OPENING: Seen.UNHEARD,
    StreamState.FLOWING: Seen.ALIVE,
    StreamState.AWAY: Seen.SICK,
    StreamState.ENDED: Seen.ENDED,
    StreamState.REFUSED: Seen.REFUSED,
    StreamState.FAILED: Seen.BROKEN,
}

NO_SERVICE: Final = "Its service was stopped in this project; deploy the service, then start the task."
UNDEPLOYED: Final = "its service was stopped"

AGAIN: Final = "Trying again: "
"""What the status of a task begins with whose file is tried anew; the reason stands behind it."""
_SETTLED: Final = frozenset({Seen.ALIVE, Seen.SICK, Seen.ENDED, Seen.REFUSED, Seen.BROKEN})

SILENT_S: Final = 2.5
"""A worker speaks every second; after this long without a word its tasks are RECOVERING."""


@dataclass(frozen=True, slots=True)
class Act:
    """What a round does to one task."""

    task: Standing
    path: Sequence[State]
    cause: str
    columns: Mapping[str, Any] = field(default_factory=dict)
    takes_back: bool = False
    """Whether it is to stand on the former version of its service again."""


def find(
    task: Standing, held: Mapping[StreamId, Holding], fleet: Mapping[WorkerId, WorkerView], now: float
) -> tuple[Seen, StreamReport | None, RunReport | None]:
    """Return what is seen of a task, and the words of its worker that show it.

    Args:
        now: seconds of the monotonic clock.
    """
    holding = held.get(task.stream_id) if task.stream_id else None
    if holding is None or holding.worker_id is None:
        return Seen.NOTHING, None, None
    worker = fleet.get(holding.worker_id)
    if worker is None or now - worker.heard_at > SILENT_S:
        return Seen.SILENT, None, None
    report = worker.reports.get(holding.stream_id)
    if report is None or report.epoch != holding.epoch:
        return (Seen.NOTHING if task.state in CLEARING else Seen.UNHEARD), None, None
    run = next((run for run in report.runs if run.run_id == task.run_id), None)
    if run is not None and run.failure:
        seen = Seen.BROKEN if run.frames else Seen.REFUSED
    elif run is not None or report.state in (StreamState.REFUSED, StreamState.FAILED):
        seen = STREAM_SEEN[report.state]  # one that failed may have ended before it could take up its runs
    else:
        seen = Seen.NOTHING if task.state in CLEARING else Seen.UNHEARD
    return seen, report, run


def decide(task: Standing, seen: Seen, report: StreamReport | None, run: RunReport | None) -> Act:
    """Return what to do to a task.

    A report that tells a state nothing new leaves it as it is.
    """
    given_up = run.given_up if run is not None and task.state in WANTED else None
    if given_up is not None and given_up.service_version == task.service_version:
        return _give_up(task, given_up.failure)
    passed = path(task.state, _signals(task, seen, run))
    failure = (run.failure if run else None) or (report.failure if report else None)
    columns: dict[str, Any] = {}
    if passed and passed[-1] not in WANTED and passed[-1] is not State.DELETING:
        columns |= {"stream_id": None}
    if seen is Seen.ALIVE and run is not None and task.state in WANTED:
        columns |= _if_new(task, status=run.note, error_code=None)
    elif failure is not None and seen in (Seen.SICK, Seen.REFUSED, Seen.BROKEN):
        columns |= _if_new(task, error_code=failure.code)
    elif failure is not None and seen is Seen.UNHEARD and task.state in WANTED:  # a file is tried for a while
        columns |= _if_new(task, status=f"{AGAIN}{failure.message}"[:STATUS_LENGTH])
    if "error_code" in columns:
        columns["error_message"] = failure.message if failure and columns["error_code"] else None
    if seen is Seen.ENDED:
        columns |= {"error_code": None, "error_message": None}
    if "status" not in columns and task.status.startswith(AGAIN) and seen in _SETTLED:
        columns["status"] = ""
    return Act(task, passed, _cause(task, seen, failure), columns)


def _signals(task: Standing, seen: Seen, run: RunReport | None) -> tuple[Signal, ...]:
    """Return what a task is told; one that is UPGRADING waits until the new version has seen its first pictures."""
    if task.state is not State.UPGRADING:
        return DECISIONS[task.state in WANTED, seen]
    if not is_wanted(task.state, task.resume):
        return DECISIONS[REST, Seen.NOTHING]
    if seen in (Seen.REFUSED, Seen.BROKEN):
        return (G.REFUSED,)
    version = task.service_version
    if seen is Seen.SICK:  # no picture will come; with the first one it is tried
        return (G.REFUSED,) if run is not None and version in (run.service_version, run.trying) else ()
    if seen is Seen.ALIVE and (run is None or run.service_version != version):
        return ()
    return DECISIONS[RUN, seen]


def _give_up(task: Standing, failure: Failure) -> Act:
    """Return what to do to a task whose new version broke at once, while the former one goes on in its place."""
    columns = _if_new(task, error_code=failure.code)
    if columns:
        columns["error_message"] = failure.message
    cause = f"the version {task.service_version} broke: {failure.message}"
    return Act(task, path(task.state, (G.SICK, G.REFUSED)), cause, columns, task.former_version is not None)


def halt(act: Act) -> Act:
    """Return what to do to a task whose service is not deployed any more: besides all else, it is stopped.

    One that waits goes on waiting; it starts when the service is deployed again.
    """
    here = act.path[-1] if act.path else act.task.state
    if here not in WANTED or here is State.PENDING:
        return act
    columns = {**act.columns, "status": NO_SERVICE, "halted_by": "no_service"}
    return replace(act, path=[*act.path, *path(here, (G.STOP,))], cause=UNDEPLOYED, columns=columns)


def _if_new(task: Standing, **columns: Any) -> dict[str, Any]:
    return {name: value for name, value in columns.items() if getattr(task, name) != value}


def _cause(task: Standing, seen: Seen, failure: Failure | None) -> str:
    if failure:
        return failure.message
    if task.state is State.UPGRADING and (seen is Seen.ALIVE or not is_wanted(task.state, task.resume)):
        return f"it is on the version {task.service_version}"
    return CAUSES[seen]


CAUSES: Final[Mapping[Seen, str]] = {
    Seen.NOTHING: "no worker holds it",
    Seen.UNHEARD: "its worker has not said anything yet",
    Seen.ALIVE: "pictures flow",
    Seen.SICK: "the source is away",
    Seen.SILENT: "its worker has fallen silent",
    Seen.ENDED: "the file is finished",
    Seen.REFUSED: "the source cannot be opened",
    Seen.BROKEN: "it broke",
}
