"""What the workers say, kept in memory: it is said again every second, so nothing is lost with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from vedette.model.ids import StreamId, WorkerId
from vedette.model.stream import StreamReport, Sync


@dataclass(slots=True)
class WorkerView:
    """A worker as it was last heard.

    Attributes:
        heard_at: seconds of the monotonic clock.
        since: when it was first heard, seconds of the monotonic clock.
        number: of the newest sync that was heard.
    """

    id: WorkerId
    node: str
    pid: int
    capacity: int
    heard_at: float
    since: float
    reports: Mapping[StreamId, StreamReport] = field(default_factory=dict)
    number: int = 0


class Fleet:
    """All workers that have been heard since this service started."""

    def __init__(self) -> None:
        self._workers: dict[WorkerId, WorkerView] = {}

    def heard(self, sync: Sync, at: float) -> bool:
        """Take down what a worker says; return whether it says something new that a decision may hang on."""
        known = self._workers.get(sync.worker_id)
        if known is not None and sync.number < known.number:  # overtaken: what it says was so before
            known.heard_at = at
            return False
        reports = {report.stream_id: report for report in sync.streams}
        news = known is None or _gist(known.reports) != _gist(reports)
        self._workers[sync.worker_id] = WorkerView(
            sync.worker_id,
            sync.node,
            sync.pid,
            sync.capacity,
            at,
            known.since if known else at,
            reports,
            sync.number,
        )
        return news

    def pardon(self, seconds: float, now: float) -> None:
        """Leave out of everybody's silence a time in which nobody could be heard."""
        for view in self._workers.values():
            view.heard_at = min(now, view.heard_at + seconds)

    def forget(self, worker_id: WorkerId) -> None:
        """Drop a worker that is gone."""
        self._workers.pop(worker_id, None)

    def get(self, worker_id: WorkerId) -> WorkerView | None:
        """Return a worker, if it has been heard."""
        return self._workers.get(worker_id)

    def all(self) -> tuple[WorkerView, ...]:
        """Return all workers that have been heard."""
        return tuple(self._workers.values())


def _gist(reports: Mapping[StreamId, StreamReport]) -> object:
    """Leave out the counters, which change all the time."""
    return {
        stream_id: (
            report.epoch,
            report.revision,
            report.state,
            report.failure,
            [(r.run_id, r.note, r.failure, r.service_version, r.trying, r.given_up) for r in report.runs],
        )
        for stream_id, report in reports.items()
    }
