"""Start, stop, delete and update are obeyed within five seconds, whatever state a task is in and whatever hangs."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count, product
from pathlib import Path
from typing import Any, Final

import pytest

from absence import missing
from e2e.clips import crossings
from e2e.conftest import LINE
from e2e.service import Service, until
from e2e.tale import check_tale
from neighbours.held import held
from neighbours.rtsp import RtspServer, absent
from neighbours.rude import Rude, mute
from neighbours.stuck import SERVICE, Stuck

OBEYED_S: Final = 5.0
CAMERAS: Final = 20
NOBODY: Final = "rtsp://127.0.0.1:9/"
INTRUSION: Final = ("c-intrusiondetection-cloud", "3.0")
VERBS: Final = ("stop", "delete", "update", "start")


@dataclass
class Scene:
    """A service, and what its tasks look at.

    Attributes:
        good: a file that has not ended.
        sign: a file at which the stranger's algorithm hangs.
        undo: what ends with the test.
    """

    service: Service
    good: str
    cameras: RtspServer
    clip: Path
    sign: Path
    undo: ExitStack = field(default_factory=ExitStack)
    numbers: Iterator[int] = field(default_factory=count)

    def task(self, url: str, of: tuple[str, str] = INTRUSION, **fields: Any) -> str:
        task = self.service.create_of(*of, f"obeys-{next(self.numbers)}", url, **fields)
        self.undo.callback(self.service.tell, task, "delete")
        return task

    def running(self, url: str = "", of: tuple[str, str] = INTRUSION, **fields: Any) -> str:
        task = self.task(url or self.good, of, **fields)
        self.service.wait_for(task, "RUNNING")
        return task

    def camera(self) -> str:
        """Return the address of a camera that nobody else looks at."""
        return self.cameras.urls[next(self.numbers) % CAMERAS]

    def order(self) -> str:
        body = {"id": f"obeys-{next(self.numbers)}", "stream_quota": 1}
        status, answer = self.service.ask("POST", "/vedette/v1/{p}/resource-orders", body)
        assert status == 201, answer
        return str(answer["id"])

    def strike(self, times: int) -> None:
        """Let the stranger's algorithm hang; wait until it does."""
        self.sign.touch()
        self.undo.callback(self.sign.unlink, missing_ok=True)
        until(lambda: len(self.marks()) >= times, 5, "what hangs")
        for mark in self.marks():
            mark.unlink()

    def marks(self) -> list[Path]:
        return list(self.sign.parent.glob(f"{self.sign.name}-*"))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, clips: Path) -> Iterator[Scene]:
    if reason := absent():
        missing(reason)
    short = clips / "short.mp4"
    if not short.exists():
        crossings(short, 6)
    stuck = Stuck(tmp_path_factory.mktemp("stuck") / "package")
    service = Service(tmp_path_factory.mktemp("obeys") / "service", file_roots=str(clips))
    service.environment["PYTHONPATH"] = stuck.python_path
    service.start()
    try:
        with held(short, 0.8) as server, RtspServer(short, fps=10, cameras=CAMERAS) as cameras:
            yield Scene(service, server.url, cameras, short, tmp_path_factory.mktemp("sign") / "hang")
    finally:
        service.stop()


@pytest.fixture
def scene(stage: Scene) -> Iterator[Scene]:
    with stage.undo:
        yield stage


# -- where a task may be when it is told


def unanswered(scene: Scene) -> str:
    """A source that takes the connection and says nothing: the task waits for its first picture."""
    server = scene.undo.enter_context(Rude(mute))
    task = scene.task(f"rtsp://127.0.0.1:{server.port}/live")
    scene.service.wait_for(task, "STARTING")
    return task


def away(scene: Scene) -> str:
    task = scene.task(f"{NOBODY}{next(scene.numbers)}")
    scene.service.wait_for(task, "ABNORMAL")
    return task


