"""The heartbeat of the control plane: each loop steps when it is woken or its time has come, and survives its errors."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from vedette.control.bell import Bell, heard
from vedette.control.reconciler import Reconciler
from vedette.control.scheduler import Scheduler
from vedette.model.errors import VedetteError

log = structlog.get_logger()

TICK_S: Final = 0.5
"""The reconciler looks this often even if nobody wakes it: a level cannot be missed."""
AFTER_FAILURE_S: Final = 1.0


class Loops:
    """The loop that makes timetable and world agree, and its bell."""

    def __init__(self) -> None:
        self._bell = Bell()

    def wake(self) -> None:
        """Say that there is something to do."""
        self._bell.ring()

    async def reconcile(
        self, scheduler: Scheduler, reconciler: Reconciler, changed: Bell, clock: Callable[[], int]
    ) -> None:
        """Obey the timetable, then make wanted and seen agree; ring `changed` when orders may have changed."""
        woken = False
        while True:
            ring = self._bell.listen()
            try:
                await scheduler.run_once(clock())
                stepped = await reconciler.run_once(clock())
                if stepped or woken:  # what woke it may be a new configuration: no task moves, and orders change
                    changed.ring()
                woken = False
                if stepped:
                    continue  # one step may make the next possible
            except VedetteError as error:
                log.warning("a round failed, the next one tries again", reason=error.message)
                await asyncio.sleep(AFTER_FAILURE_S)
            # A loop that dies in silence would be worse than any error: it is told, and the next round begins anew.
            except Exception:
                log.exception("a round broke, the next one tries again")
                await asyncio.sleep(AFTER_FAILURE_S)
            woken = await heard(ring, TICK_S) or woken


async def keep(name: str, step: Callable[[], Awaitable[object]], every_s: float) -> None:
    """Do a step again and again, whatever becomes of it."""
    while True:
        try:
            await step()
        except VedetteError as error:
            log.warning("a step failed, the next one tries again", loop=name, reason=error.message)
        # As above: the next step begins anew.
        except Exception:
            log.exception("a step broke, the next one tries again", loop=name)
        await asyncio.sleep(every_s)
