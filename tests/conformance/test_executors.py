"""One suite for whatever runs worker processes; so far there is one: children of the service."""

import asyncio
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from vedette.executors import local
from vedette.executors.base import Executor
from vedette.executors.local import LocalExecutor
from vedette.model.errors import Unavailable
from vedette.model.guard import GuardPolicy
from vedette.model.ids import WorkerId
from vedette.model.worker import WorkerSpec

TESTS = Path(__file__).resolve().parent.parent
URL = "http://127.0.0.1:1"
DEADLINE_S = 20.0


def template(folder: Path) -> WorkerSpec:
    return WorkerSpec(
        worker_id=WorkerId(""), url="", key="k", node="here", capacity=1,
        models_dir=folder, file_roots=(), guard=GuardPolicy(), providers=(),
    )  # fmt: skip


@dataclass
class Yard:
    """An executor, what it has told, and the notes of its workers."""

    folder: Path
    executors: list[Executor] = field(default_factory=list)
    exited: list[WorkerId] = field(default_factory=list)
    told: asyncio.Event = field(default_factory=asyncio.Event)

    async def executor(self, program: str) -> Executor:
        made = LocalExecutor(template(self.folder), 4, entry=f"conformance.workers:{program}", preload=())
        await made.open(URL, self._exited)
        self.executors.append(made)
        return made

    def _exited(self, worker_id: WorkerId) -> None:
        self.exited.append(worker_id)
        self.told.set()

    async def gone(self, *workers: WorkerId, within_s: float = DEADLINE_S) -> None:
        async with asyncio.timeout(within_s):
            while not set(workers) <= set(self.exited):
                self.told.clear()
                await self.told.wait()

    async def pid(self, worker_id: WorkerId) -> int:
        """Return the process id a worker has noted, once it runs."""
        note = self.folder / f"{worker_id}.started"
        return int((await asyncio.to_thread(_written, note)).split()[0])


def _written(note: Path) -> str:
    _until(note.exists, f"{note.name} was not written")
    return note.read_text()


def _until(true: Callable[[], bool], otherwise: str) -> None:
    """Look at the world outside, which rings no bell, until it is so."""
    deadline = time.monotonic() + DEADLINE_S
    while not true():
        assert time.monotonic() < deadline, otherwise
        select.select([], [], [], 0.01)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except FileNotFoundError:
        return False


@pytest.fixture
async def yard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Yard]:
    made = Yard(tmp_path)
    yield made
    monkeypatch.setattr(local, "CLOSE_S", 0.3)
    for executor in made.executors:
        await executor.close()


W = WorkerId("w1")


async def test_a_worker_that_was_started_is_present_and_knows_where_to_speak(yard: Yard) -> None:
    """Its identity and the address come with the start; the rest it is told by the protocol."""
    executor = await yard.executor("obedient")
    assert executor.present() == frozenset()
    await executor.start(W)
    assert executor.present() == {W}
    assert _alive(await yard.pid(W))
    assert (yard.folder / "w1.started").read_text().split()[1] == URL


async def test_a_worker_that_is_killed_is_noticed_within_a_second(yard: Yard) -> None:
    """What it held is free at once, not when its lease is over."""
    executor = await yard.executor("obedient")
    await executor.start(W)
    os.kill(await yard.pid(W), signal.SIGKILL)
    await yard.gone(W, within_s=1.0)
    assert executor.present() == frozenset()
    assert yard.exited == [W]


async def test_a_worker_that_ends_by_itself_is_noticed(yard: Yard) -> None:
    """However it ends."""
    executor = await yard.executor("broken")
    await executor.start(W)
    await yard.gone(W)
    assert executor.present() == frozenset()


async def test_a_worker_that_is_asked_to_stop_finishes_first(yard: Yard) -> None:
    """It hands over what it has."""
    executor = await yard.executor("obedient")
    await executor.start(W)
    await yard.pid(W)
    await executor.stop(W)
    await yard.gone(W)
    assert (yard.folder / "w1.finished").exists()


