"""What a stream needs of whatever gives it pictures; `media.reconnect.Feed` is one."""

from collections.abc import Iterator
from typing import Protocol

from vedette.model.failure import Failure
from vedette.model.frame import Frame
from vedette.model.source import Liveness
from vedette.model.stream import Assignment, Checkpoint, StreamState, StreamStats


class FeedStatus(Protocol):
    """How a feed goes."""

    @property
    def state(self) -> StreamState: ...
    @property
    def failure(self) -> Failure | None: ...
    @property
    def stats(self) -> StreamStats: ...
    @property
    def note(self) -> str: ...


class Feed(Protocol):
    """Sampled pictures of one source; with the first one it is known whether the source is live."""

    @property
    def liveness(self) -> Liveness: ...
    @property
    def reading(self) -> bool: ...
    def frames(self) -> Iterator[Frame]: ...
    def status(self) -> FeedStatus: ...
    def seek_mark(self) -> bytes | None: ...
    def thread(self) -> int | None: ...
    def stop(self) -> None: ...
    def want_fps(self, fps: float) -> None: ...


class OpenFeed(Protocol):
    """Makes a feed; `resume` continues a file after a checkpoint."""

    def __call__(self, assignment: Assignment, fps: float, resume: Checkpoint | None) -> Feed: ...


def first_connection(assignment: Assignment) -> int:
    """Return the ordinal of the first connection under this assignment: no position repeats.

    Not under another epoch, nor where a worker takes the stream up a second time under one, as it does when the control
    plane had been away for longer than the lease: it goes on behind what it told before.
    """
    points = (run.checkpoint for run in assignment.spec.runs)
    return max([assignment.epoch << 16, *(point.position.connection + 1 for point in points if point is not None)])
