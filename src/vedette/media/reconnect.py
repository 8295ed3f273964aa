"""The keeper of a reader: opens it, samples what it gives, and opens it again when it was lost.

A thread of its own decodes, so that whoever analyses can be slow (live pictures are dropped, not queued) and can
stop at once (a connection that hangs is left to its time-outs).
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from vedette.media.backoff import Backoff
from vedette.media.hls.follow import Followed
from vedette.media.knock import knock
from vedette.media.limits import Limits
from vedette.media.lookup import Find, as_it_is
from vedette.media.picture import Picture, Resume
from vedette.media.rates import Rates
from vedette.media.reader import Reader
from vedette.media.sampler import Mailbox
from vedette.media.tally import Tally
from vedette.model.errors import SourceError, SourceLost, SourceRefused, SourceUnreachable
from vedette.model.failure import Failure
from vedette.model.frame import Frame
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness
from vedette.model.stream import StreamState, StreamStats

FILE_TRIES = 5
"""Transient errors of a file in a row, before its first picture, after which it is given up: some ten seconds."""
BEGUN_TRIES = 10
"""The same once it has given pictures: about a minute, so that a server can be started anew in the middle."""
_STEADY_S = 5.0
"""A connection that held this long was a good one: the next loss is tried again soon."""
FILE_CEILING_S = 15.0
"""The longest wait before a file is tried again; it has no more than its few tries."""
REFUSED_CEILING_S = 5.0
"""The longest wait before a live source that has been seen is asked again after it refused, or gave no video."""
LOGIN_CEILING_S = 30.0
"""The longest wait where it refused the name or the password: cameras lock accounts for wrong ones."""


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """How a feed stands: OPENING until the first picture, then FLOWING or AWAY.

    Attributes:
        failure: why it is away, or what the last try ended in.
        note: what whoever told the address had to say besides.
    """

    state: StreamState
    failure: Failure | None
    stats: StreamStats
    note: str = ""


class Feed:
    """Sampled pictures of one source, over as many connections as it takes.

    `frames` belongs to one thread; everything else may be called from any.
    """

    def __init__(
        self,
        address: Address,
        *,
        policy: GuardPolicy,
        file_roots: tuple[Path, ...],
        fps: float,
        resume: Resume | None = None,
        first_connection: int = 0,
        find: Find = as_it_is,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        backoff: Backoff | None = None,
    ) -> None:
        """Take everything; open nothing yet.

        Args:
            fps: pictures a second the tasks want at least.
            resume: where an earlier run of the same source stopped.
            first_connection: ordinal of the first connection of a live source.
            find: called before each connection; finds the URL where the address has none of its own.
            clock: seconds, monotonic.
            wall: seconds since the epoch.
            limits: time-outs and sizes.
            backoff: waits between tries.
        """
        self._address, self._policy, self._roots, self._find = address, policy, file_roots, find
        self._live = (
            address.liveness is not Liveness.FILE
        )  # has the patience that a live one is given, until it is told
        self._resume, self._clock, self._wall, self._limits = resume, clock, wall, limits
        self._backoff = backoff or Backoff()
        self._stop = threading.Event()
        self._box = Mailbox(live=self._live, fps=fps)
        self._connection = first_connection if self._live else 0
        self._seen = resume is not None  # had pictures before: now it may stay away
        self._absent = self._knocked = False  # nobody answered the last time; the last try found somebody at home
        self._lock = threading.Lock()  # guards what status reads
        self._state = StreamState.OPENING
        self._failure: Failure | None = None
        self._note = ""
        self._tally = Tally()
        self._rates = Rates(clock)
        self._followed = Followed()
        self._made = clock()
        self._given: Picture | None = None  # to the one who analyses
        self._last: Picture | None = None  # that was decoded, a little ahead of the other
        self._newest: tuple[float, int] | None = None  # when the newest picture came, and its media time
        self._fetcher: threading.Thread | None = None

    @property
    def liveness(self) -> Liveness:
        """Return whether the source has an end; `EITHER` is no answer any more once a picture came."""
        return self._address.liveness

    def frames(self) -> Iterator[Frame]:
        """Yield the sampled pictures; return at the end of a file, or soon after `stop`.

        Raises:
            SourceError: what no retry cures: any lasting failure of a file, of a live source one before its
                first picture.
        """
        if self._stop.is_set():
            return
        self._fetcher = threading.Thread(target=self._run, name="vedette-feed", daemon=True)
        self._fetcher.start()
        try:
            while (picture := self._box.take()) is not None:
                self._given = picture
                yield picture.frame
        finally:
            self.stop()

    def status(self) -> FeedStatus:
        """Return how it stands now."""
        passed = self._box.passed()
        with self._lock:
            state, failure, newest = self._state, self._failure, self._newest
            stats = self._tally.stats(passed, self._rates)
        silent_s = self._clock() - newest[0] if newest else 0.0
        if self._live and state is StreamState.FLOWING and silent_s > self._limits.picture_s:
            # the thread that decodes may hang below us, where no time-out reaches
            lost = SourceLost(f"no picture for {silent_s:.0f} s")
            state, failure = StreamState.AWAY, Failure(lost.code, lost.message)
        return FeedStatus(state, failure, stats, self._note)

    def seek_mark(self) -> bytes | None:
        """Return the mark of the picture that `frames` gave last, for `Resume.seek`."""
        return self._given.mark() if self._given is not None and not self._live else None

    def stop(self) -> None:
        """End `frames`; returns at once, and may be called again."""
        self._stop.set()
        self._box.close(discard=True)

    def want_fps(self, fps: float) -> None:
        """Change the pictures a second that are wanted."""
        self._box.want(fps)

    def _run(self) -> None:
        """Keep the source; tell the analysing thread how it ended."""
        try:
            self._keep()
        except SourceError as error:
            self._tell(error)
            self._box.close(error)
        except Exception as error:  # noqa: BLE001 - the end of a thread: what is not foreseen goes to the one who waits
            self._box.close(error)
        else:
            self._box.close()

    def _keep(self) -> None:
        """Read until the end of the file, or the stop; try again what is worth it."""
        while not self._stop.is_set():
            before = self._tally.decoded
            began = self._clock()
            try:
                self._read()
                return
            except SourceError as error:
                if self._stop.is_set():
                    return
                if not self._worth_a_try(error, progress=self._tally.decoded > before, began=began):
                    raise
                self._tell(error)
                self._again()
                wait_s = self._backoff.next(self._ceiling_s(error))
                self._absent = isinstance(error, SourceUnreachable) and not (self._absent and self._knocked)
            self._stop.wait(wait_s)

    def _ceiling_s(self, error: SourceError) -> float | None:
        """Return the longest wait for what went wrong; None for the usual one."""
        if not self._live:
            return FILE_CEILING_S
        if error.transient:
            return None
        return LOGIN_CEILING_S if isinstance(error, SourceRefused) and error.login else REFUSED_CEILING_S

    def _again(self) -> None:
        """Prepare the next connection: a file goes on behind the picture that was decoded last."""
        if not self._live and self._last is not None:
            self._resume = Resume(self._last.frame.position, self._last.mark())
        with self._lock:
            self._tally = self._tally.reconnected()

    def _worth_a_try(self, error: SourceError, *, progress: bool, began: float) -> bool:
        if self._live:
            if progress:
                self._connection += 1
                if self._clock() - began > _STEADY_S:
                    self._backoff.reset()
            return error.transient or self._seen
        if progress:
            self._backoff.reset()
        return error.transient and self._backoff.tries < (BEGUN_TRIES if self._seen else FILE_TRIES)

    def _read(self) -> None:
        """Read one connection to its end."""
        address = self._find(self._address)
        self._note = address.note
        self._knocked = False
        if self._absent:
            knock(address, self._policy, self._roots)
            self._knocked = True
        reader = Reader(
            address,
            policy=self._policy,
            file_roots=self._roots,
            limits=self._limits,
            start=self._resume,
            connection=self._connection,
            base_us=self._base_us() if self._live else 0,
            stop=self._stop,
            followed=self._followed,
            clock=self._clock,
            wall=self._wall,
        )
        with reader:
            self._learn(reader)
            counted = Tally()
            try:
                for picture in reader.pictures():
                    counted = self._count(reader, counted)
                    self._flowing(picture)
                    self._box.offer(picture)
            except SourceError as error:
                self._tell(error)  # now: hanging up on a silent peer takes its time
                raise
            finally:
                self._count(reader, counted)

    def _learn(self, reader: Reader) -> None:
        """Note what the connection tells; what the first one told of liveness holds for all after it."""
        if self._address.liveness is Liveness.EITHER:
            self._live = reader.live
            self._address = replace(self._address, liveness=Liveness.LIVE if reader.live else Liveness.FILE)
            self._connection = self._connection if reader.live else 0
            self._backoff.reset()
        self._box.opened(reader.fps, live=self._live)

    def _flowing(self, picture: Picture) -> None:
        self._seen = True
        self._last = picture
        with self._lock:
            self._newest = (self._clock(), picture.frame.position.time_us)
            self._state, self._failure = StreamState.FLOWING, None

    def _base_us(self) -> int:
        """Return the media time of the first picture of a live connection: time goes on while nobody sees."""
        if self._newest is not None:
            came, time_us = self._newest
            return time_us + int((self._clock() - came) * 1e6)
        if self._resume is not None:
            elapsed_us = self._resume.elapsed_us + int((self._clock() - self._made) * 1e6)
            return max(elapsed_us, self._resume.position.time_us)
        return 0

    def _count(self, reader: Reader, counted: Tally) -> Tally:
        """Add what came since the last time; return the reader's counters now."""
        now = Tally.of(reader)
        with self._lock:
            self._tally = self._tally.plus(reader, now, counted, int(self._wall() * 1000))
        return now

    def _tell(self, error: SourceError) -> None:
        """Note a failure for whoever asks."""
        with self._lock:
            self._failure = Failure(error.code, error.message)
            if self._live or self._state is StreamState.FLOWING:
                self._state = StreamState.AWAY