def waiting(scene: Scene) -> str:
    order = scene.order()
    first = scene.task(f"{NOBODY}{next(scene.numbers)}", resource_order_id=order)
    scene.service.wait_for(first, "ABNORMAL")
    return scene.task(scene.good, resource_order_id=order)


def undelivered(scene: Scene) -> str:
    """Its events go to somebody who does not answer."""
    server = scene.undo.enter_context(Rude(mute))
    hook = {"webhook": {"url": f"http://127.0.0.1:{server.port}/", "headers": {"a": "a"}}}
    task = scene.running(output=hook, config={"common": {"target_roi": LINE}})
    until(lambda: scene.service.progress(task)["pending_deliveries"], 10, "an event")
    return task


def running(scene: Scene) -> str:
    return scene.running()


def stopped(scene: Scene) -> str:
    task = away(scene)
    scene.service.tell(task, "stop")
    scene.service.wait_for(task, "STOPPED")
    return task


def refused(scene: Scene) -> str:
    task = scene.task((scene.clip.parent / "not-there.mp4").as_uri())
    scene.service.wait_for(task, "START_FAILED")
    return task


def succeeded(scene: Scene) -> str:
    task = scene.task(scene.clip.as_uri())
    scene.service.wait_for(task, "SUCCEEDED")
    return task


def broken(scene: Scene) -> str:
    whole, cut = scene.clip.read_bytes(), scene.clip.with_name("cut.mp4")
    cut.write_bytes(whole[: len(whole) // 2])
    task = scene.task(cut.as_uri())
    scene.service.wait_for(task, "FAILED")
    return task


def stuck(scene: Scene) -> str:
    """It will hang in native code; other threads of its worker go on."""
    return scene.running(scene.camera(), (SERVICE, "1.0"), config={"common": {"sign": str(scene.sign)}})


def stuck_with_lock(scene: Scene) -> str:
    """It will hang with the interpreter's lock: its worker says nothing any more."""
    config = {"common": {"sign": str(scene.sign), "with_lock": True}}
    return scene.running(scene.camera(), (SERVICE, "1.0"), config=config)


PLACES: Final = (unanswered, away, waiting, undelivered, running, stopped, refused, succeeded, broken)
AT_REST: Final = (stopped, refused, succeeded, broken)


def together(scene: Scene, place: Callable[[Scene], str], times: int) -> list[str]:
    """Bring several tasks there."""
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda _: place(scene), range(times)))


# -- what obeying is


def _tell(scene: Scene, task: str, verb: str) -> int:
    if verb != "update":
        return scene.service.tell(task, verb)
    body = {
        "name": f"updated-{task}",
        "input": {"type": "url", "data": [{"url": scene.good}]},
        "config": {"common": {}},
    }
    return scene.service.ask("PUT", f"/v2/{{p}}/tasks/{task}", body | {"output": {"event_center": True}})[0]


def _obeyed(scene: Scene, place: Callable[[Scene], str], task: str, verb: str, told_ms: float) -> bool:
    """Tell whether what was asked for is so."""
    status, seen = scene.service.ask("GET", f"/v2/{{p}}/tasks/{task}")
    if verb == "delete" or status != 200:
        return verb == "delete" and seen.get("error_code") == "VIAS.00010007"
    state, rests, moves = seen["state"], place in AT_REST, scene.service.history(task)
    match verb:
        case "stop":
            return state == "STOPPED" or (rests and state in ("START_FAILED", "SUCCEEDED", "FAILED"))
        case "update":
            anew = moves[-1]["at"] >= told_ms or place in (running, undelivered)
            return seen["name"] == f"updated-{task}" and (rests or place is waiting or (state == "RUNNING" and anew))
        case _:  # it is to run already, or has begun a new run
            return not rests or any(move["cause"] == "start" and move["at"] >= told_ms for move in moves)


