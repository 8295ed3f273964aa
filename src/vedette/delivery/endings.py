"""What becomes of a call that ended: decided at once, written down together with others."""

from vedette.delivery.lane import MISSES, Lane
from vedette.delivery.outlook import Outlook
from vedette.delivery.retry import GIVE_UP_S, IN_ORDER, Rand, next_attempt
from vedette.model.errors import SinkBusy, SinkError, SinkGone, SinkUnreachable
from vedette.store import outbox_marks
from vedette.store.db import Database
from vedette.store.outbox import Due
from vedette.store.outbox_marks import Outcome
from vedette.telemetry import logs
from vedette.telemetry.metrics import Metrics

_log = logs.get(__name__)


class Endings:
    """Keeps how calls ended until it is written down.

    Args:
        outlook: told when something falls due.
        rand: for the jitter.
    """

    def __init__(self, db: Database, metrics: Metrics, outlook: Outlook, rand: Rand) -> None:
        self._db, self._metrics, self._outlook, self._rand = db, metrics, outlook, rand
        self._ended: list[tuple[Lane, Outcome]] = []
        self._returned: set[str] = set()
        self._lost: list[Lane] = []

    def __len__(self) -> int:
        return len(self._ended)

    @property
    def waiting(self) -> bool:
        """Whether something is to be written down."""
        return bool(self._ended or self._returned or self._lost)

    def add(self, lane: Lane, row: Due, error: SinkError | None, now_ms: int) -> None:
        """Take how a call ended, and decide what follows.

        Args:
            error: None: the destination has it.
        """
        if isinstance(error, SinkUnreachable):
            lane.missed(now_ms, self._rand)
            if lane.lost_for_good(now_ms):
                self._lost.append(lane)
        elif lane.reached() or (lane.stuck and error is None):
            self._returned.add(lane.destination_id)
        if error is None:
            self._ended.append((lane, Outcome(row.id, row.attempts + 1)))
            self._metrics.deliveries.labels(lane.kind, "done").inc()
            self._metrics.delivery_seconds.labels(lane.kind).observe(max(0, now_ms - row.created_at) / 1000)
            lane.gone = lane.stuck = False
            return
        outcome = self._failed(lane, row, error, now_ms)
        lane.unmarked += 1
        self._ended.append((lane, outcome))
        over = outcome.next_attempt_at is None
        self._metrics.deliveries.labels(lane.kind, "dead" if over else "later").inc()
        lane.trouble = error.message
        level = _log.warning if over else _log.info
        level(
            "a delivery failed",
            task_id=row.task_id, event_id=row.event_id, attempts=outcome.attempts, error=error.message,
        )  # fmt: skip
        if isinstance(error, SinkGone):
            lane.gone = True
        if isinstance(error, SinkBusy) and error.retry_after_s is not None:
            lane.hold(now_ms + round(error.retry_after_s * 1000))
        if lane.open_at > now_ms:
            self._outlook.by(lane.open_at)

    def _failed(self, lane: Lane, row: Due, error: SinkError, now_ms: int) -> Outcome:
        """Say what becomes of a row that failed: it keeps its place, is overtaken and comes later, or is given up."""
        attempts = row.attempts + 1
        if lane.ordered and isinstance(error, SinkBusy | SinkUnreachable):
            nobody = isinstance(error, SinkUnreachable) and not error.connected
            if lane.away and nobody:  # no row is at fault: the first one stays it, however often it is the probe
                return Outcome(row.id, min(attempts, max(row.attempts, MISSES)), error.message, row.due_at)
            if attempts < IN_ORDER and not lane.stuck:
                lane.hold(next_attempt(error, attempts, now_ms, self._rand) or now_ms)
                return Outcome(row.id, attempts, error.message, row.due_at)
            lane.stuck = lane.stuck or attempts == IN_ORDER
        return Outcome(row.id, attempts, error.message, next_attempt(error, attempts, now_ms, self._rand))

    async def write_down(self, now_ms: int) -> None:
        """Mark the rows.

        Raises:
            Unavailable: the database is away. Whatever is raised, nothing is forgotten.
        """
        while self._ended:
            batch, self._ended = self._ended, []
            try:
                await self._db.write(outbox_marks.mark, [outcome for _, outcome in batch], now_ms)
            except BaseException:  # else these rows would count as on their way until the service is started anew
                self._ended = batch + self._ended
                raise
            for lane, outcome in batch:
                lane.taken.discard(outcome.row_id)
                lane.unmarked -= outcome.error is not None
                if outcome.next_attempt_at is not None:
                    self._outlook.by(max(outcome.next_attempt_at, lane.open_at))
        while self._returned:
            self._outlook.now = True
            destination_id = next(iter(self._returned))
            await self._db.write(outbox_marks.hasten, destination_id, now_ms)
            self._returned.discard(destination_id)
        while self._lost:
            await self._bury(self._lost.pop(), now_ms)

    async def _bury(self, lane: Lane, now_ms: int) -> None:
        """Give up what has waited too long for a destination that has been away too long."""
        reason = f"The destination has been away for a day. {lane.trouble}"
        before = now_ms - GIVE_UP_S * 1000
        buried = await self._db.write(outbox_marks.give_up, lane.destination_id, reason, before, now_ms)
        if buried:
            self._metrics.deliveries.labels(lane.kind, "dead").inc(buried)
            _log.warning("deliveries were given up", task_id=lane.task_id, rows=buried)
