"""The workers there are: who is live, who was started, who was told to end."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import Final

import structlog

from vedette.control.decisions import SILENT_S
from vedette.control.fleet import Fleet
from vedette.control.placement import Crew, Lonely, idle
from vedette.executors.base import Executor
from vedette.model.errors import Unavailable
from vedette.model.ids import WorkerId, new_hex
from vedette.store import assignments
from vedette.store.assignments import Holding
from vedette.store.db import Database
from vedette.telemetry.metrics import Metrics

log = structlog.get_logger()

NEW_S: Final = 5.0
"""A worker that was heard for the first time so lately is still to be given what it was started for."""


class Roster:
    """Starts workers, and sends them home.

    Attributes:
        starting: workers that were started and have not spoken yet, and since when, seconds of the monotonic clock.
        leaving: workers that were told to end: what they hold is handed back, and no crash.
    """

    def __init__(
        self,
        db: Database,
        fleet: Fleet,
        executor: Executor,
        metrics: Metrics,
        monotonic: Callable[[], float],
        *,
        lonely_limit: int,
    ) -> None:
        self.starting: dict[WorkerId, float] = {}
        self.leaving: set[WorkerId] = set()
        self._db, self._fleet, self._executor, self._metrics = db, fleet, executor, metrics
        self._monotonic, self._lonely_limit = monotonic, lonely_limit

    async def crew(self, held: Sequence[Holding]) -> Crew:
        """Return the workers that are live, and what they hold.

        Args:
            held: the streams that are held.

        Raises:
            Unavailable: the database does not answer.
        """
        return self._crew(held, await self._db.read(assignments.lonely))

    def forget(self, worker_id: WorkerId) -> None:
        """Take down that a worker has ended."""
        self.starting.pop(worker_id, None)
        self.leaving.discard(worker_id)

    async def send_home(self) -> None:
        """End the workers that nobody needs any more."""
        lonely = await self._db.read(assignments.lonely)
        if not lonely and len(self._executor.present()) <= self._executor.limit:
            return
        for worker_id in idle(self._crew(await self._db.read(assignments.holdings), lonely)):
            view = self._fleet.get(worker_id)
            if view is not None and self._monotonic() - view.since > NEW_S:
                await self.dismiss(worker_id, "nobody needs it")

    async def dismiss(self, worker_id: WorkerId, reason: str) -> None:
        """End a worker; what it holds it hands back."""
        log.info("worker is sent home", worker=worker_id, reason=reason)
        self.leaving.add(worker_id)
        await self._executor.stop(worker_id)

    async def spawn(self) -> None:
        """Start a worker, if a process can be started."""
        worker_id = WorkerId(f"{self._executor.node}-{new_hex()[:8]}")
        try:
            await self._executor.start(worker_id)
            self.starting[worker_id] = self._monotonic()
            self._metrics.workers_started.inc()
        except Unavailable as failure:
            log.warning("no worker could be started", reason=failure.message)

    def _crew(self, held: Sequence[Holding], lonely: Collection[WorkerId]) -> Crew:
        now, present = self._monotonic(), self._executor.present()
        self.starting = {
            worker_id: since
            for worker_id, since in self.starting.items()
            if worker_id in present and self._fleet.get(worker_id) is None
        }
        live = [view for view in self._fleet.all() if now - view.heard_at <= SILENT_S]
        shared = [view for view in live if view.id not in lonely and view.id not in self.leaving]
        loads = Counter(holding.worker_id for holding in held)
        crashes = {holding.worker_id: holding.crashes for holding in held}
        alone = {
            worker: Lonely(crashes.get(worker, 0), busy=worker in crashes, leaving=worker in self.leaving)
            for worker in (view.id for view in live if view.id in lonely)
        }
        return Crew(
            {view.id: loads[view.id] for view in shared}, {view.id: view.capacity for view in shared},
            len(self.starting), self._executor.limit, alone, self._lonely_limit,
        )  # fmt: skip
