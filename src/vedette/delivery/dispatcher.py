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

from vedette.delivery.courier import Courier
from vedette.delivery.endings import Endings
from vedette.delivery.flights import Flight, Flights
from vedette.delivery.lane import Lane
from vedette.delivery.lanes import Lanes
from vedette.delivery.levels import Levels
from vedette.delivery.outlook import Outlook
from vedette.delivery.refills import Refills
from vedette.delivery.retry import Rand
from vedette.delivery.sinks.base import Sink
from vedette.delivery.turns import turn_of
from vedette.model.errors import SinkGone, Unavailable
from vedette.model.ids import TaskId
from vedette.model.output import RESULT, OutputKind
from vedette.store import outbox
from vedette.store.db import Database
from vedette.store.outbox import Due
from vedette.store.run_results import Turn
from vedette.store.vault import Vault
from vedette.telemetry import logs
from vedette.telemetry.metrics import Metrics

TICK_MS = 5000
"""The outbox is looked at this often even if nobody wakes the dispatcher and nothing falls due."""
SHORT_MS = 250
"""How soon to look for a slot when all are taken."""
MARKS = 256
"""So many deliveries are marked together, if they follow one another."""
MARKS_S = 0.03
"""And no later than after this time."""
QUEUE_LIMIT = 1_000_000
STOP_S = 5.0
"""Calls on their way may take this long to finish when the service stops."""

_log = logs.get(__name__)


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


