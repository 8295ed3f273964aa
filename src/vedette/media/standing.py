"""How a feed stands: its state, what it lacks, and what was counted over all its connections."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from vedette.media.picture import Picture
from vedette.media.rates import Rates
from vedette.media.reader import Reader
from vedette.media.sampler import Passed
from vedette.media.tally import Tally
from vedette.model.errors import SourceError, SourceLost
from vedette.model.failure import Failure
from vedette.model.stream import StreamState, StreamStats


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


class Standing:
    """Is told by the thread that reads, and may be asked from any.

    Attributes:
        note: what whoever told the address had to say besides.
        newest: when the newest picture came (monotonic seconds), and its media time; None before the first.
    """

    def __init__(self, *, clock: Callable[[], float], wall: Callable[[], float], patience_s: float) -> None:
        """Begin with nothing.

        Args:
            clock: seconds, monotonic.
            wall: seconds since the epoch.
            patience_s: silence of a live source after which it counts as away, whatever its reader does.
        """
        self.note = ""
        self.newest: tuple[float, int] | None = None
        self._clock, self._wall, self._patience_s = clock, wall, patience_s
        self._lock = threading.Lock()
        self._state = StreamState.OPENING
        self._failure: Failure | None = None
        self._tally, self._rates = Tally(), Rates(clock)
        self._counted = Tally()  # what is in it of the present connection

    @property
    def decoded(self) -> int:
        """Return how many pictures were decoded."""
        return self._tally.decoded

    def connected(self) -> None:
        """Note that another connection was opened, which has counted nothing yet."""
        self._counted = Tally()

    def count(self, reader: Reader) -> None:
        """Add what the present connection counted since the last time."""
        now = Tally.of(reader)
        with self._lock:
            self._tally = self._tally.plus(reader, now, self._counted, int(self._wall() * 1000))
        self._counted = now

    def flowing(self, picture: Picture) -> None:
        """Note a picture."""
        with self._lock:
            self.newest = (self._clock(), picture.frame.position.time_us)
            self._state, self._failure = StreamState.FLOWING, None

    def failed(self, error: SourceError, *, live: bool, final: bool) -> None:
        """Note a failure; a source that has begun, or is live, is away then, unless that is the end of it.

        Who is told "away" takes it for a start that goes on; what no try cures is the reader's last word, not an absence.
        """
        with self._lock:
            self._failure = Failure.of(error)
            if not final and (live or self._state is StreamState.FLOWING):
                self._state = StreamState.AWAY

    def reconnects(self) -> None:
        """Note that a connection that was lost is tried again."""
        with self._lock:
            self._tally = self._tally.reconnected()

    def status(self, passed: Passed, *, live: bool) -> FeedStatus:
        """Return how it stands now.

        Args:
            passed: what went through to the analysis.
            live: the source has no end.
        """
        with self._lock:
            state, failure, newest = self._state, self._failure, self.newest
            stats = self._tally.stats(passed, self._rates)
        silent_s = self._clock() - newest[0] if newest else 0.0
        if live and state is StreamState.FLOWING and silent_s > self._patience_s:
            # the thread that decodes may hang below us, where no time-out reaches
            state, failure = StreamState.AWAY, Failure.of(SourceLost(f"no picture for {silent_s:.0f} s"))
        return FeedStatus(state, failure, stats, self.note)
