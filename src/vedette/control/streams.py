"""The streams as their workers see them, and whose they are."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from vedette.control.decisions import SILENT_S
from vedette.control.fleet import Fleet
from vedette.model.ids import ProjectId, StreamId, TaskId
from vedette.model.stream import StreamReport
from vedette.store.feeding import Feeding


@dataclass(frozen=True, slots=True)
class Standing:
    """A stream that exists now.

    Attributes:
        tasks: those of the project that feed on it.
        node: the machine that reads it.
    """

    project_id: ProjectId
    tasks: tuple[TaskId, ...]
    node: str
    report: StreamReport


class Streams:
    """Joins what workers report with what the database knows."""

    def __init__(self, fleet: Fleet, monotonic: Callable[[], float]) -> None:
        self._fleet, self._monotonic = fleet, monotonic

    def standing(self, feeding: Sequence[Feeding]) -> Iterator[Standing]:
        """Yield those of the streams that a worker which is heard reports."""
        now = self._monotonic()
        reported: dict[StreamId, tuple[str, StreamReport]] = {}
        for view in self._fleet.all():
            if now - view.heard_at > SILENT_S:
                continue
            for stream_id, report in view.reports.items():
                known = reported.get(stream_id)
                if known is None or known[1].epoch < report.epoch:
                    reported[stream_id] = view.node, report
        for one in feeding:
            if found := reported.get(one.stream_id):
                yield Standing(one.project_id, one.tasks, *found)
