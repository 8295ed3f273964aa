"""What /metrics tells."""

from typing import Any

from vedette.model.failure import Failure
from vedette.model.ids import ProjectId, StreamId
from vedette.model.stream import StreamReport, StreamState, StreamStats
from vedette.telemetry.metrics import Metrics
from vedette.telemetry.stream_series import StreamSample

ALLOWED_LABELS = {"method", "route", "status", "state", "reason", "kind", "outcome", "le"}


def test_two_services_in_one_process_do_not_share_counters() -> None:
    """A registry of its own: tests and embedded services must not add up."""
    one, two = Metrics(process=False), Metrics(process=False)
    one.events_stored.inc(3)
    assert b"vedette_events_stored_total 3.0" in one.render()
    assert b"vedette_events_stored_total 0.0" in two.render()


def test_no_label_can_hold_what_a_caller_wrote() -> None:
    """Ids, names and addresses as labels would leak, and would grow without bound."""
    metrics = Metrics(process=False)
    for metric in vars(metrics).values():
        assert set(getattr(metric, "_labelnames", ())) <= ALLOWED_LABELS


def test_every_metric_is_described() -> None:
    """The docstring is the reference: whoever adds a metric says what it means."""
    for name in vars(Metrics(process=False)):
        if name != "registry":
            assert f"        {name}:" in (Metrics.__doc__ or ""), name


def test_the_process_tells_its_memory() -> None:
    """Operators watch it, and the idle footprint is a promise."""
    assert b"process_resident_memory_bytes" in Metrics().render()


def _stream(stream_id: str, state: StreamState, **stats: Any) -> StreamSample:
    failure = None if state is StreamState.FLOWING else Failure("VEDETTE.1001", "rtsp://cam:554 cannot be reached")
    report = StreamReport(StreamId(stream_id), 1, "r", state, failure, StreamStats(**stats), ())
    return StreamSample(ProjectId("p1"), report)


def test_each_stream_has_its_series_as_long_as_it_exists() -> None:
    """Labels that only grow would fill the memory of whoever collects them."""
    metrics = Metrics(process=False)
    metrics.per_stream.tell(
        [
            _stream("s1", StreamState.FLOWING, decoded=50, fps_in=25.0, dropped={"behind": 3}, codec="h264"),
            _stream("s2", StreamState.AWAY, reconnects=7),
        ]
    )
    told = metrics.render().decode()
    assert 'vedette_stream_frames_decoded_total{project="p1",stream="s1"} 50.0' in told
    assert 'vedette_stream_fps_in{project="p1",stream="s1"} 25.0' in told
    assert 'vedette_stream_frames_dropped_total{project="p1",reason="behind",stream="s1"} 3.0' in told
    assert 'vedette_stream_reconnects_total{project="p1",stream="s2"} 7.0' in told
    assert 'vedette_stream_up{project="p1",stream="s2"} 0.0' in told
    assert 'codec="",failure="VEDETTE.1001",project="p1",state="away",stream="s2"' in told
    assert "cam:554" not in told, "no address leaks"
    metrics.per_stream.tell([_stream("s1", StreamState.FLOWING)])
    assert b"s2" not in metrics.render()