def _measure(scene: Scene, place: Callable[[Scene], str], told: dict[str, str]) -> dict[str, float]:
    """Tell each task a verb, all at once; return after how many seconds each was obeyed.

    Args:
        told: task -> verb.
    """
    began, began_ms = time.monotonic(), time.time() * 1000 - 1
    statuses = {verb: _tell(scene, task, verb) for task, verb in told.items()}
    assert set(statuses.values()) <= {200, 204}, statuses
    took: dict[str, float] = {}

    def look() -> bool:
        for task, verb in told.items():
            if verb not in took and _obeyed(scene, place, task, verb, began_ms):
                took[verb] = time.monotonic() - began
        return len(took) == len(told)

    try:
        until(look, 2 * OBEYED_S)
    except AssertionError:
        left = {verb: scene.service.ask("GET", f"/v2/{{p}}/tasks/{task}")[1] for task, verb in told.items()}
        raise AssertionError(f"{took}, {left}") from None
    for task, verb in told.items():
        if verb != "delete":
            check_tale(scene.service.history(task))
    print(place.__name__, {verb: round(seconds, 2) for verb, seconds in took.items()})
    return took


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_it_is_obeyed_soon(place: Callable[[Scene], str], scene: Scene) -> None:
    """The four verbs, each to a task of its own."""
    took = _measure(scene, place, dict(zip(together(scene, place, len(VERBS)), VERBS, strict=True)))
    assert max(took.values()) < OBEYED_S, took


@pytest.mark.parametrize("place", [stuck, stuck_with_lock], ids=lambda place: place.__name__)
def test_native_code_that_hangs_keeps_nobody_waiting(place: Callable[[Scene], str], scene: Scene) -> None:
    """What hangs is left alone or ended with its worker; another stream of that worker runs again soon."""
    verbs = ("stop", "delete", "update")  # one that is merely started anew would hang again
    beside = scene.running(scene.camera())
    told = dict(zip(together(scene, place, len(verbs)), verbs, strict=True))
    scene.strike(1 if place is stuck_with_lock else len(verbs))
    took = _measure(scene, place, told)
    assert max(took.values()) < OBEYED_S, took
    scene.service.wait_for(beside, "RUNNING", seconds=OBEYED_S)


@pytest.mark.parametrize("verbs", [VERBS, ("update",)], ids=["all", "update"])
def test_a_worker_that_hangs_as_a_whole_keeps_nobody_waiting(verbs: tuple[str, ...], scene: Scene) -> None:
    """It is ended, as there is somebody who waits for it; whoever is not told anything comes back by himself."""
    told = dict(zip(together(scene, running, len(verbs)), verbs, strict=True))
    beside = scene.running(scene.camera())
    with scene.service.hung():
        scene.service.wait_for(beside, "RECOVERING", seconds=4)
        took = _measure(scene, stuck, told)
        assert max(took.values()) < OBEYED_S, took
        scene.service.wait_for(beside, "RUNNING", seconds=OBEYED_S)


def test_two_at_once_and_in_any_order(scene: Scene) -> None:
    """Whatever two people ask for at the same moment, what holds is what one of them asked for last."""
    pairs = list(product(("start", "stop", "delete", "update"), repeat=2))
    random.Random(6).shuffle(pairs)
    tasks = dict(zip(together(scene, away, len(pairs)), pairs, strict=True))
    answers: dict[str, list[int]] = {task: [] for task in tasks}

    def both(verb: int) -> None:
        for task, pair in tasks.items():
            answers[task].append(_tell(scene, task, pair[verb]))

    threads = [threading.Thread(target=both, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for task, pair in tasks.items():
        assert set(answers[task]) <= {200, 204, 400, 404, 500}, answers[task]
        if "delete" in pair:
            until(lambda task=task: _obeyed(scene, away, task, "delete", 0), OBEYED_S, f"{pair}")  # type: ignore[misc]
            continue
        ends = ("STOPPED", "RUNNING", "ABNORMAL") if "stop" in pair else ("RUNNING", "ABNORMAL")
        if pair == ("stop", "stop"):
            ends = ("STOPPED",)
        scene.service.wait_for(task, *ends, seconds=OBEYED_S)
        check_tale(scene.service.history(task))
