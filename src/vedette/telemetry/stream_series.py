"""Series of each stream that exists now, made when they are asked for: nothing is left of a stream that is gone."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from vedette.model.ids import ProjectId
from vedette.model.stream import StreamReport, StreamState, StreamStats

_GAUGES: Final[tuple[tuple[str, str, Callable[[StreamStats], float]], ...]] = (
    ("fps_in", "Pictures a second that came, lately.", lambda stats: stats.fps_in),
    ("fps_analysed", "Pictures a second that were analysed, lately.", lambda stats: stats.fps_analysed),
    ("bits_per_second", "Bits of video a second, lately.", lambda stats: stats.bits_per_s),
    ("lag_seconds", "How far the picture analysed last was behind the source.", lambda stats: stats.lag_s),
    (
        "last_frame_timestamp_seconds",
        "When the last picture came; 0 for never.",
        lambda stats: stats.last_frame_ms / 1e3,
    ),
    ("width_pixels", "Width of its pictures.", lambda stats: stats.width),
    ("height_pixels", "Height of its pictures.", lambda stats: stats.height),
)
_COUNTERS: Final[tuple[tuple[str, str, Callable[[StreamStats], float]], ...]] = (
    ("frames_decoded", "Pictures decoded.", lambda stats: stats.decoded),
    ("frames_analysed", "Pictures analysed.", lambda stats: stats.analysed),
    ("bytes", "Bytes of video that came.", lambda stats: stats.bytes_in),
    ("reconnects", "Connections lost, or not made, and tried again.", lambda stats: stats.reconnects),
    ("corrupt_packets", "Packets damaged, or refused by the decoder.", lambda stats: stats.corrupt),
)
_LABELS: Final = ("stream", "project")


@dataclass(frozen=True, slots=True)
class StreamSample:
    """A stream, and whose it is."""

    project_id: ProjectId
    report: StreamReport

    @property
    def labels(self) -> list[str]:
        """Its labels: ids that say nothing, in the order of `_LABELS`."""
        return [self.report.stream_id, self.project_id]


class StreamSeries(Collector):
    """Tells what it was told last."""

    def __init__(self) -> None:
        self._samples: Sequence[StreamSample] = ()

    def tell(self, samples: Iterable[StreamSample]) -> None:
        """Take the streams that exist now in place of those before."""
        self._samples = tuple(samples)

    def collect(self) -> Iterator[Metric]:
        """Yield the series."""
        samples = self._samples
        for name, text, value in _GAUGES:
            gauge = GaugeMetricFamily(f"vedette_stream_{name}", text, labels=_LABELS)
            for one in samples:
                gauge.add_metric(one.labels, value(one.report.stats))
            yield gauge
        for name, text, value in _COUNTERS:
            counter = CounterMetricFamily(f"vedette_stream_{name}", text, labels=_LABELS)
            for one in samples:
                counter.add_metric(one.labels, value(one.report.stats))
            yield counter
        yield self._dropped(samples)
        yield from self._standing(samples)

    def _dropped(self, samples: Sequence[StreamSample]) -> Metric:
        dropped = CounterMetricFamily(
            "vedette_stream_frames_dropped", "Pictures not analysed, by reason.", labels=(*_LABELS, "reason")
        )
        for one in samples:
            for reason, number in one.report.stats.dropped.items():
                dropped.add_metric([*one.labels, reason], number)
        return dropped

    def _standing(self, samples: Sequence[StreamSample]) -> Iterator[Metric]:
        up = GaugeMetricFamily("vedette_stream_up", "1 while pictures come.", labels=_LABELS)
        info = GaugeMetricFamily(
            "vedette_stream_info",
            "1; its state, codec, and the code of its failure.",
            labels=(*_LABELS, "state", "codec", "failure"),
        )
        for one in samples:
            report = one.report
            up.add_metric(one.labels, float(report.state is StreamState.FLOWING))
            code = report.failure.code if report.failure else ""
            info.add_metric([*one.labels, report.state, report.stats.codec, code], 1)
        yield up
        yield info
