"""What the workers say: kept, counted, and told apart from mere counters."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from vedette.control.bell import Bell, heard
from vedette.control.fleet import Fleet
from vedette.control.gauges import Gauges
from vedette.model.failure import Failure
from vedette.model.ids import ProjectId, RunId, StreamId, TaskId, WorkerId
from vedette.model.stream import RunReport, StreamReport, StreamState, StreamStats, Sync
from vedette.store import data_streams, feeding
from vedette.telemetry.metrics import Metrics

W = WorkerId("w")
STATS = StreamStats(decoded=100, analysed=40, dropped={"budget": 60})
REPORT = StreamReport(
    StreamId("s"), 1, "r", StreamState.FLOWING, None, STATS, (RunReport(RunId("a"), 40, 0, "motion"),)
)


def sync(*reports: StreamReport) -> Sync:
    return Sync(W, "here", 1, 60, 1.0, reports)


@pytest.mark.parametrize(
    "later",
    [
        replace(REPORT, epoch=2),
        replace(REPORT, revision="r2"),
        replace(REPORT, state=StreamState.AWAY),
        replace(REPORT, failure=Failure("VEDETTE.1001", "Nobody answers.")),
        replace(REPORT, runs=()),
        replace(REPORT, runs=(replace(REPORT.runs[0], note="yolox"),)),
        replace(REPORT, runs=(replace(REPORT.runs[0], failure=Failure("VEDETTE.3002", "It raised.")),)),
    ],
)
def test_what_a_decision_may_hang_on_is_news(later: StreamReport) -> None:
    """The loops are woken for it at once."""
    fleet = Fleet()
    assert fleet.heard(sync(REPORT), 1.0)
    assert not fleet.heard(sync(REPORT), 2.0)
    assert fleet.heard(sync(later), 3.0)
    assert fleet.heard(sync(), 4.0)


def test_what_was_overtaken_on_its_way_is_not_believed() -> None:
    """A camera that was reported away must not be told to be back by a report that was made before."""
    fleet = Fleet()
    away = replace(REPORT, state=StreamState.AWAY)
    assert fleet.heard(replace(sync(REPORT), number=1), 1.0)
    assert fleet.heard(replace(sync(away), number=3), 2.0)
    assert not fleet.heard(replace(sync(REPORT), number=2), 3.0)
    view = fleet.get(W)
    assert view is not None
    assert view.reports[StreamId("s")].state is StreamState.AWAY
    assert view.heard_at == 3.0, "it lives, all the same"
    assert fleet.heard(replace(sync(REPORT), number=4), 4.0)


def test_counters_are_no_news() -> None:
    """A hundred streams that count must not keep the loops turning."""
    fleet = Fleet()
    fleet.heard(sync(REPORT), 1.0)
    counted = replace(REPORT, stats=StreamStats(decoded=200), runs=(replace(REPORT.runs[0], frames=80, events=3),))
    assert not fleet.heard(sync(counted), 2.0)
    view = fleet.get(W)
    assert view is not None
    assert (view.heard_at, view.since, view.reports[StreamId("s")]) == (2.0, 1.0, counted)


def test_a_forgotten_worker_is_new_when_it_speaks_again() -> None:
    """It was buried; what it says counts from now on."""
    fleet = Fleet()
    fleet.heard(sync(), 1.0)
    fleet.forget(W)
    assert fleet.all() == ()
    assert fleet.heard(sync(), 2.0)


class Counts:
    """A database with two tasks that run on the stream."""

    async def read(self, unit: Callable[..., Any]) -> Any:
        if unit is data_streams.fill:
            return data_streams.Fill(300, 200)
        if unit is feeding.of:
            return [feeding.Feeding(StreamId("s"), ProjectId("p"), (TaskId("t1"), TaskId("t2")))]
        return {"RUNNING": 2}


def value(metrics: Metrics, line: str) -> float:
    """Return the value of a line of /metrics."""
    found = [text for text in metrics.render().decode().splitlines() if text.startswith(f"{line} ")]
    return float(found[0].split()[-1])


async def test_pictures_are_counted_once_over_silence_and_successors() -> None:
    """A counter that jumps back or counts twice makes every graph of it a lie."""
    metrics, fleet, now = Metrics(process=False), Fleet(), [0.0]
    gauges = Gauges(Counts(), fleet, metrics, lambda: now[0])  # type: ignore[arg-type] # reads only
    fleet.heard(sync(REPORT), 0.0)
    await gauges.run_once()
    assert value(metrics, 'vedette_tasks{state="RUNNING"}') == 2
    assert value(metrics, "vedette_data_stream_bytes") == 300
    assert value(metrics, "vedette_data_stream_fullest_bytes") == 200
    assert value(metrics, "vedette_frames_decoded_total") == 100
    assert value(metrics, 'vedette_stream_frames_decoded_total{project="p",stream="s"}') == 100
    now[0] = 60.0  # silent meanwhile
    await gauges.run_once()
    assert value(metrics, "vedette_workers_up") == 0
    assert 'stream="s"' not in metrics.render().decode(), "of a silent worker no stream is told"
    grown = replace(REPORT, stats=replace(STATS, decoded=130, dropped={"budget": 70}))
    fleet.heard(sync(grown), 60.0)
    await gauges.run_once()
    assert value(metrics, "vedette_workers_up") == 1
    assert value(metrics, "vedette_frames_decoded_total") == 130
    assert value(metrics, 'vedette_frames_dropped_total{reason="budget"}') == 70
    fleet.heard(sync(replace(REPORT, epoch=2, stats=StreamStats(decoded=5))), 60.0)  # a successor counts from naught
    await gauges.run_once()
    assert value(metrics, "vedette_frames_decoded_total") == 135


async def test_a_ring_between_listening_and_waiting_is_not_missed() -> None:
    """Listen, look, wait: in this order nothing is lost."""
    bell = Bell()
    ring = bell.listen()
    bell.ring()
    assert await heard(ring, 1.0)
    assert not await heard(bell.listen(), 0.0)


async def test_a_ring_wakes_everybody_who_waits() -> None:
    """Every worker whose answer is held back."""
    bell = Bell()
    waiting = [asyncio.ensure_future(heard(bell.listen(), 5.0)) for _ in range(3)]
    await asyncio.sleep(0)
    bell.ring()
    assert await asyncio.gather(*waiting) == [True, True, True]
