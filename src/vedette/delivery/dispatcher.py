"""Takes due rows from the outbox, sends them, and writes down how that ended.

Every destination has a lane of its own with one call at a time (a few, where order does not matter), so one that is
slow or away delays no other. A row that fails keeps its place before those that follow it, but not for long. What is on
its way is known in memory alone: there is one dispatcher for one database. A row is marked after the fact, so a
crash in between repeats a delivery (with the same event id), and loses none.
"""

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from vedette.delivery.courier import Courier
from vedette.delivery.lane import MISSES, PER_DESTINATION, Lane
from vedette.delivery.retry import GIVE_UP_S, IN_ORDER, Rand, next_attempt
from vedette.delivery.sinks.base import Sink
from vedette.model.errors import (
    Misconfigured,
    SinkBusy,
    SinkError,
    SinkGone,
    SinkUnreachable,
    Unavailable,
)
from vedette.model.ids import TaskId
from vedette.model.output import RESULT, DisOutput, ObsOutput, OutputKind, Target, WebhookOutput
from vedette.store import outbox, outbox_marks, run_results
from vedette.store.db import Database
from vedette.store.outbox import Due, Waiting
from vedette.store.outbox_marks import Outcome
from vedette.store.run_results import Turn
from vedette.store.vault import Vault
from vedette.telemetry import logs
from vedette.telemetry.metrics import Metrics

QUICK_SLOTS = 64
"""Calls at the same time over all destinations, not counting slow ones."""
SLOW_SLOTS = 192
"""Calls that have taken longer than `SLOW_S` so far; beyond these they count as quick ones."""
SLOW_S = 1.0
TICK_MS = 5000
"""The outbox is looked at this often even if nobody wakes the dispatcher and nothing falls due."""
SHORT_MS = 250
"""How soon to look for a slot when all are taken."""
MARKS = 32
"""So many deliveries are marked together, if they follow one another."""
MARKS_S = 0.02
"""And no later than after this time."""
GAUGES_MS = 10_000
QUEUE_LIMIT = 1_000_000
STOP_S = 5.0
"""Calls on their way may take this long to finish when the service stops."""
KEPT_LANES = 10_000
"""Beyond these, idle lanes forget that their destination is gone."""
SEALED_MS = 60_000
"""How soon to try again to open a destination that was sealed with another key."""

_TARGETS: Final[Mapping[str, type[Target]]] = {
    OutputKind.WEBHOOK: WebhookOutput,
    OutputKind.OBS: ObsOutput,
    OutputKind.DIS: DisOutput,
}

_log = logs.get(__name__)


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class _Flight:
    lane: Lane
    row: Due
    began: float


