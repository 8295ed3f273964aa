"""What can be counted: one object, made by the app, handed to whoever counts.

Labels hold only words of ours (a route's template, a state, a kind, a reason): never a caller's text or address, so
that the number of series stays small and nothing leaks. The one exception are the series of each stream, which bear the
ids of stream and project: there are only as many as streams exist at that moment, and an id says nothing.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from vedette.telemetry.stream_series import StreamSeries

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

_REQUEST_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_LAG_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0, 86400.0)
_BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """All metrics of one process, in a registry of their own.

    Attributes:
        http_requests: answered requests, by `method`, `route` (its template) and `status`.
        http_seconds: how long answers took, by `route`.
        tasks: tasks now, by `state`.
        streams: streams now, by `state`.
        frames_decoded: pictures decoded.
        frames_analysed: pictures handed to an algorithm.
        frames_dropped: pictures not analysed, by `reason`.
        bytes_in: bytes of video that came.
        reconnects: connections to sources lost, or not made, and tried again.
        corrupt_packets: packets that came damaged, or that a decoder refused.
        per_stream: the series of each stream that exists now, by `stream` and `project`.
        events_stored: events committed.
        events_repeated: events of a replay, known already.
        events_refused: events or pictures that were too large, by `reason` (`message_size`, `picture_size`).
        storage_failures: attempts to store what workers handed over that failed, by `reason` (`pictures`, `database`).
        storage_failing: 1 while the last of them failed.
        events_kept: events that are kept.
        events_kept_limit: how many may be.
        events_bytes: bytes of their messages and pictures.
        events_bytes_limit: how many those may be.
        events_oldest_seconds: for how long the first of them has been kept.
        events_removed: events that went, by `reason`: `age`, or to make room (`count`, `size`).
        disk_free_bytes: bytes that are free where the pictures are.
        deliveries: attempts that ended, by `kind` of output and `outcome` (`done`, `later`, `dead`).
        delivery_seconds: from the event's commit to its delivery, by `kind`.
        outbox_pending: rows that still have to be delivered.
        outbox_oldest_seconds: for how long the first of the rows that are due has been waiting.
        outbox_fullest: rows in the longest queue of a destination.
        outbox_limit: rows a destination's queue may have; what is beyond becomes dead letters.
        dead_letters: rows given up.
        destinations_paused: destinations that are away and probed with single rows.
        broker_links: brokers that are connected to.
        data_stream_bytes: data that all data streams hold.
        data_stream_fullest: data that the fullest of them holds.
        data_records_removed: records of data streams that were removed, by `reason` (`age`, `size`).
        workers_up: workers with a valid lease.
        workers_started: worker processes started.
        lease_losses: leases that ended without a renewal.
        acts: 1 while this service acts; of several on one database one does.
        db_batch: writes in one commit.
    """

    def __init__(self, *, process: bool = True) -> None:
        self.registry = CollectorRegistry()
        if process:
            ProcessCollector(registry=self.registry)
        self._traffic()
        self._work()
        self._delivery()

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"vedette_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"vedette_{name}", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"vedette_{name}", text, labels, registry=self.registry, buckets=buckets)

    def _traffic(self) -> None:
        self.http_requests = self._counter("http_requests", "Answered requests.", "method", "route", "status")
        self.http_seconds = self._histogram("http_seconds", "Time to the answer.", _REQUEST_SECONDS, "route")
        self.db_batch = self._histogram("db_batch_writes", "Writes in one commit.", _BATCH_SIZES)

    def _work(self) -> None:
        self.tasks = self._gauge("tasks", "Tasks now.", "state")
        self.streams = self._gauge("streams", "Streams now.", "state")
        self.frames_decoded = self._counter("frames_decoded", "Pictures decoded.")
        self.frames_analysed = self._counter("frames_analysed", "Pictures handed to an algorithm.")
        self.frames_dropped = self._counter("frames_dropped", "Pictures not analysed.", "reason")
        self.bytes_in = self._counter("bytes_in", "Bytes of video that came.")
        self.reconnects = self._counter("reconnects", "Connections to sources lost, or not made, and tried again.")
        self.corrupt_packets = self._counter("corrupt_packets", "Packets damaged, or refused by a decoder.")
        self.per_stream = StreamSeries()
        self.registry.register(self.per_stream)
        self.events_stored = self._counter("events_stored", "Events committed.")
        self.events_refused = self._counter("events_refused", "Events or pictures that were too large.", "reason")
        self.events_repeated = self._counter("events_repeated", "Events of a replay, known already.")
        self.storage_failures = self._counter("storage_failures", "Attempts to store events that failed.", "reason")
        self.storage_failing = self._gauge("storage_failing", "Whether the last attempt to store events failed.")
        self.events_kept = self._gauge("events_kept", "Events that are kept.")
        self.events_kept_limit = self._gauge("events_kept_limit", "Events that may be kept.")
        self.events_bytes = self._gauge("events_bytes", "Bytes of the events that are kept, pictures included.")
        self.events_bytes_limit = self._gauge("events_bytes_limit", "Bytes of events that may be kept.")
        self.events_oldest_seconds = self._gauge("events_oldest_seconds", "Age of the oldest event that is kept.")
        self.events_removed = self._counter("events_removed", "Events removed.", "reason")
        self.disk_free_bytes = self._gauge("disk_free_bytes", "Bytes that are free where the pictures are.")
        self.workers_up = self._gauge("workers_up", "Workers with a valid lease.")
        self.workers_started = self._counter("workers_started", "Worker processes started.")
        self.lease_losses = self._counter("lease_losses", "Leases that ended without a renewal.")
        self.acts = self._gauge("acts", "Whether this service acts: of several on one database one does.")

    def _delivery(self) -> None:
        self.deliveries = self._counter("deliveries", "Delivery attempts that ended.", "kind", "outcome")
        self.delivery_seconds = self._histogram("delivery_seconds", "From commit to delivery.", _LAG_SECONDS, "kind")
        self.outbox_pending = self._gauge("outbox_pending", "Rows still to be delivered.")
        self.outbox_oldest_seconds = self._gauge("outbox_oldest_seconds", "Age of the first row that is due.")
        self.outbox_fullest = self._gauge("outbox_fullest", "Rows in the longest queue of a destination.")
        self.outbox_limit = self._gauge("outbox_limit", "Rows a destination's queue may have.")
        self.dead_letters = self._gauge("dead_letters", "Rows given up.")
        self.destinations_paused = self._gauge("destinations_paused", "Destinations that are away.")
        self.broker_links = self._gauge("broker_links", "Brokers that are connected to.")
        self.data_stream_bytes = self._gauge("data_stream_bytes", "Data in all data streams.")
        self.data_stream_fullest = self._gauge("data_stream_fullest_bytes", "Data in the fullest data stream.")
        self.data_records_removed = self._counter("data_records_removed", "Records of data streams removed.", "reason")

    def render(self) -> bytes:
        """Return all metrics in the text format of Prometheus (`CONTENT_TYPE`)."""
        return generate_latest(self.registry)
