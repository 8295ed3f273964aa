"""One destination: what waits for it, and whether it may be called now. No clock, no I/O."""

from collections import deque
from dataclasses import dataclass, field

from vedette.delivery.retry import GIVE_UP_S, Rand, pause
from vedette.model.ids import TaskId
from vedette.model.output import OutputKind, Target
from vedette.store.outbox import Due, Want

PER_DESTINATION = 4
"""Calls to one destination at the same time, where their order does not matter; where it does, one."""
UNORDERED = frozenset({OutputKind.OBS})
"""Kinds of output that know no order: each event is an object under a name of its own."""
MISSES = 3
"""Connections that fail in a row before a destination counts as away, and is probed with single rows."""
LARGEST_BATCH = 128
FAST_MS = 1000
"""A destination that empties its queue in this time gets a longer one."""


@dataclass(slots=True)
class Lane:
    """The queue of one destination.

    Attributes:
        target: None while it cannot be unsealed.
        sealed: what the target was unsealed from; another one is a target whose secrets were changed.
        earliest_at: when its next row is due, as last seen.
        queue: rows that wait for a slot.
        taken: rows that are in the queue, on their way, or delivered but not yet marked.
        flying: calls that are on their way.
        misses: connections that failed in a row.
        away_since: when the destination went away.
        open_at: nothing is sent before.
        gone: it asked never to be called again.
        trouble: how the last failed call ended.
        full: the last batch was as large as asked for: there is more.
        stuck: a row was overtaken because it failed for too long, and none has been delivered since.
        unmarked: rows that failed, which is not yet written: others that are fetched now would pass them.
    """

    destination_id: str
    task_id: TaskId
    kind: str
    target: Target | None
    sealed: bytes = field(default=b"", repr=False)
    earliest_at: int = 0
    queue: deque[Due] = field(default_factory=deque)
    taken: set[int] = field(default_factory=set)
    flying: int = 0
    misses: int = 0
    away_since: int | None = None
    open_at: int = 0
    gone: bool = False
    trouble: str = ""
    full: bool = False
    stuck: bool = False
    unmarked: int = 0
    _turn: int = 0
    _asked: int = 0
    _batch: int = PER_DESTINATION
    _filled_at: int = 0

    @property
    def ordered(self) -> bool:
        """Whether its rows are delivered one after the other."""
        return self.kind not in UNORDERED

    @property
    def away(self) -> bool:
        """Whether it is probed rather than served."""
        return self.misses >= MISSES

    @property
    def idle(self) -> bool:
        """Whether nothing is on its way, and nothing is remembered that matters later."""
        return not self.taken and not self.away and not self.gone

    def room(self, now_ms: int) -> int:
        """Return how many calls may begin now."""
        if now_ms < self.open_at:
            return 0
        return max(0, (1 if self.away or self.ordered else PER_DESTINATION) - self.flying)

    def hungry(self, now_ms: int) -> bool:
        """Return whether it should be given rows, if there are any."""
        if now_ms < max(self.open_at, self.earliest_at) or (self.away and self.flying) or self.unmarked:
            return False
        return len(self.queue) < (max(PER_DESTINATION, self._batch // 2) if self.full else PER_DESTINATION)

    def want(self, now_ms: int) -> Want:
        """Return how many rows to fetch; the queue of a quick destination grows."""
        # whoever has emptied the queue waits for us, however long that took
        quick = self.full and (not self.queue or now_ms - self._filled_at < FAST_MS)
        self._asked = self._turn
        self._batch = min(self._batch * 2, LARGEST_BATCH) if quick else PER_DESTINATION
        return Want(self.destination_id, 1 if self.away else self._batch, frozenset(self.taken))

    def fill(self, want: Want, rows: list[Due], now_ms: int) -> None:
        """Take the rows that were fetched, unless the queue was given back meanwhile: an earlier row comes first."""
        if self._asked != self._turn:
            return
        self.queue.extend(rows)
        self.taken.update(row.id for row in rows)
        self.full = len(rows) == want.limit
        self._filled_at = now_ms

    def reached(self) -> bool:
        """It answered; return whether it had been away."""
        was_away = self.away
        self.misses, self.away_since = 0, None
        return was_away

    def missed(self, now_ms: int, rand: Rand) -> None:
        """Nobody answered: after a few times in a row it is left alone for a while, and its queue given back."""
        self.misses += 1
        if self.away_since is None:
            self.away_since = now_ms
        if self.away:
            self.open_at = max(self.open_at, now_ms + pause(self.misses - MISSES, rand))
            self.release()

    def hold(self, until_ms: int) -> None:
        """It asked for a pause."""
        self.open_at = max(self.open_at, until_ms)
        self.release()

    def release(self) -> None:
        """Give back what waits: the rows stay due."""
        self._turn += 1
        self.taken.difference_update(row.id for row in self.queue)
        self.queue.clear()

    def lost_for_good(self, now_ms: int) -> bool:
        """Return whether it has been away so long that what waits for it is given up."""
        return self.away_since is not None and now_ms - self.away_since >= GIVE_UP_S * 1000
