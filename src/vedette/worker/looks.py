"""Looks at sources on order, and what was seen until it is told."""

import os
import threading
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Final

import structlog

from vedette.model.errors import SourceError
from vedette.model.failure import Failure
from vedette.model.look import Look, Probe

log = structlog.get_logger()

TELL: Final = 8
"""Looks in a sync at most; the others come with the next one."""
THREADS: Final = 2
"""Probes at a time."""
NICE: Final = 10
"""Probes yield to the streams."""
REMEMBERED: Final = 256
"""Probes that are done and not begun anew if an older answer asks for them."""


class Album:
    """What was seen and not told yet: of each stream or probe the newest look."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._looks: dict[str, Look] = {}

    def put(self, look: Look) -> None:
        """Keep a look until it is told."""
        with self._lock:
            before = self._looks.pop(look.of, None)
            kept = look if look.image or before is None else replace(look, image=before.image)
            self._looks[look.of] = kept

    def some(self) -> tuple[Look, ...]:
        """Return the oldest few."""
        with self._lock:
            return tuple(self._looks.values())[:TELL]

    def told(self, looks: Collection[Look]) -> None:
        """Forget what was told, unless there is a newer one."""
        with self._lock:
            for look in looks:
                if self._looks.get(look.of) is look:
                    del self._looks[look.of]


class Prober:
    """Looks at sources on order, a few at a time, on threads of its own that are there only while there is work."""

    def __init__(
        self, look: Callable[[Probe, threading.Event], Look], album: Album, *, wall_ms: Callable[[], int]
    ) -> None:
        """Take what it works with.

        Args:
            look: looks once, and raises a SourceError if there is nothing to be seen; soon after the event is set it returns.
        """
        self.on_done: Callable[[], None] = lambda: None
        """Called when a look is in the album."""
        self._look, self._album, self._wall_ms = look, album, wall_ms
        self._lock = threading.Lock()
        self._waiting: deque[Probe] = deque()
        self._running: dict[str, threading.Event] = {}
        self._done: deque[str] = deque(maxlen=REMEMBERED)
        self._threads = 0

    def want(self, probes: Collection[Probe]) -> None:
        """Say what shall be looked at now; what is not among it any more is broken off."""
        wanted = {probe.id for probe in probes}
        with self._lock:
            for probe_id, stop in self._running.items():
                if probe_id not in wanted:
                    stop.set()
            known = self._running.keys() | set(self._done)
            self._waiting = deque(probe for probe in probes if probe.id not in known)
            for _ in range(min(THREADS - self._threads, len(self._waiting))):
                self._threads += 1
                threading.Thread(target=self._work, name="probe", daemon=True).start()

    def _work(self) -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        while True:
            with self._lock:
                if not self._waiting:
                    self._threads -= 1
                    return
                probe, stop = self._waiting.popleft(), threading.Event()
                self._running[probe.id] = stop
            look = self._once(probe, stop)
            with self._lock:
                del self._running[probe.id]
                self._done.append(probe.id)
                if not stop.is_set():
                    self._album.put(look)
            self.on_done()

    def _once(self, probe: Probe, stop: threading.Event) -> Look:
        try:
            return self._look(probe, stop)
        except SourceError as error:
            return Look(probe.id, self._wall_ms(), Failure.of(error))
        # An error of our own is told as one; the thread goes on with the next source.
        except Exception as error:
            log.exception("a look broke", probe=probe.id)
            return Look(
                probe.id, self._wall_ms(), Failure(SourceError.code, f"Internal error: {type(error).__name__}.")
            )
