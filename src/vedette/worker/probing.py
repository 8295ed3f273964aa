"""One look at a source that no task watches: connect, see a few pictures, hang up."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vedette.media.limits import Limits
from vedette.media.lookup import Find
from vedette.media.reader import Reader
from vedette.model.errors import SourceError, SourceLost
from vedette.model.frame import Frame
from vedette.model.guard import GuardPolicy
from vedette.model.look import Look, Probe
from vedette.results.thumbnail import thumbnail
from vedette.worker.onlooker import Judge

LIMITS: Final = Limits(connect_s=5.0, read_s=5.0, picture_s=8.0)
WATCH_S: Final = 3.2
"""Seconds of a live source; what has to show for three to be told can be told so."""
PICTURES: Final = 50
"""Pictures of a file."""
STEP_US: Final = 240_000
"""Media time between pictures that are judged: more of them than of a stream, as there are few."""


@dataclass(frozen=True, slots=True)
class Glance:
    """How a worker looks at a source.

    Attributes:
        find: finds the address of a probe where it has none of its own.
        wall_ms: milliseconds since the epoch.
    """

    policy: GuardPolicy
    file_roots: tuple[Path, ...]
    find: Callable[[Probe], Find]
    judge: Callable[[], Judge]
    wall_ms: Callable[[], int]
    monotonic: Callable[[], float] = time.monotonic

    def look(self, probe: Probe, stop: threading.Event) -> Look:
        """Look once; return soon after `stop` is set.

        Raises:
            SourceError: there was no picture.
        """
        place = self.find(probe)(probe.address)
        with Reader(place, policy=self.policy, file_roots=self.file_roots, limits=LIMITS, stop=stop) as reader:
            judge = self.judge()
            newest = self._watch(reader, judge, stop, brief=probe.brief)
            bgr = newest.bgr()
            return Look(
                probe.id, self.wall_ms(), width=newest.width, height=newest.height, codec=reader.codec, fps=reader.fps,
                faults=judge.faults(), image=thumbnail(bgr),
            )  # fmt: skip

    def _watch(self, reader: Reader, judge: Judge, stop: threading.Event, *, brief: bool) -> Frame:
        """Return the last picture that was judged."""
        newest: Frame | None = None
        began = self.monotonic()
        try:
            for seen, picture in enumerate(reader.pictures(), start=1):
                frame = picture.frame
                if newest is None or frame.position.time_us - newest.position.time_us >= STEP_US:
                    newest = frame
                    judge.see(frame.bgr(), frame.position.time_us)
                ended = self.monotonic() - began > WATCH_S if reader.live else seen >= PICTURES
                if brief or ended or stop.is_set():
                    break
        except SourceError:
            if newest is None:
                raise
        if newest is None:
            raise SourceLost("the source gave no picture")
        return newest
