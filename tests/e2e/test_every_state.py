"""Every state of a task, reached over the API and by faults from outside, and seen there: by GET and in the history."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from e2e.clips import crossings
from e2e.service import Service, until
from e2e.tale import check_tale
from neighbours.held import held
from neighbours.rude import Rude, mute
from neighbours.stuck import SERVICE, Stuck
from vedette.model.lifecycle import State

NOBODY: Final = "rtsp://127.0.0.1:9/"
"""Where no camera is."""
CLOUD: Final = "c-intrusiondetection-cloud"


@dataclass
class Scene:
    """A service, and what tasks look at.

    Attributes:
        stuck: a stranger's algorithm that the service has.
        ends: what is undone after each row.
    """

    service: Service
    clip: Path
    stuck: Stuck
    ends: ExitStack = field(default_factory=ExitStack)
    made: int = 0

    def task(self, url: str, version: str = "3.0", **fields: str) -> str:
        """Create a task under a name of its own; it is deleted at the end of the row."""
        self.made += 1
        name = f"state-{self.made}"
        task = self.service.create_of(CLOUD, version, name, url, **fields)
        self.ends.callback(self.service.tell, task, "delete")
        return task

    def order(self, streams: int = 1) -> str:
        self.made += 1
        body = {"id": f"order-{self.made}", "stream_quota": streams}
        status, answer = self.service.ask("POST", "/vedette/v1/{p}/resource-orders", body)
        assert status == 201, answer
        return str(answer["id"])

    def expire(self, order: str) -> None:
        terms = {"stream_quota": 1, "expires_at": round(time.time() * 1000) - 1}
        self.service.call("PUT", f"/vedette/v1/{{p}}/resource-orders/{order}", terms)

    def running(self, **fields: str) -> str:
        """Return a task that runs, and goes on to."""
        task = self.task(self.ends.enter_context(held(self.clip)).url, **fields)
        self.service.wait_for(task, "RUNNING")
        return task

    def hang(self) -> None:
        """Have all workers hang until the end of the row; those that are replaced meanwhile work."""
        self.ends.enter_context(self.service.hung())


def pending(scene: Scene) -> str:
    order = scene.order(1)
    first = scene.task(NOBODY + "first", resource_order_id=order)
    scene.service.wait_for(first, "ABNORMAL")
    return scene.task(NOBODY + "second", resource_order_id=order)


def starting(scene: Scene) -> str:
    return scene.task(f"rtsp://127.0.0.1:{scene.ends.enter_context(Rude(mute)).port}/live")


def abnormal(scene: Scene) -> str:
    return scene.task(NOBODY + "away")


def recovering(scene: Scene) -> str:
    task = scene.running()
    scene.hang()
    return task


def start_failed(scene: Scene) -> str:
    return scene.task((scene.clip.parent / "not-there.mp4").as_uri())


def succeeded(scene: Scene) -> str:
    return scene.task(scene.clip.as_uri())


def failed(scene: Scene) -> str:
    whole = scene.clip.read_bytes()
    cut = scene.clip.with_name("cut.mp4")
    cut.write_bytes(whole[: len(whole) // 2])
    return scene.task(cut.as_uri())


def stopping(scene: Scene) -> str:
    task = scene.running()
    scene.hang()
    scene.service.tell(task, "stop")
    return task


def stopped(scene: Scene) -> str:
    task = abnormal(scene)
    scene.service.wait_for(task, "ABNORMAL")
    scene.service.tell(task, "stop")
    return task


def deleting(scene: Scene) -> str:
    task = scene.running()
    scene.hang()
    scene.service.tell(task, "delete")
    return task


def freezing(scene: Scene) -> str:
    order = scene.order()
    task = scene.running(resource_order_id=order)
    scene.hang()
    scene.expire(order)
    return task


def frozen(scene: Scene) -> str:
    order = scene.order()
    task = scene.running(resource_order_id=order)
    scene.expire(order)
    return task


def upgrading(scene: Scene) -> str:
    """Its worker hangs, so that it takes a while until the new version has shown itself."""
    task = scene.running(version="1.0")
    scene.hang()
    status, answer = scene.service.ask("POST", f"/vedette/v1/{{p}}/services/{CLOUD}/upgrade", {"task_ids": [task]})
    assert status == 201, answer
    return task


def create_failed(scene: Scene) -> str:
    """Its algorithm was uninstalled while it rested."""
    service = scene.service
    task = service.create_of(SERVICE, "1.0", "create-failed", NOBODY + "stuck")
    service.wait_for(task, "ABNORMAL")
    service.tell(task, "stop")
    service.wait_for(task, "STOPPED")
    assert service.stop() == 0
    scene.stuck.remove()
    service.start()
    service.tell(task, "start")
    return task


ROWS: Final[dict[str, Callable[[Scene], str]]] = {
    "PENDING": pending,
    "STARTING": starting,
    "RUNNING": Scene.running,
    "ABNORMAL": abnormal,
    "RECOVERING": recovering,
    "SUCCEEDED": succeeded,
    "FAILED": failed,
    "START_FAILED": start_failed,
    "STOPPING": stopping,
    "STOPPED": stopped,
    "DELETING": deleting,
    "FREEZING": freezing,
    "FROZEN": frozen,
    "UPGRADING": upgrading,
    "CREATE_FAILED": create_failed,
}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, clips: Path) -> Iterator[Scene]:
    short = clips / "short.mp4"
    if not short.exists():
        crossings(short, 6)
    stuck = Stuck(tmp_path_factory.mktemp("stuck") / "package")
    service = Service(tmp_path_factory.mktemp("states") / "service", file_roots=str(clips))
    service.environment["PYTHONPATH"] = stuck.python_path
    service.start()
    try:
        yield Scene(service, short, stuck)
    finally:
        service.stop()


def test_every_state_has_a_row() -> None:
    """A state that only a test can reach would be none."""
    assert ROWS.keys() == {state.value for state in State}


@pytest.mark.parametrize("state", ROWS)
def test_a_task_comes_to_be_seen_in_it(state: str, scene: Scene) -> None:
    """Not for a moment inside a transaction: somebody who looks sees it, and reads afterwards how it came there."""
    with scene.ends:
        task = ROWS[state](scene)
        until(lambda: scene.service.state(task) == state, 15, state)
        moves = scene.service.history(task)
        assert moves[-1]["to"] == state
        check_tale(moves)
        told = scene.service.task(task)
        if state in ("FAILED", "START_FAILED", "CREATE_FAILED", "ABNORMAL"):
            assert told["error"]["code"].startswith("VEDETTE."), told
            assert len(told["error"]["message"]) > 20, told