class Dispatcher:
    """The loop of delivery.

    Args:
        pictures: gives the picture under a key (`Blobs.get`); blocks, so it is called in a thread.
        sinks: one for each kind of output that can be served.
        queue_limit: rows that may wait for a destination; what comes then is given up, and can be sent again.
        now: milliseconds since the epoch.
        may: whether this service may send now; while it may not, only what has ended is marked.
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
        may: Callable[[], bool] = lambda: True,
    ) -> None:
        self._db, self._metrics, self._now, self._may = db, metrics, now, may
        self._courier, self._lanes, self._outlook = Courier(pictures, sinks), Lanes(vault), Outlook()
        self._endings = Endings(db, metrics, self._outlook, rand)
        self._levels = Levels(db, metrics, queue_limit)
        self._refills = Refills(db, self._lanes, now, self._filled)
        self._flights = Flights()
        self._awake = asyncio.Event()
        self._ring: asyncio.TimerHandle | None = None
        self._marking: asyncio.Task[None] | None = None
        self._stopping = False
        self._starved = False
        self._turn = 0

    def wake(self) -> None:
        """Say that the outbox has new rows."""
        self._outlook.now = True
        self._awake.set()

    def troubles(self) -> dict[TaskId, str]:
        """Return the tasks whose destination is away or gone, and why."""
        return self._lanes.troubles()

    async def run(self) -> None:
        """Deliver until `stop` is called."""
        while not self._stopping:
            self._awake.clear()
            try:
                wait_ms = await self.run_once(self._now())
            except Unavailable as error:
                _log.warning("the outbox cannot be read or written", error=error.message)
                self._outlook.now, wait_ms = True, SHORT_MS * 4
            except Exception:  # noqa: BLE001 - whatever it is, delivery goes on: nobody else would send what waits
                _log.exception("the round of the dispatcher broke")
                self._outlook.now, wait_ms = True, TICK_MS
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_ms / 1000):
                    await self._awake.wait()

    async def stop(self) -> None:
        """Begin nothing more; let calls on their way finish, but not for long. What is unfinished stays due."""
        self._stopping = True
        self._awake.set()
        await self._refills.stop()
        if self._flights:
            _, late = await asyncio.wait(self._flights.tasks(), timeout=STOP_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        try:
            if self._marking is not None:
                await self._marking
            await self._endings.write_down(self._now())
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
        due = self._outlook.due(now_ms) and self._may()
        if self._marking is not None and self._marking.done():
            marking, self._marking = self._marking, None
            marking.result()
        if self._marking is None and self._endings.waiting:  # beside all else: new rows do not wait for a commit
            self._marking = asyncio.create_task(self._endings.write_down(now_ms))
            self._marking.add_done_callback(lambda _: self._awake.set())
        if due:
            await self._survey(now_ms)
        self._starved = self._begin(now_ms)
        self._refills.begin()
        if due:
            await self._levels.look(now_ms)
        if not self._may():
            return SHORT_MS
        if self._outlook.now:
            return 1
        return SHORT_MS if self._starved else max(1, min(self._outlook.at - now_ms, TICK_MS))

    async def settle(self, now_ms: int) -> None:
        """Deliver all that can be delivered at this time, and return when it is marked."""
        while True:
            self._outlook.now = True
            await self.run_once(now_ms)
            beside = [task for task in (self._refills.task, self._marking) if task is not None]
            under_way = [*self._flights.tasks(), *beside]
            if not under_way and not self._endings.waiting:
                return
            if under_way:
                await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)

    async def _survey(self, now_ms: int) -> None:
        """Look which destinations something waits for, and fetch for each what it can take."""
        self._outlook.now, self._outlook.at = False, now_ms + TICK_MS  # before the look: marks may add to it meanwhile
        agenda = await self._db.read(outbox.agenda)
        lanes = self._lanes.survey(agenda, now_ms)
        times = (max(lane.earliest_at, lane.open_at) for lane in lanes)
        self._outlook.by(min((at for at in times if at > now_ms), default=self._outlook.at))
        oldest = min((waiting.earliest_at for waiting in agenda), default=now_ms)
        self._metrics.outbox_oldest_seconds.set(max(0, now_ms - oldest) / 1000)
        self._metrics.destinations_paused.set(sum(lane.away for lane in self._lanes))
        await self._fetch(lanes, now_ms)

    async def _fetch(self, lanes: list[Lane], now_ms: int) -> None:
        """Fetch for lanes of which it is not known that much waits for them: that is done beside all else."""
        wanted = [(lane, lane.want(now_ms)) for lane in lanes if not lane.full and lane.hungry(now_ms)]
        if wanted:
            found = await self._db.read(outbox.due, [want for _, want in wanted], now_ms)
            for (lane, want), rows in zip(wanted, found, strict=True):
                lane.fill(want, rows, now_ms)

    def _begin(self, now_ms: int) -> bool:
        """Begin calls, lane by lane in turn; return whether rows are left that only lack a slot."""
        slots = self._flights.free()
        ready = [lane for lane in self._lanes if lane.queue and lane.room(now_ms)]
        if ready:
            self._turn = (self._turn + 1) % len(ready)
            ready = ready[self._turn :] + ready[: self._turn]
        while ready and slots > 0 and not self._resting:
            for lane in ready[:slots]:
                slots -= self._launch(lane, now_ms)
            ready = [lane for lane in ready if lane.queue and lane.room(now_ms)]
        return bool(ready)

    @property
    def _resting(self) -> bool:
        return self._stopping or not self._may()

    def _filled(self) -> None:
        if not self._resting:
            self._starved = self._begin(self._now())

    def _launch(self, lane: Lane, now_ms: int) -> int:
        """Begin the next call of a lane; return how many slots that took."""
        row = lane.queue.popleft()
        if lane.gone and not row.resent:
            self._endings.add(lane, row, SinkGone(lane.trouble), now_ms)
            self._awake.set()
            return 0
        lane.flying += 1
        flight = Flight(lane, row, asyncio.get_running_loop().time())
        task = asyncio.create_task(self._fly(flight))
        self._flights.add(task, flight)
        task.add_done_callback(self._landed)
        return 1

    async def _fly(self, flight: Flight) -> None:
        """Deliver a row, and those that wait behind it, as long as no other lane waits for the slot."""
        lane = flight.lane
        while True:
            row = flight.row
            turn = Turn.NOW if row.event_type != RESULT else await turn_of(self._db, lane, row, self._now())
            if turn is Turn.LATER:
                self._outlook.now = True
            else:
                error = await self._courier.carry(lane, row) if turn is Turn.NOW else None
                self._endings.add(lane, row, error, self._now())
                if error is not None:
                    self._awake.set()
            lane.flying -= 1
            following = self._following(lane)
            lane.flying += 1
            if following is None:
                return
            flight.go_on(following)

    def _following(self, lane: Lane) -> Due | None:
        now_ms = self._now()
        if self._starved or self._resting or not lane.queue or lane.gone or not lane.room(now_ms):
            return None
        row = lane.queue.popleft()
        if len(self._endings) >= MARKS or (lane.full and lane.hungry(now_ms)):
            self._awake.set()
        elif self._ring is None:
            self._ring = asyncio.get_running_loop().call_later(MARKS_S, self._awake.set)
        return row

    def _landed(self, task: asyncio.Task[None]) -> None:
        flight = self._flights.land(task)
        flight.lane.flying -= 1
        if task.cancelled():
            flight.lane.taken.discard(flight.row.id)
        self._awake.set()
