"""What is counted, from what the workers say and what the database holds."""

from collections import Counter
from collections.abc import Callable

from vedette.control.decisions import SILENT_S
from vedette.control.fleet import Fleet
from vedette.control.streams import Streams
from vedette.model.ids import StreamId
from vedette.model.lifecycle import State
from vedette.model.stream import StreamState, StreamStats
from vedette.store import data_streams, tasks
from vedette.store import feeding as stream_feeding
from vedette.store.db import Database
from vedette.telemetry.metrics import Metrics
from vedette.telemetry.stream_series import StreamSample


class Gauges:
    """Brings the metrics up to date."""

    def __init__(self, db: Database, fleet: Fleet, metrics: Metrics, monotonic: Callable[[], float]) -> None:
        self._db = db
        self._fleet = fleet
        self._metrics = metrics
        self._monotonic = monotonic
        self._counted: dict[tuple[StreamId, int], StreamStats] = {}

    async def run_once(self) -> None:
        """Do one round."""
        by_state = await self._db.read(tasks.count_by_state)
        for state in State:
            self._metrics.tasks.labels(state=state).set(by_state.get(state, 0))
        fill = await self._db.read(data_streams.fill)
        self._metrics.data_stream_bytes.set(fill.bytes)
        self._metrics.data_stream_fullest.set(fill.fullest)
        now = self._monotonic()
        known = self._fleet.all()
        live = [view for view in known if now - view.heard_at <= SILENT_S]
        self._metrics.workers_up.set(len(live))
        states = Counter(report.state for view in live for report in view.reports.values())
        for standing in StreamState:
            self._metrics.streams.labels(state=standing).set(states[standing])
        # the silent ones too: a worker that is heard again goes on counting where it stood
        seen = {(report.stream_id, report.epoch): report.stats for view in known for report in view.reports.values()}
        feeding = await self._db.read(stream_feeding.of)
        present = Streams(self._fleet, self._monotonic).standing(feeding)
        self._metrics.per_stream.tell(StreamSample(one.project_id, one.report) for one in present)
        for key, stats in seen.items():
            self._add(self._counted.get(key, StreamStats()), stats)
        self._counted = seen

    def _add(self, before: StreamStats, after: StreamStats) -> None:
        self._metrics.frames_decoded.inc(max(0, after.decoded - before.decoded))
        self._metrics.frames_analysed.inc(max(0, after.analysed - before.analysed))
        self._metrics.bytes_in.inc(max(0, after.bytes_in - before.bytes_in))
        self._metrics.reconnects.inc(max(0, after.reconnects - before.reconnects))
        self._metrics.corrupt_packets.inc(max(0, after.corrupt - before.corrupt))
        for reason, number in after.dropped.items():
            grown = number - before.dropped.get(reason, 0)
            self._metrics.frames_dropped.labels(reason=reason).inc(max(0, grown))
