"""The heartbeat of the control plane: each loop steps when it is woken or its time has come, and survives its errors."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Final

import structlog

from vedette.control.bell import Bell, heard
from vedette.control.clock_steps import ClockSteps
from vedette.control.helm import Alone, Helm
from vedette.control.reconciler import Reconciler
from vedette.control.scheduler import Scheduler
from vedette.model.errors import VedetteError

log = structlog.get_logger()

TICK_S: Final = 0.5
"""The reconciler looks this often even if nobody wakes it: a level cannot be missed."""
AFTER_FAILURE_S: Final = 1.0
REST: Final = 3.0
"""How long a loop rests after a round, as a multiple of what the round took: many calls that wake it share one round, and
under load at most a quarter of the time goes into rounds."""
REST_MAX_S: Final = 0.1
LATE_MS: Final = 20
PAUSE_S: Final = 0.02
"""Between looks at timetables that are looked at anew: they are in nobody's way."""
ANYWAY: Final = Alone()
"""For what every service does, whoever acts."""


class Loops:
    """The loop that makes timetable and world agree, and its bell."""

    def __init__(self) -> None:
        self._bell = Bell()

    def wake(self) -> None:
        """Say that there is something to do."""
        self._bell.ring()

    async def obey(self, scheduler: Scheduler, clock: Callable[[], int], steps: ClockSteps, helm: Helm) -> None:
        """Obey the timetables, while at the helm: each change at its moment, whatever else is going on."""
        while True:
            ring, wait_s, began = self._bell.listen(), TICK_S, monotonic()
            if helm.held:
                try:
                    if steps.set_back(clock()):
                        log.warning("the clock was set back, all timetables are looked at anew")
                        scheduler.doubt()
                    due_ms = await scheduler.run_once(clock())
                    wait_s = PAUSE_S if await scheduler.review(clock()) else _until(due_ms, clock())
                except VedetteError as error:
                    log.warning("the timetables could not be obeyed, the next round tries again", reason=error.message)
                # As below: the next round begins anew.
                except Exception:
                    log.exception("a round of the timetables broke, the next one tries again")
            await _rest(began)
            await heard(ring, wait_s)

    async def reconcile(self, reconciler: Reconciler, changed: Bell, clock: Callable[[], int], helm: Helm) -> None:
        """Make wanted and seen agree, while at the helm; ring `changed` when orders may have changed."""
        woken = False
        while True:
            ring, began = self._bell.listen(), monotonic()
            if not helm.held:
                await heard(ring, TICK_S)
                continue
            try:
                stepped = await reconciler.run_once(clock())
                if stepped or woken:  # what woke it may be a new configuration: no task moves, and orders change
                    changed.ring()
                woken = False
                await _rest(began)
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


async def _rest(began: float) -> None:
    """Let the calls have their turn after a round; what rings meanwhile is heard afterwards."""
    await asyncio.sleep(min(REST * (monotonic() - began), REST_MAX_S))


def _until(due_ms: int | None, now_ms: int) -> float:
    """Return how long to wait for what is due next, in seconds; what could not be done is tried again a little later."""
    return TICK_S if due_ms is None else min(max(due_ms - now_ms, LATE_MS) / 1000, TICK_S)


async def keep(name: str, step: Callable[[], Awaitable[object]], every_s: float, helm: Helm = ANYWAY) -> None:
    """Do a step again and again while at the helm, whatever becomes of it."""
    while True:
        while not helm.held:  # noqa: ASYNC110 - it is a matter of time, and nobody rings
            await asyncio.sleep(TICK_S)
        try:
            await step()
        except VedetteError as error:
            log.warning("a step failed, the next one tries again", loop=name, reason=error.message)
        # As above: the next step begins anew.
        except Exception:
            log.exception("a step broke, the next one tries again", loop=name)
        await asyncio.sleep(every_s)
