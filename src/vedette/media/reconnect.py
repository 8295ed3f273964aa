"""The keeper of a reader: opens it, samples what it gives, and opens it again when it was lost.

A thread of its own decodes, so that whoever analyses can be slow (live pictures are dropped, not queued) and can
stop at once (a connection that hangs is left to its time-outs).
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from vedette.media.backoff import Backoff
from vedette.media.hls.follow import Followed
from vedette.media.knock import Knocker
from vedette.media.limits import Limits
from vedette.media.lookup import Find, as_it_is
from vedette.media.patience import Patience
from vedette.media.picture import Picture, Resume
from vedette.media.reader import Reader
from vedette.media.sampler import Mailbox
from vedette.media.standing import FeedStatus, Standing
from vedette.model.errors import SourceError
from vedette.model.frame import Frame
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness


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
        self._resume, self._clock, self._wall, self._limits = resume, clock, wall, limits
        self._stop = threading.Event()
        self._box = Mailbox(live=self._live, fps=fps)
        self._connection = first_connection if self._live else 0
        self._followed = Followed()
        self._knocker = Knocker()
        self._patience = Patience(backoff or Backoff(), seen=resume is not None, clock=clock)
        self._standing = Standing(clock=clock, wall=wall, patience_s=limits.picture_s)
        self._made = clock()
        self._given: Picture | None = None  # to the one who analyses
        self._last: Picture | None = None  # that was decoded, a little ahead of the other
        self._fetcher: threading.Thread | None = None
        self._reading = False

    @property
    def reading(self) -> bool:
        """Return whether a connection is open and read: nothing of it may last after a stop, unless a decoder hangs."""
        return self._reading

    @property
    def liveness(self) -> Liveness:
        """Return whether the source has an end; `EITHER` is no answer any more once a picture came."""
        return self._address.liveness

    @property
    def _live(self) -> bool:
        """Return whether it has no end; until that is told, it is treated as if it had none."""
        return self._address.liveness is not Liveness.FILE

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
        return self._standing.status(self._box.passed(), live=self._live)

    def seek_mark(self) -> bytes | None:
        """Return the mark of the picture that `frames` gave last, for `Resume.seek`."""
        return self._given.mark() if self._given is not None and not self._live else None

    def thread(self) -> int | None:
        """Return the thread that decodes, by the system's number; None before there is one."""
        return self._fetcher.native_id if self._fetcher is not None else None

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
            self._standing.failed(error, live=self._live, final=True)
            self._box.close(error)
        except Exception as error:  # noqa: BLE001 - the end of a thread: what is not foreseen goes to the one who waits
            self._box.close(error)
        else:
            self._box.close()

    def _keep(self) -> None:
        """Read until the end of the file, or the stop; try again what is worth it."""
        while not self._stop.is_set():
            before = self._standing.decoded
            self._patience.begin()
            try:
                self._read()
                return
            except SourceError as error:
                if self._stop.is_set():
                    return
                progress = self._standing.decoded > before
                wait_s = self._patience.wait_s(error, live=self._live, progress=progress)
                if wait_s is None:
                    raise
                self._standing.failed(error, live=self._live, final=False)
                self._knocker.failed(error)
                self._again(progress=progress)
            self._stop.wait(wait_s)

    def _again(self, *, progress: bool) -> None:
        """Prepare the next connection: a file goes on behind the picture that was decoded last."""
        if self._live:
            self._connection += progress
        elif self._last is not None:
            self._resume = Resume(self._last.frame.position, self._last.mark())
        self._standing.reconnects()

    def _read(self) -> None:
        """Read one connection to its end."""
        address = self._find(self._address)
        self._standing.note = address.note
        self._knocker.before(address, self._policy, self._roots)
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
            self._standing.connected()
            self._reading = True
            try:
                for picture in reader.pictures():
                    self._standing.count(reader)
                    self._flowing(picture)
                    self._box.offer(picture)
            except SourceError as error:
                final = self._patience.is_final(error, live=self._live)
                self._standing.failed(error, live=self._live, final=final)  # now: hanging up may take its time
                raise
            finally:
                self._reading = False
                self._standing.count(reader)

    def _learn(self, reader: Reader) -> None:
        """Note what the connection tells; what the first one told of liveness holds for all after it."""
        if self._address.liveness is Liveness.EITHER:
            self._address = replace(self._address, liveness=Liveness.LIVE if reader.live else Liveness.FILE)
            self._connection = self._connection if reader.live else 0
            self._patience.reset()
        self._box.opened(reader.fps, live=self._live)

    def _flowing(self, picture: Picture) -> None:
        self._patience.seen = True
        self._last = picture
        self._standing.flowing(picture)

    def _base_us(self) -> int:
        """Return the media time of the first picture of a live connection: time goes on while nobody sees."""
        if self._standing.newest is not None:
            came, time_us = self._standing.newest
            return time_us + int((self._clock() - came) * 1e6)
        if self._resume is not None:
            elapsed_us = self._resume.elapsed_us + int((self._clock() - self._made) * 1e6)
            return max(elapsed_us, self._resume.position.time_us)
        return 0
