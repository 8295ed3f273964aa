"""A stream on the stage."""

import threading

from stage import DEADLINE_S, REGISTRY, Bell, FakeFeed, NoModels

from vedette.model.event import Event
from vedette.model.ids import WorkerId
from vedette.model.stream import Assignment, Checkpoint, Ingest, IngestAnswer, RunProgress, RunReport, StreamState
from vedette.worker.spool import Spool
from vedette.worker.stream import Stream


class Play:
    """A stream on the stage, with a real spool and a control plane that acknowledges when it is let."""

    def __init__(self) -> None:
        self.bell = Bell()
        self.feed = FakeFeed(self.bell)
        self.acknowledging = threading.Event()
        self.acknowledging.set()
        self.asked: list[Ingest] = []
        self.told: list[RunProgress] = []
        self.resumed: Checkpoint | None = None
        self.opened: Assignment | None = None
        self.fps = 0.0
        self.spool = Spool(WorkerId("w"), self._send, on_refused=lambda *_: None)
        self.streams: list[Stream] = []

    def _send(self, batch: Ingest) -> IngestAnswer:
        self.asked.append(batch)
        self.bell.ring()
        assert self.acknowledging.wait(DEADLINE_S)
        self.told += batch.progress
        self.bell.ring()
        return IngestAnswer(accepted=True, stored=len(batch.progress))

    def _open(self, assignment: Assignment, fps: float, resume: Checkpoint | None) -> FakeFeed:
        self.fps, self.resumed, self.opened = fps, resume, assignment
        return self.feed

    def begin(self, given: Assignment) -> Stream:
        stream = Stream(
            given,
            open_feed=self._open,
            registry=REGISTRY,
            models=NoModels,  # type: ignore[arg-type] # its detector only raises
            spool=self.spool,
            wall_ms=lambda: 1_800_000_000_000,
            on_news=self.bell.ring,
        )
        self.streams.append(stream)
        return stream

    def shown(self, *indexes: int) -> None:
        """Give pictures, and wait until the runs have looked at them."""
        wanted = self.feed.taken + len(indexes)
        self.feed.give(*indexes)
        self.bell.until(lambda: self.feed.taken == wanted)

    def flushed(self, stream: Stream) -> None:
        assert self.spool.flush(*stream.key, lambda: False)

    def events(self, name: str) -> list[Event]:
        return [event for progress in self.told if progress.run_id == name for event in progress.events]

    def last(self, name: str) -> Checkpoint:
        return [progress.checkpoint for progress in self.told if progress.run_id == name][-1]

    def until(self, stream: Stream, state: StreamState) -> None:
        self.bell.until(lambda: stream.report().state is state)

    def update(self, stream: Stream, given: Assignment) -> None:
        """Give a new revision, and wait until the runs that it asks for are made."""
        stream.update(given)
        stream.settle()


def of(stream: Stream, name: str) -> RunReport:
    return next(report for report in stream.report().runs if report.run_id == name)
