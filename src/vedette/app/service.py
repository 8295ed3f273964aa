"""The service: starts everything, in order, and ends it in an order that loses nothing."""

import asyncio
import contextlib
import fcntl
import gc
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import structlog

from vedette.app import first_start
from vedette.app.ground import Ground, ground, now_ms, policy
from vedette.app.http import listening, local_url
from vedette.app.keystone import external_keystone
from vedette.app.loops import keep
from vedette.app.wiring import Outgoing, Wiring
from vedette.control.janitor import HOUR_MS
from vedette.delivery.brokers.pool import Links
from vedette.delivery.guard import Exempted, guarded_session
from vedette.delivery.posting.poster import Posters
from vedette.model.errors import Misconfigured
from vedette.model.ids import WorkerId
from vedette.settings import Settings
from vedette.store import assignments
from vedette.telemetry import logs
from vedette.telemetry.metrics import Metrics

log = structlog.get_logger()

GAUGES_S = 2.0
BATCHES_S = 60.0
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
    with _alone(settings.data_dir), listening(settings.host, settings.port) as listener:
        metrics = Metrics()
        async with ground(settings, metrics.db_batch.observe) as base:
            await first_start.prepare(base.settings, base.db, base.vault, now_ms)
            _settle_memory()
            await _run(base, listener, metrics)
    log.info("service ended")


def _settle_memory() -> None:
    """Spare the collector what is loaded for good, and let it look less often: a list makes thousands of objects."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 20, 20)


async def _run(base: Ground, listener: socket.socket, metrics: Metrics) -> None:
    """Start the loops, wait for the word, and end them in an order that loses nothing."""
    async with (
        guarded_session(policy(base.settings)) as session,
        Exempted(policy(base.settings)) as exempted,
        Posters(policy(base.settings)) as posters,
        Links(policy(base.settings), counted=metrics.broker_links.set) as links,
        external_keystone(base.settings, base.db, now_ms) as keystone,
    ):
        rooms = Wiring(base, metrics, Outgoing(session, exempted, posters, links), keystone).rooms()

        def exited(worker_id: WorkerId) -> None:
            rooms.reconciler.worker_exited(worker_id)
            rooms.loops.wake()

        await rooms.executor.open(local_url(listener), exited)
        background = [
            asyncio.create_task(rooms.loops.reconcile(rooms.scheduler, rooms.reconciler, rooms.desk.changed, now_ms)),
            asyncio.create_task(keep("janitor", lambda: rooms.janitor.run_once(now_ms()), HOUR_MS / 1000)),
            asyncio.create_task(keep("room", lambda: rooms.janitor.fit(now_ms()), ROOM_S)),
            asyncio.create_task(keep("freezing", lambda: rooms.freezer.run_once(now_ms()), FREEZING_S)),
            asyncio.create_task(keep("gauges", rooms.gauges.run_once, GAUGES_S)),
            asyncio.create_task(keep("batches", rooms.batches.resume, BATCHES_S)),
            asyncio.create_task(keep("vcn", rooms.vcn.run_once, VCN_S)),
            asyncio.create_task(keep("looks", lambda: rooms.looks.run_once(now_ms()), LOOKS_S)),
        ]
        delivering = asyncio.create_task(rooms.dispatcher.run())
        serving = asyncio.create_task(rooms.server.serve([listener]))
        log.info(
            "service listens", url=base.settings.public_url or local_url(listener), data=str(base.settings.data_dir)
        )
        await _until_told_to_stop(serving)
        log.info("service is ending")
        await _cancel(background)  # nothing new is placed
        held = rooms.executor.present()
        await rooms.executor.close()  # workers hand over what they have; the door is still open
        await rooms.vcn.close()
        for worker_id in held:
            await base.db.write(assignments.forget, worker_id)
        await rooms.dispatcher.stop()
        await delivering
        await rooms.batches.close()
        rooms.feed.close()
        rooms.server.should_exit = True
        await serving


async def _until_told_to_stop(serving: "asyncio.Task[None]") -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait([waiting, serving], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


async def _cancel(background: "list[asyncio.Task[None]]") -> None:
    for task in background:
        task.cancel()
    await asyncio.gather(*background, return_exceptions=True)


@contextlib.contextmanager
def _alone(data_dir: Path) -> Iterator[None]:
    """Keep a second service off the same data folder."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(data_dir / "service.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Misconfigured(f"The data folder {data_dir} cannot be used: {error.strerror}.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise Misconfigured(f"Another service runs on the data folder {data_dir}.") from None
    try:
        yield
    finally:
        os.close(descriptor)
