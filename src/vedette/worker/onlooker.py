"""Looks at streams by the way: at pictures that are decoded for the tasks anyway."""

import time
from collections.abc import Callable
from typing import Final, Protocol

import structlog

from vedette.model.frame import Frame, Image
from vedette.model.look import Fault, Look
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


class Judge(Protocol):
    """Says what is wrong with pictures."""

    def see(self, bgr: Image, time_us: int) -> None: ...
    def faults(self) -> tuple[Fault, ...] | None: ...


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