class Dispatcher:
    """The loop of delivery.

    Args:
        pictures: gives the picture under a key (`Blobs.get`); blocks, so it is called in a thread.
        sinks: one for each kind of output that can be served.
        queue_limit: rows that may wait for a destination; what comes then is given up, and can be sent again.
        now: milliseconds since the epoch.
    """

    def __init__(
        self,
        db: Database,
        vault: Vault,
        pictures: Callable[[str], bytes],
        sinks: Mapping[OutputKind, Sink],
        metrics: Metrics,
        *,
        queue_limit: int = QUEUE_LIMIT,
        now: Callable[[], int] = _wall_ms,
        rand: Rand = random.random,
    ) -> None:
        self._db, self._vault, self._courier = db, vault, Courier(pictures, sinks)
        self._metrics, self._queue_limit, self._now, self._rand = metrics, queue_limit, now, rand
        self._lanes: dict[str, Lane] = {}
        self._flights: dict[asyncio.Task[None], _Flight] = {}
        self._ended: list[tuple[Lane, Outcome]] = []
        self._returned: set[str] = set()
        self._lost: list[Lane] = []
        self._awake = asyncio.Event()
        self._ring: asyncio.TimerHandle | None = None
        self._stopping = False
        self._starved = False
        self._turn = 0
        self._look = True
        self._look_at = 0
        self._gauges_at = 0

    def wake(self) -> None:
        """Say that the outbox has new rows."""
        self._look = True
        self._awake.set()

    def troubles(self) -> dict[TaskId, str]:
        """Return the tasks whose destination is away or gone, and why."""
        return {lane.task_id: lane.trouble for lane in self._lanes.values() if lane.away or lane.gone}

    async def run(self) -> None:
        """Deliver until `stop` is called."""
        while not self._stopping:
            self._awake.clear()
            try:
                wait_ms = await self.run_once(self._now())
            except Unavailable as error:
                _log.warning("the outbox cannot be read or written", error=error.message)
                wait_ms = SHORT_MS * 4
            except Exception:  # noqa: BLE001 - whatever it is, delivery goes on: nobody else would send what waits
                _log.exception("the round of the dispatcher broke")
                wait_ms = TICK_MS
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_ms / 1000):
                    await self._awake.wait()

    async def stop(self) -> None:
        """Begin nothing more; let calls on their way finish, but not for long. What is unfinished stays due."""
        self._stopping = True
        self._awake.set()
        if self._flights:
            _, late = await asyncio.wait(self._flights, timeout=STOP_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        try:
            await self._write_down(self._now())
        except Unavailable as error:
            _log.warning("deliveries could not be marked and will be repeated", error=error.message)

    async def run_once(self, now_ms: int) -> int:
        """Mark what has ended, fetch what is due, and begin to send it; return how many milliseconds to wait.

        Raises:
            Unavailable: the database is away; nothing is lost by calling again.
        """
        if self._ring is not None:
            self._ring.cancel()
            self._ring = None
        await self._write_down(now_ms)
        if (
            self._look
            or now_ms >= self._look_at
            or any(lane.full and lane.hungry(now_ms) for lane in self._lanes.values())
        ):
            await self._fetch(now_ms)
        self._starved = self._begin(now_ms)
        return SHORT_MS if self._starved else max(1, min(self._look_at - now_ms, TICK_MS))

    async def settle(self, now_ms: int) -> None:
        """Deliver all that can be delivered at this time, and return when it is marked."""
        while True:
            self._look = True
            await self.run_once(now_ms)
            if not self._flights and not self._ended:
                return
            if self._flights:
                await asyncio.wait(self._flights, return_when=asyncio.FIRST_COMPLETED)

    async def _fetch(self, now_ms: int) -> None:
        self._look = False
        agenda = await self._db.read(outbox.agenda)
        for waiting in agenda:
            self._lane(waiting, now_ms).earliest_at = waiting.earliest_at
        self._forget({waiting.destination_id for waiting in agenda})
        lanes = [self._lanes[waiting.destination_id] for waiting in agenda]
        wanted = [(lane, lane.want(now_ms)) for lane in lanes if lane.hungry(now_ms)]
        if wanted:
            found = await self._db.read(outbox.due, [want for _, want in wanted], now_ms)
            for (lane, want), rows in zip(wanted, found, strict=True):
                lane.fill(want, rows, now_ms)
        times = (max(lane.earliest_at, lane.open_at) for lane in lanes)
        self._look_at = min((at for at in times if at > now_ms), default=now_ms + TICK_MS)
        oldest = min((waiting.earliest_at for waiting in agenda), default=now_ms)
        self._metrics.outbox_oldest_seconds.set(max(0, now_ms - oldest) / 1000)
        await self._gauge(now_ms)

    def _lane(self, waiting: Waiting, now_ms: int) -> Lane:
        lane = self._lanes.get(waiting.destination_id)
        if lane is None:
            lane = Lane(waiting.destination_id, waiting.task_id, waiting.kind, None)
            self._lanes[waiting.destination_id] = lane
        if lane.sealed != waiting.target:
            lane.target, lane.sealed, lane.gone = None, waiting.target, False
        if lane.target is None and now_ms >= lane.open_at:
            try:
                lane.target = self._vault.unseal(waiting.target, _TARGETS[waiting.kind])
            except Misconfigured as error:
                _log.error("a destination cannot be opened", task_id=lane.task_id, error=error.message)
                lane.hold(now_ms + SEALED_MS)
        return lane

    def _forget(self, wanted: set[str]) -> None:
        crowded = len(self._lanes) > KEPT_LANES
        for name in [name for name, lane in self._lanes.items() if name not in wanted]:
            if self._lanes[name].idle or (crowded and not self._lanes[name].taken):
                del self._lanes[name]

    async def _gauge(self, now_ms: int) -> None:
        self._metrics.destinations_paused.set(sum(lane.away for lane in self._lanes.values()))
        if now_ms >= self._gauges_at:
            self._gauges_at = now_ms + GAUGES_MS
            backlog = await self._db.read(outbox.backlog)
            if backlog.fullest > self._queue_limit:
                while buried := await self._db.write(outbox_marks.shorten, self._queue_limit, now_ms):
                    _log.error("the queue of a destination is full: its end is given up", rows=buried)
                backlog = await self._db.read(outbox.backlog)
            self._metrics.outbox_fullest.set(backlog.fullest)
            self._metrics.outbox_limit.set(self._queue_limit)
            self._metrics.outbox_pending.set(backlog.due)
            self._metrics.dead_letters.set(backlog.dead)

    def _begin(self, now_ms: int) -> bool:
        """Begin calls, lane by lane in turn; return whether rows are left that only lack a slot."""
        slots = self._slots()
        ready = [lane for lane in self._lanes.values() if lane.queue and lane.room(now_ms)]
        if ready:
            self._turn = (self._turn + 1) % len(ready)
            ready = ready[self._turn :] + ready[: self._turn]
        while ready and slots > 0 and not self._stopping:
            for lane in ready[:slots]:
                slots -= self._launch(lane, now_ms)
            ready = [lane for lane in ready if lane.queue and lane.room(now_ms)]
        return bool(ready)

    def _launch(self, lane: Lane, now_ms: int) -> int:
        """Begin the next call of a lane; return how many slots that took."""
        row = lane.queue.popleft()
        if lane.gone and not row.resent:
            self._end(lane, row, SinkGone(lane.trouble), now_ms)
            self._awake.set()
            return 0
        lane.flying += 1
        task = asyncio.create_task(self._deliver(lane, row))
        self._flights[task] = _Flight(lane, row, asyncio.get_running_loop().time())
        task.add_done_callback(self._landed)
        return 1

    def _slots(self) -> int:
        """Count free slots: calls that have become slow move to slots of their own, so that they block no quick one."""
        now = asyncio.get_running_loop().time()
        slow = sum(now - flight.began >= SLOW_S for flight in self._flights.values())
        return QUICK_SLOTS - (len(self._flights) - slow) - max(0, slow - SLOW_SLOTS)

    def _landed(self, task: asyncio.Task[None]) -> None:
        flight = self._flights.pop(task)
        lane = flight.lane
        lane.flying -= 1
        if task.cancelled():
            lane.taken.discard(flight.row.id)
        elif not self._starved and not self._stopping and lane.queue and lane.room(now_ms := self._now()):
            self._launch(lane, now_ms)  # at once, unless other lanes wait for a slot: then all take turns
            if len(lane.queue) >= PER_DESTINATION and len(self._ended) < MARKS:
                self._ring = self._ring or asyncio.get_running_loop().call_later(MARKS_S, self._awake.set)
                return
        self._awake.set()

    async def _deliver(self, lane: Lane, row: Due) -> None:
        if row.event_type == RESULT and not await self._is_its_turn(lane, row):
            return
        error = await self._courier.carry(lane, row)
        self._end(lane, row, error, self._now())

    async def _is_its_turn(self, lane: Lane, row: Due) -> bool:
        """Say whether the summary of a run may be sent; one that was put off is given back, and was not tried."""
        turn = Turn.LATER
        try:
            turn = await self._db.write(run_results.turn, row.id, lane.destination_id, row.message["path"], self._now())
        except Unavailable as error:  # it is still due, and asked for again
            _log.warning("it cannot be seen whether a run is told", task_id=row.task_id, error=error.message)
            lane.hold(self._now() + SHORT_MS * 4)
        if turn is Turn.NEVER:
            self._end(lane, row, None, self._now())
        elif turn is Turn.LATER:
            lane.taken.discard(row.id)
            self._look = True
        return turn is Turn.NOW

    def _end(self, lane: Lane, row: Due, error: SinkError | None, now_ms: int) -> None:
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
            self._look_at = min(self._look_at, lane.open_at)

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

    async def _write_down(self, now_ms: int) -> None:
        while self._ended:
            batch, self._ended = self._ended, []
            try:
                await self._db.write(outbox_marks.mark, [outcome for _, outcome in batch], now_ms)
            except Unavailable:
                self._ended = batch + self._ended
                raise
            for lane, outcome in batch:
                lane.taken.discard(outcome.row_id)
                if outcome.next_attempt_at is not None:
                    self._look_at = min(self._look_at, max(outcome.next_attempt_at, lane.open_at))
        while self._returned:
            self._look = True
            await self._db.write(outbox_marks.hasten, self._returned.pop(), now_ms)
        while self._lost:
            await self._bury(self._lost.pop(), now_ms)

    async def _bury(self, lane: Lane, now_ms: int) -> None:
        """Give up what has waited too long for a destination that has been away too long."""
        reason = f"The destination has been away for a day. {lane.trouble}"
        buried = await self._db.write(
            outbox_marks.give_up, lane.destination_id, reason, now_ms - GIVE_UP_S * 1000, now_ms
        )
        if buried:
            self._metrics.deliveries.labels(lane.kind, "dead").inc(buried)
            _log.warning("deliveries were given up", task_id=lane.task_id, rows=buried)
