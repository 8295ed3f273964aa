"""The service: starts everything, in order, and ends it in an order that loses nothing."""

import asyncio
import gc
import signal
import socket

import structlog

from vedette.app import first_start
from vedette.app.ground import Ground, ground, now_ms, policy
from vedette.app.http import listening, local_url
from vedette.app.keystone import external_keystone
from vedette.app.loops import keep
from vedette.app.seat import seated
from vedette.app.wiring import Outgoing, Wiring, uptime
from vedette.control.clock_steps import ClockSteps
from vedette.control.janitor import HOUR_MS
from vedette.delivery.brokers.pool import Links
from vedette.delivery.guard import Exempted, guarded_session
from vedette.delivery.posting.poster import Posters
from vedette.model.ids import WorkerId
from vedette.settings import Settings
from vedette.store import assignments
from vedette.telemetry import logs
from vedette.telemetry.metrics import Metrics

log = structlog.get_logger()

GAUGES_S = 2.0
BATCHES_S = 60.0
ROLLOUTS_S = 0.5
FREEZING_S = 1.0
ROOM_S = 30.0
VCN_S = 2.0
LOOKS_S = 1.0
COLLECT_AFTER = 50_000
"""Objects made and kept until the collector looks for circles among the young ones."""


async def serve(settings: Settings) -> None:
    """Run the service until SIGTERM or SIGINT, then finish cleanly.

    Raises:
        Misconfigured: a setting, the data folder or the address cannot be used.
        Unavailable: the database does not answer.
    """
    logs.configure(settings.log_level, json_lines={"json": True, "text": False}.get(settings.log_format))
    with seated(settings) as name, listening(settings.host, settings.port) as listener:
        metrics, stop = Metrics(), _stop_signal()
        async with ground(settings, metrics.db_batch.observe) as base:
            await first_start.prepare(base.settings, base.db, base.vault, now_ms)
            _settle_memory()
            while not stop.is_set():  # a service that lost the helm to another begins anew, and waits for its turn
                await _run(base, listener, metrics, name, stop)
    log.info("service ended")


def _settle_memory() -> None:
    """Spare the collector what is loaded for good, and let it look less often: a list makes thousands of objects."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 20, 20)


async def _run(base: Ground, listener: socket.socket, metrics: Metrics, name: str, stop: asyncio.Event) -> None:
    """Start the loops, wait until told to stop or deposed, and end them in an order that loses nothing."""
    async with (
        guarded_session(policy(base.settings)) as session,
        Exempted(policy(base.settings)) as exempted,
        Posters(policy(base.settings)) as posters,
        Links(policy(base.settings), counted=metrics.broker_links.set) as links,
        external_keystone(base.settings, base.db, now_ms) as keystone,
    ):
        rooms = Wiring(base, metrics, Outgoing(session, exempted, posters, links), keystone, name).rooms()
        helm = rooms.helm

        def exited(worker_id: WorkerId) -> None:
            rooms.reconciler.worker_exited(worker_id)
            rooms.loops.wake()

        await rooms.executor.open(local_url(listener), exited)
        background = [
            asyncio.create_task(rooms.loops.obey(rooms.scheduler, now_ms, ClockSteps(uptime), helm)),
            asyncio.create_task(rooms.loops.reconcile(rooms.reconciler, rooms.desk.changed, now_ms, helm)),
            asyncio.create_task(keep("janitor", lambda: rooms.janitor.run_once(now_ms()), HOUR_MS / 1000, helm)),
            asyncio.create_task(keep("room", lambda: rooms.janitor.fit(now_ms()), ROOM_S, helm)),
            asyncio.create_task(keep("freezing", lambda: rooms.freezer.run_once(now_ms()), FREEZING_S, helm)),
            asyncio.create_task(keep("rollouts", rooms.rollouts.run_once, ROLLOUTS_S, helm)),
            asyncio.create_task(keep("gauges", rooms.gauges.run_once, GAUGES_S)),
            asyncio.create_task(keep("batches", rooms.batches.resume, BATCHES_S, helm)),
            asyncio.create_task(keep("vcn", rooms.vcn.run_once, VCN_S, helm)),
            asyncio.create_task(keep("looks", lambda: rooms.looks.run_once(now_ms()), LOOKS_S, helm)),
        ]
        delivering = asyncio.create_task(rooms.dispatcher.run())
        serving = asyncio.create_task(rooms.server.serve([listener.dup()]))  # the server closes what it was given
        steering = asyncio.create_task(helm.keep())
        log.info(
            "service listens", url=base.settings.public_url or local_url(listener), data=str(base.settings.data_dir)
        )
        await _any_of(stop, serving, steering)
        log.info("service is ending" if stop.is_set() else "service begins anew")
        await _cancel(background)  # nothing new is placed
        held = rooms.executor.present()
        await rooms.executor.close()  # workers hand over what they have; the door is still open
        await rooms.vcn.close()
        for worker_id in held:
            await base.db.write(assignments.forget, worker_id)
        await rooms.dispatcher.stop()
        await delivering
        await rooms.batches.close()
        await _cancel([steering])
        await helm.release()  # nothing of this service acts any more
        rooms.feed.close()
        rooms.server.should_exit = True
        await serving


def _stop_signal() -> asyncio.Event:
    """Return what SIGTERM and SIGINT set."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _any_of(stop: asyncio.Event, serving: "asyncio.Task[None]", steering: "asyncio.Task[None]") -> None:
    """Wait for the word to stop, the end of the server or the loss of the helm; only the last leaves the word unsaid."""
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait([waiting, serving, steering], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if serving.done() or (steering.done() and steering.exception() is not None):
        stop.set()


async def _cancel(background: "list[asyncio.Task[None]]") -> None:
    for task in background:
        task.cancel()
    await asyncio.gather(*background, return_exceptions=True)