async def test_a_worker_that_does_not_hear_is_killed_and_its_neighbour_is_not(yard: Yard) -> None:
    """A hung decoder hears no request."""
    executor = await yard.executor("stubborn")
    other = WorkerId("w2")
    await executor.start(W)
    await executor.start(other)
    await yard.pid(W)
    await executor.stop(W)
    assert executor.present() == {W, other}
    await executor.kill(W)
    await yard.gone(W)
    assert executor.present() == {other}
    assert _alive(await yard.pid(other))


async def test_asking_a_worker_that_is_gone_does_no_harm(yard: Yard) -> None:
    """The reconciler looks, decides, and acts on what may have changed meanwhile."""
    executor = await yard.executor("obedient")
    await executor.stop(W)
    await executor.kill(W)
    await executor.start(W)
    os.kill(await yard.pid(W), signal.SIGKILL)
    await executor.kill(W)
    await executor.stop(W)
    await yard.gone(W)
    await executor.kill(W)


async def test_a_name_may_be_used_again_after_its_worker_is_gone(yard: Yard) -> None:
    """Nothing of the first one stays behind."""
    executor = await yard.executor("obedient")
    await executor.start(W)
    first = await yard.pid(W)
    await executor.kill(W)
    await yard.gone(W)
    (yard.folder / "w1.started").unlink()
    await executor.start(W)
    assert await yard.pid(W) != first
    assert executor.present() == {W}


async def test_closing_lets_all_finish_and_tells_of_each(yard: Yard) -> None:
    """The end of the service loses nothing."""
    executor = await yard.executor("obedient")
    workers = [WorkerId(f"w{n}") for n in range(3)]
    for worker in workers:
        await executor.start(worker)
    pids = [await yard.pid(worker) for worker in workers]
    await executor.close()
    assert executor.present() == frozenset()
    assert not any(_alive(pid) for pid in pids)
    assert sorted(yard.exited) == workers
    assert all((yard.folder / f"{worker}.finished").exists() for worker in workers)


async def test_a_start_that_nobody_waits_for_any_more_is_still_watched(yard: Yard) -> None:
    """The service ends while its first worker is being started."""
    executor = await yard.executor("obedient")
    starting = asyncio.ensure_future(executor.start(W))
    await asyncio.sleep(0)
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    assert executor.present() == {W}
    pid = await yard.pid(W)
    await executor.close()
    assert yard.exited == [W]
    assert not _alive(pid)


async def test_a_process_that_cannot_be_started_is_unavailable(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Out of memory or processes, for a moment."""
    executor = await yard.executor("obedient")

    def full(_self: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(ForkServerProcess, "start", full)
    with pytest.raises(Unavailable):
        await executor.start(W)
    assert executor.present() == frozenset()


async def test_closing_ends_those_that_will_not(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service must be able to end."""
    monkeypatch.setattr(local, "CLOSE_S", 0.2)
    executor = await yard.executor("stubborn")
    await executor.start(W)
    pid = await yard.pid(W)
    await executor.close()
    assert not _alive(pid)
    assert executor.present() == frozenset()


PARENT = """
import asyncio, sys
from pathlib import Path
from conformance.test_executors import URL, W, template
from vedette.executors.local import LocalExecutor

async def main() -> None:
    executor = LocalExecutor(template(Path(sys.argv[1])), 4, entry="conformance.workers:stubborn", preload=())
    await executor.open(URL, lambda _: None)
    await executor.start(W)
    await asyncio.Event().wait()

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_a_worker_whose_service_is_killed_ends_by_itself(tmp_path: Path) -> None:
    """Nobody is left to end it, and its successor must not share the machine with a ghost."""
    program = tmp_path / "service.py"
    program.write_text(PARENT)
    search = os.pathsep.join([str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])])
    service = subprocess.Popen([sys.executable, str(program), str(tmp_path)], env=os.environ | {"PYTHONPATH": search})
    try:
        pid = int(_written(tmp_path / "w1.started").split()[0])
        assert _alive(pid)
    finally:
        service.kill()
        service.wait(10)
    _until(lambda: not _alive(pid), "the worker lives on")
