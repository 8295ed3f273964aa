"""One stream: a thread that takes pictures from the feed and shows them to every run on it."""

import threading
from collections.abc import Callable
from dataclasses import replace

import structlog

from vedette.algorithms.base import Models
from vedette.algorithms.registry import Registry
from vedette.model.errors import SourceError, VedetteError
from vedette.model.failure import Failure
from vedette.model.frame import Frame
from vedette.model.ids import StreamId
from vedette.model.source import Liveness
from vedette.model.stream import Assignment, Checkpoint, RunProgress, StreamReport, StreamState, StreamStats
from vedette.worker.feed import Feed, FeedStatus, OpenFeed
from vedette.worker.run import told_by
from vedette.worker.runs import Runs
from vedette.worker.spool import Spool

log = structlog.get_logger()


Onlook = Callable[[Frame, Callable[[], StreamStats]], None]


def _nobody(_frame: Frame, _stats: Callable[[], StreamStats]) -> None:
    """Look at nothing."""


class Stream:
    """A stream this worker holds."""

    def __init__(
        self,
        assignment: Assignment,
        *,
        open_feed: OpenFeed,
        registry: Registry,
        models: Callable[[], Models],
        spool: Spool,
        fps: float | None = None,
        wall_ms: Callable[[], int],
        on_news: Callable[[], None],
        onlooker: Onlook = _nobody,
    ) -> None:
        """Start the thread.

        Args:
            fps: pictures a second to analyse, where a run itself asks for none; None for what the algorithms ask for.
            on_news: called when the report says something that the control plane waits for.
            onlooker: shown each picture after the runs.
        """
        self.assignment = assignment
        self._open_feed = open_feed
        self._spool = spool
        self._wall_ms = wall_ms
        self._on_news = on_news
        self._onlooker = onlooker
        self._liveness = assignment.spec.address.liveness
        self._runs = Runs(self._liveness, registry, models(), usual_fps=fps, on_misfit=self._settle_beside)
        self._runs.want(assignment.spec.runs)
        self._feed: Feed | None = None
        self._asked_fps = 0.0
        self._outcome: tuple[StreamState, Failure | None] | None = None
        self._flowed = False
        self._told_away = False
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._work, name=f"stream-{assignment.spec.stream_id[:8]}", daemon=True)
        self._thread.start()

    @property
    def key(self) -> tuple[StreamId, int]:
        """Return stream and epoch."""
        return self.assignment.spec.stream_id, self.assignment.epoch

    def update(self, assignment: Assignment) -> None:
        """Take over a new revision; returns at once.

        Runs that left are gone. Runs that joined or were changed come as soon as they are made, beside the pictures
        that the others go on to see without a gap.
        """
        self.assignment = assignment
        self._runs.want(assignment.spec.runs)
        self._settle_beside()

    def _settle_beside(self) -> None:
        threading.Thread(target=self.settle, name="settle", daemon=True).start()

    def settle(self) -> None:
        """Make the runs that are wanted, and wait until they are made; what joined or changed sees the next picture."""
        self._runs.settle()
        self._ask_fps()
        self._on_news()

    def _ask_fps(self) -> None:
        """Say how many pictures are wanted, if that has changed: the feed begins to count anew each time."""
        with self._lock:
            feed, fps = self._feed, self._runs.fps()
            if feed is not None and fps != self._asked_fps:
                self._asked_fps = fps
                feed.want_fps(fps)

    def stop(self) -> None:
        """End soon; returns at once."""
        self._stopped.set()
        if self._feed is not None:
            self._feed.stop()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread, at most this long; return whether it has ended."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def lingers(self) -> bool:
        """Tell whether a thread of it is still there that has nothing to wait for."""
        return self._thread.is_alive() or (self._feed is not None and self._feed.reading)

    def threads(self) -> tuple[int, ...]:
        """Return its threads, by the system's numbers."""
        decoding = self._feed.thread() if self._feed is not None else None
        return tuple(one for one in (self._thread.native_id, decoding) if one is not None)

    def report(self) -> StreamReport:
        """Say how it goes."""
        status = self._feed.status() if self._feed is not None else None
        runs = self._runs.reports()
        if status is not None and status.note:
            runs = tuple(replace(run, note="; ".join(filter(None, (status.note, run.note)))) for run in runs)
        stream_id, epoch = self.key
        state, failure = self._state(status)
        self._told_away = state is StreamState.AWAY
        stats = status.stats if status else StreamStats()
        return StreamReport(stream_id, epoch, self.assignment.revision, state, failure, stats, runs)

    def _state(self, status: FeedStatus | None) -> tuple[StreamState, Failure | None]:
        if self._outcome is not None:
            return self._outcome
        if status is None or status.state is StreamState.ENDED:  # not ended before every event is acknowledged
            return (StreamState.FLOWING if self._flowed else StreamState.OPENING), None
        if status.state is StreamState.FLOWING and not self._flowed:
            return StreamState.OPENING, None
        return status.state, status.failure

    # -- the thread

    def _work(self) -> None:
        try:
            self._watch()
            if not self._stopped.is_set():  # who was told to end has no outcome: it is gone once nothing of it is left
                self._outcome = StreamState.ENDED, None
        except SourceError as error:
            state = StreamState.FAILED if self._flowed else StreamState.REFUSED
            self._hand_over_rest(ended=False)
            self._outcome = state, Failure.of(error)
            log.info("source failed", stream=self.key[0], code=error.code, reason=error.message)
        except VedetteError as error:
            self._outcome = StreamState.FAILED, Failure.of(error)
        # The last line of defence of a thread: an error of our own must be told as one, and must not look like silence.
        except Exception as error:
            log.exception("stream broke", stream=self.key[0])
            self._outcome = StreamState.FAILED, Failure(VedetteError.code, f"Internal error: {type(error).__name__}.")
        self._on_news()

    def _watch(self) -> None:
        self._runs.settle()
        with self._lock:
            self._asked_fps = self._runs.fps()
            resume = self._resume()
            self._feed = self._open_feed(self._as_told(resume), self._asked_fps, resume)
        if self._stopped.is_set():
            self._feed.stop()
        for frame in self._feed.frames():
            if not self._flowed:
                self._flowed = True
                if self._liveness is Liveness.EITHER:
                    self._runs.told(self._feed.liveness)
                self._show(frame)
                self._on_news()
            else:
                self._show(frame)
                if self._told_away:  # and is back: somebody waits for that
                    self._told_away = False
                    self._on_news()
            if self._stopped.is_set():
                break
        self._hand_over_rest(ended=not self._stopped.is_set())

    def _resume(self) -> Checkpoint | None:
        """Return where a file goes on (it has a single run), or how far a live source had come."""
        runs = self._runs.present()
        points = [run.spec.checkpoint for run in runs if run.spec.checkpoint is not None]
        newest = max(points, key=lambda point: point.position.time_us, default=None)
        if told_by(self._liveness, newest) is Liveness.FILE:
            return runs[0].resume if len(runs) == 1 else None
        return newest

    def _as_told(self, resume: Checkpoint | None) -> Assignment:
        """Return the assignment with what an earlier worker learnt of the source's liveness."""
        spec = self.assignment.spec
        known = told_by(spec.address.liveness, next((run.checkpoint for run in spec.runs if run.checkpoint), resume))
        return replace(self.assignment, spec=replace(spec, address=replace(spec.address, liveness=known)))

    def _show(self, frame: Frame) -> None:
        feed = self._feed
        for run in self._runs.present():
            before = run.failure
            progress = run.process(frame, self._wall_ms(), feed.seek_mark if feed else _no_mark)
            if progress is not None:
                self._put(progress)
            if run.failure is not before:
                self._on_news()
        if feed is not None:
            self._onlooker(frame, lambda: feed.status().stats)

    def _hand_over_rest(self, *, ended: bool) -> None:
        feed = self._feed
        for run in self._runs.present():
            progress = run.finish(self._wall_ms(), feed.seek_mark if feed else _no_mark, ended=ended)
            if progress is not None:
                self._put(progress)
        self._spool.flush(*self.key, self._stopped.is_set)

    def _put(self, progress: RunProgress) -> None:
        self._spool.put(*self.key, progress, self._stopped.is_set)


def _no_mark() -> bytes | None:
    return None
