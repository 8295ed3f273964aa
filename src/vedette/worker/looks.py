"""Looks at sources: by the way, on streams that tasks watch, and on order, at sources that nobody watches."""

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Final, Protocol

import structlog

from vedette.model.errors import SourceError
from vedette.model.failure import Failure
from vedette.model.frame import Frame, Image
from vedette.model.look import Fault, Look, Probe
from vedette.model.stream import StreamStats
from vedette.results.thumbnail import thumbnail

log = structlog.get_logger()

STEP_US: Final = 500_000
"""Media time between pictures that are judged, while a stream is new and in spells: shaking shows so."""
CALM_US: Final = 1_000_000
"""And between the spells: to judge a picture of 1080 lines takes 9 ms."""
NEW: Final = 30
"""Pictures for which a stream is new."""
CYCLE_US: Final = 30_000_000
SPELL_US: Final = 10_000_000
"""So long of each cycle is a spell."""
STEP_S: Final = 0.4
"""Time between them: a file is read faster than it was taken."""
REPEAT_S: Final = 60.0
"""A stream that goes on as it did is told of so often."""
FAULTS_S: Final = 10.0
"""And so often at most if what is wrong with it changes."""
TELL: Final = 8
"""Looks in a sync at most; the others come with the next one."""
THREADS: Final = 2
"""Probes at a time."""
NICE: Final = 10
"""Probes yield to the streams."""
REMEMBERED: Final = 256
"""Probes that are done and not begun anew if an older answer asks for them."""


class Judge(Protocol):
    """Says what is wrong with pictures."""

    def see(self, bgr: Image, time_us: int) -> None: ...
    def faults(self) -> tuple[Fault, ...] | None: ...


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


class Onlooker:
    """Sees the pictures of a stream that are decoded anyway: judges one or two a second, tells of them now and then."""

    def __init__(
        self,
        of: str,
        tell: Callable[[Look], None],
        judge: Callable[[], Judge],
        *,
        wall_ms: Callable[[], int],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._of, self._tell, self._make_judge = of, tell, judge
        self._wall_ms, self._monotonic = wall_ms, monotonic
        self._judge = judge()
        self._connection, self._seen = -1, 0
        self._due_us, self._due_s = 0, 0.0
        self._told: tuple[float, tuple[Fault, ...] | None] | None = None
        self._blind = False

    def see(self, frame: Frame, stats: Callable[[], StreamStats]) -> None:
        """Take a picture; most are passed over."""
        if self._blind:
            return
        position, now = frame.position, self._monotonic()
        if position.connection != self._connection:
            self._connection, self._judge, self._told = position.connection, self._make_judge(), None
            self._seen = 0
        elif position.time_us < self._due_us or now < self._due_s:
            return
        brisk = self._seen < NEW or position.time_us % CYCLE_US < SPELL_US
        step_us = STEP_US if brisk else CALM_US
        self._due_us, self._due_s, self._seen = position.time_us + step_us, now + STEP_S, self._seen + 1
        try:
            self._look(frame, stats, now)
        # A picture that cannot be judged must not end the tasks that go on with it.
        except Exception:
            log.exception("pictures cannot be judged", stream=self._of)
            self._blind = True

    def _look(self, frame: Frame, stats: Callable[[], StreamStats], now: float) -> None:
        bgr = frame.bgr()
        self._judge.see(bgr, frame.position.time_us)
        faults = self._judge.faults()
        if self._told is not None:
            at, before = self._told
            changed = faults != before and (before is None or now - at >= FAULTS_S)
            if not changed and now - at < REPEAT_S:
                return
        self._told = now, faults
        known = stats()
        self._tell(
            Look(
                self._of,
                self._wall_ms(),
                width=frame.width,
                height=frame.height,
                codec=known.codec,
                fps=known.fps,
                faults=faults,
                image=thumbnail(bgr),
            )
        )


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
            return Look(probe.id, self._wall_ms(), Failure(error.code, error.message))
        # An error of our own is told as one; the thread goes on with the next source.
        except Exception as error:
            log.exception("a look broke", probe=probe.id)
            return Look(
                probe.id, self._wall_ms(), Failure(SourceError.code, f"Internal error: {type(error).__name__}.")
            )
