"""A worker: syncs with the control plane, and keeps a thread for each stream it is told to hold.

The same program everywhere; how it was started is no concern of its own. A worker that is not answered within its
lease ends its streams by itself.
"""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import structlog

from vedette.model.errors import Unauthorized, Unavailable
from vedette.model.ids import StreamId
from vedette.model.stream import Assignment, Orders, Sync
from vedette.model.worker import SYNC_WAIT_S, WorkerSpec
from vedette.worker.link import Link
from vedette.worker.looks import Album, Prober
from vedette.worker.meter import Meter
from vedette.worker.spool import Spool
from vedette.worker.stream import Stream
from vedette.worker.tidying import Tidier

log = structlog.get_logger()

ABANDON_S: Final = 2.0
"""A stream that has not ended this long after it was told to is given up: fenced, and no longer reported."""
LINGER_S: Final = 15.0
"""If a thread of it is still there after this, it hangs in native code; nothing but the end of its process ends it."""
HANGING: Final = 4
"""The exit code of a worker that ended for that."""
DRAIN_S: Final = 4.0
RETRY_S: Final = 0.25


class Host:
    """Holds what the control plane says."""

    def __init__(
        self,
        spec: WorkerSpec,
        link: Link,
        make_stream: Callable[[Assignment, Spool, Callable[[], None]], Stream],
        *,
        album: Album,
        prober: Prober,
        monotonic: Callable[[], float] = time.monotonic,
        end: Callable[[], None] = lambda: os._exit(HANGING),
    ) -> None:
        """Take what it works with.

        Args:
            end: ends the process, whatever its threads do; another worker takes its streams.
        """
        self._spec = spec
        self._link = link
        self._make_stream = make_stream
        self._album, self._prober = album, prober
        self._monotonic = monotonic
        self._end_process = end
        self._streams: dict[StreamId, Stream] = {}
        self._ending: list[tuple[float, Stream]] = []
        self._lock = threading.Lock()
        self._news = threading.Event()
        self._stopping = threading.Event()
        self._lease_ends: float | None = None
        self._heard_again = -ABANDON_S  # after nobody had answered for as long as the lease
        self._lingering: list[tuple[float, Stream]] = []
        self._obeyed = self._syncs = 0
        self._tidier = Tidier(monotonic=monotonic)
        self._meter = Meter(monotonic=monotonic)
        self._spool = Spool(spec.worker_id, link.ingest, on_refused=self._refused)
        prober.on_done = self._looked

    def run(self) -> None:
        """Work until told to stop, then hand back what is held."""
        for target in (self._tell_news, self._keep_lease):
            threading.Thread(target=target, name=target.__name__, daemon=True).start()
        while not self._stopping.is_set():
            try:
                self._sync(SYNC_WAIT_S)
            except (Unavailable, Unauthorized) as error:
                log.debug("no answer from the control plane", reason=error.message)
                self._stopping.wait(RETRY_S)
        self._drain()

    def stop(self) -> None:
        """Begin to hand everything back."""
        self._stopping.set()

    def _sync(self, wait_s: float) -> None:
        asked, obeyed = self._monotonic(), self._obeyed
        report = self._report(wait_s)
        orders = self._link.sync(report)
        self._album.told(report.looks)
        with self._lock:
            if self._lease_is_over():
                self._heard_again = self._monotonic()
            self._lease_ends = asked + orders.lease_s
            # Two syncs may be under way, and which answer was made last cannot be known: where another was obeyed
            # meanwhile this one is dropped, or a run could be put back to what it was. The next sync says it again.
            if obeyed == self._obeyed:
                self._obey(orders)
                self._prober.want(() if self._stopping.is_set() else orders.probes)
                self._obeyed += 1
        if orders.drain:
            self._stopping.set()

    def _report(self, wait_s: float) -> Sync:
        with self._lock:
            self._forget_ended()
            cores = self._meter.cores({stream.key: stream.threads() for stream in self._streams.values()})
            reports = [replace(one.report(), cores=cores.get(one.key)) for one in self._streams.values()]
            reports += [stream.report() for _, stream in self._ending if stream.key[0] not in self._streams]
            self._syncs += 1
            spec, looks, number = self._spec, self._album.some(), self._syncs
        return Sync(spec.worker_id, spec.node, os.getpid(), spec.capacity, wait_s, tuple(reports), looks, number)

    def _obey(self, orders: Orders) -> None:
        held = set(orders.held)
        changed = {(order.spec.stream_id, order.epoch): order for order in orders.changed}
        for stream_id, stream in list(self._streams.items()):
            if stream.key not in held and stream.key not in changed:
                self._end(stream_id)
        for key, assignment in changed.items():
            present = self._streams.get(key[0])
            if present is not None and present.key == key:
                if present.assignment.revision != assignment.revision:
                    present.update(assignment)
            elif present is None and key[0] not in {ending.key[0] for _, ending in self._ending}:
                self._streams[key[0]] = self._make_stream(assignment, self._spool, self._news.set)
            elif present is not None:  # an older epoch of ours runs still: it ends first
                self._end(key[0])

    def _end(self, stream_id: StreamId) -> None:
        stream = self._streams.pop(stream_id)
        stream.stop()
        now = self._monotonic()
        self._ending.append((now + ABANDON_S, stream))
        self._lingering.append((now + LINGER_S, stream))
        self._news.set()

    def _forget_ended(self) -> None:
        """Drop streams that have ended and whose events are acknowledged; till then they are reported."""
        left = []
        for deadline, stream in self._ending:
            if stream.join(0) and not self._spool.holds(*stream.key):
                self._tidier.ended()
            elif not self._is_late(deadline):
                left.append((deadline, stream))
            else:
                log.warning("stream does not end, giving it up", stream=stream.key[0])
                self._spool.forget(*stream.key)
        self._ending = left

    def _is_late(self, deadline: float) -> bool:
        """Tell whether a stream had its time to end; where nobody takes its events, they are kept until somebody does."""
        if self._lease_is_over():
            return False
        return self._monotonic() > max(deadline, self._heard_again + ABANDON_S)

    def _leave_if_one_hangs(self) -> None:
        """End the process if a stream that was to end hangs in it; another worker takes the others."""
        now = self._monotonic()
        self._lingering = [(until, stream) for until, stream in self._lingering if stream.lingers()]
        hanging = [stream.key[0] for until, stream in self._lingering if now > until]
        if hanging:
            log.warning("streams hang in native code, so this worker ends", streams=hanging)
            self._lingering = []
            threading.Thread(target=self._leave, name="leave", daemon=True).start()

    def _leave(self) -> None:
        self._spool.close(ABANDON_S / 4)
        self._end_process()

    def _lease_is_over(self) -> bool:
        return self._lease_ends is not None and self._monotonic() > self._lease_ends

    def _looked(self) -> None:
        self._tidier.ended()  # a look opens and closes a source, too
        self._news.set()

    def _refused(self, stream_id: StreamId, epoch: int) -> None:
        """End a stream that is somebody else's now."""
        with self._lock:
            stream = self._streams.get(stream_id)
            if stream is not None and stream.key == (stream_id, epoch):
                log.warning("stream has another holder", stream=stream_id)
                self._end(stream_id)

    def _tell_news(self) -> None:
        """Say at once what the control plane waits for, beside the sync that is being held back."""
        while not self._stopping.is_set():
            self._news.wait()
            self._news.clear()
            try:
                self._sync(0.0)
            except (Unavailable, Unauthorized):
                self._stopping.wait(RETRY_S)  # the next sync says it
            with self._lock:
                waiting = bool(self._ending)
            if waiting and not self._stopping.wait(0.05):
                self._news.set()

    def _keep_lease(self) -> None:
        while not self._stopping.wait(0.1):
            with self._lock:
                if self._lease_is_over() and self._streams:
                    log.warning("lease is over, ending all streams", streams=len(self._streams))
                    for stream_id in list(self._streams):
                        self._end(stream_id)
                self._leave_if_one_hangs()
            self._tidier.look()

    def _drain(self) -> None:
        """End all streams, hand over what is buffered, and say so."""
        self._prober.want(())
        self._news.set()
        with self._lock:
            streams = list(self._streams.values())
            for stream in streams:
                stream.stop()
        deadline = self._monotonic() + DRAIN_S
        for stream in streams:
            stream.join(max(0.0, deadline - self._monotonic()))
        self._spool.close(max(0.1, deadline - self._monotonic()))
