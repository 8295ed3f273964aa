"""Which streams are told, and whose."""

from vedette.control.decisions import SILENT_S
from vedette.control.fleet import Fleet
from vedette.control.streams import Streams
from vedette.model.ids import ProjectId, StreamId, TaskId, WorkerId
from vedette.model.stream import StreamReport, StreamState, StreamStats, Sync
from vedette.store.feeding import Feeding

ONE, TWO = StreamId("s1"), StreamId("s2")


def report(stream: StreamId, epoch: int, decoded: int) -> StreamReport:
    return StreamReport(stream, epoch, "r", StreamState.FLOWING, None, StreamStats(decoded=decoded), ())


def says(fleet: Fleet, worker: str, at: float, *reports: StreamReport) -> None:
    fleet.heard(Sync(WorkerId(worker), "node-" + worker, 1, 8, 1.0, reports), at)


def feeding(stream: StreamId, project: str = "p") -> Feeding:
    return Feeding(stream, ProjectId(project), (TaskId("t"),))


def test_only_the_streams_asked_for_are_told() -> None:
    """The workers hold those of every project; who asks gets the own ones."""
    fleet = Fleet()
    says(fleet, "a", 10.0, report(ONE, 1, 5), report(TWO, 1, 7))
    [one] = Streams(fleet, lambda: 10.5).standing([feeding(TWO, "mine")])
    assert (one.report.stream_id, one.project_id, one.node) == (TWO, "mine", "node-a")


def test_of_two_workers_who_report_a_stream_the_present_holder_is_believed() -> None:
    """It was taken over; the old one has not noticed yet."""
    fleet = Fleet()
    says(fleet, "old", 10.0, report(ONE, 1, 500))
    says(fleet, "new", 10.0, report(ONE, 2, 3))
    [one] = Streams(fleet, lambda: 10.5).standing([feeding(ONE)])
    assert (one.node, one.report.stats.decoded) == ("node-new", 3)


def test_what_a_silent_worker_said_is_not_told_any_more() -> None:
    """It may be dead: old figures would look like a stream that flows."""
    fleet = Fleet()
    says(fleet, "a", 10.0, report(ONE, 1, 5))
    assert not list(Streams(fleet, lambda: 10.1 + SILENT_S).standing([feeding(ONE)]))
