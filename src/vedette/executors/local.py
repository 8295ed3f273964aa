"""Workers as child processes of the service, from a forkserver.

The forkserver imports what is heavy once; a worker is then a fork of it: quick to start, and sharing its memory. It
starts with the first worker, so an idle service does not carry it. A worker that loses its parent ends by itself.
"""

import asyncio
import contextlib
import hashlib
import importlib
import multiprocessing
import os
import signal
import socket
import uuid
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import structlog

from vedette.model.errors import Unavailable
from vedette.model.ids import WorkerId
from vedette.model.worker import WorkerSpec

log = structlog.get_logger()

CLOSE_S = 6.0
"""How long workers may take to finish when the service closes."""
KILLED_S = 1.0
"""How long the system may take to end those that did not."""


class LocalExecutor:
    """Worker processes on this machine."""

    def __init__(self, template: WorkerSpec, limit: int, *, entry: str, preload: tuple[str, ...]) -> None:
        """Take what every worker is given.

        Args:
            template: its `worker_id` and `url` are filled in for each worker.
            entry: `module:function` that a worker process runs, named so that the service need not import it.
            preload: modules the forkserver imports once for all.
        """
        self.node = template.node
        self.limit = limit
        self._template = template
        self._entry = entry
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(preload))
        self._processes: dict[WorkerId, ForkServerProcess] = {}
        self._on_exit: Callable[[WorkerId], None] = lambda _: None
        self._url = template.url
        self._one_ended = asyncio.Event()

    async def open(self, url: str, on_exit: Callable[[WorkerId], None]) -> None:
        self._url = url
        self._on_exit = on_exit

    def present(self) -> frozenset[WorkerId]:
        return frozenset(self._processes)

    def is_dead(self, node: str, pid: int) -> bool:
        return node == self.node and not _is_worker(pid)

    async def start(self, worker_id: WorkerId) -> None:
        spec = replace(self._template, worker_id=worker_id, url=self._url)
        process = self._context.Process(target=_enter, args=(self._entry, spec), name=worker_id)
        self._processes[worker_id] = process
        starting = asyncio.ensure_future(asyncio.to_thread(process.start))
        starting.add_done_callback(lambda done: self._started(worker_id, process, done.exception()))
        try:
            await asyncio.shield(starting)  # whoever waits may give up; the process starts all the same, and is watched
        except (OSError, EOFError) as error:
            raise Unavailable(f"No worker process could be started: {error}.") from error

    def _started(self, worker_id: WorkerId, process: ForkServerProcess, failure: BaseException | None) -> None:
        if failure is not None:
            del self._processes[worker_id]
            self._one_ended.set()
            return
        log.info("worker started", worker=worker_id, pid=process.pid)
        asyncio.get_running_loop().add_reader(process.sentinel, self._exited, worker_id)

    async def stop(self, worker_id: WorkerId) -> None:
        self._signal(worker_id, signal.SIGTERM)

    async def kill(self, worker_id: WorkerId) -> None:
        self._signal(worker_id, signal.SIGKILL)

    async def close(self) -> None:
        for end, patience_s in ((self.stop, CLOSE_S), (self.kill, KILLED_S)):
            for worker_id in self.present():
                await end(worker_id)
            try:
                async with asyncio.timeout(patience_s):
                    while self._processes:
                        self._one_ended.clear()
                        await self._one_ended.wait()
            except TimeoutError:
                log.warning("workers do not end", workers=len(self._processes))

    def _signal(self, worker_id: WorkerId, number: signal.Signals) -> None:
        process = self._processes.get(worker_id)
        if process is not None and process.pid is not None and process.is_alive():
            with contextlib.suppress(ProcessLookupError):  # it may end between the look and the signal
                os.kill(process.pid, number)

    def _exited(self, worker_id: WorkerId) -> None:
        process = self._processes.pop(worker_id, None)
        if process is None:
            return
        asyncio.get_running_loop().remove_reader(process.sentinel)
        process.join()
        if process.pid is not None and _is_worker(process.pid):  # it was the forkserver that died, not the worker
            os.kill(process.pid, signal.SIGKILL)
        log.info("worker ended", worker=worker_id, pid=process.pid, exit_code=process.exitcode)
        process.close()
        self._one_ended.set()
        self._on_exit(worker_id)


def this_node() -> str:
    """Return a name for this machine since its last start, and for this container of it."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        boot += str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        boot = uuid.uuid4().hex  # not to be known: then no process of an earlier service is taken to be of this machine
    return f"{socket.gethostname()}-{hashlib.sha256(boot.encode()).hexdigest()[:6]}"


def _is_worker(pid: int) -> bool:
    """Tell whether a process of this machine is (still) one that a forkserver made."""
    try:
        return b"multiprocessing.forkserver" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _enter(entry: str, spec: WorkerSpec) -> None:
    module, _, function = entry.partition(":")
    getattr(importlib.import_module(module), function)(spec)
