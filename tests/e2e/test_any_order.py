"""Verbs, kills, pauses and clocks that are set, in any order: whatever was asked for last is so, soon after it is quiet.

What happens is drawn by chance from a number, which is printed: the same number draws the same again.
"""

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from absence import missing
from e2e.clips import small
from e2e.service import Service, until
from e2e.tale import check_tale
from neighbours.rtsp import RtspServer, absent

LIBRARIES: Final = tuple(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
SHORT_S, LONG_S = 15, 900
CAMERAS: Final = 5
FILES: Final = 2
QUIET_S: Final = 10.0
"""After so much of it, what is wanted is seen; twice as much is left to the short run, beside which other tests run."""
APART_S: Final = 7.0
"""Between two blows: a task that has run for five seconds in between has got over the one before."""
TWICE_S: Final = 1.5
"""A connection of a process that was killed may be seen this long beside the one that took its place."""
WHOLE_WEEK: Final = {
    "type": "weekly",
    "timezone": "+00:00",
    "days_of_week": [1, 2, 3, 4, 5, 6, 7],
    "periods": [[{"begin_at": "00:00:00", "end_at": "23:59:59"}] for _ in range(7)],
}


@dataclass
class Wish:
    """A task, and what was asked of it last.

    Attributes:
        path: of its camera; none if it reads a file.
        runs: None: it was deleted.
    """

    id: str
    name: str
    url: str
    path: str
    runs: bool | None = True


@dataclass
class World:
    """A service, its tasks, and its clock.

    Attributes:
        lead: the file that says how far its clock is ahead.
        stopped: a process of it was stopped a moment ago, or is.
        twice: cameras that two looked at for too long.
    """

    service: Service
    cameras: RtspServer
    clip: Path
    lead: Path
    dice: random.Random
    wishes: list[Wish] = field(default_factory=list)
    stopped: float = 0.0
    twice: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def set_clock(self, seconds: int) -> None:
        new = self.lead.with_suffix(".new")
        new.write_text(f"{seconds:+}\n")
        new.replace(self.lead)

    def note(self, what: str) -> None:
        self.told.append(f"{time.monotonic():.2f} {what}")

    # -- what users do

    def create(self, number: int) -> None:
        live = number < CAMERAS
        url = self.cameras.urls[number] if live else self.clip.as_uri()
        path = url.rpartition("/")[2]
        fields = {"schedule": WHOLE_WEEK} if number == 0 else {}
        name = f"task-{len(self.told)}-{number}"
        task = self.service.create_of("c-intrusiondetection-cloud", "3.0", name, url, **fields)
        self.wishes.append(Wish(task, name, url, f"/{path}" if live else ""))
        self.note(f"create {task} {path}")

    def verb(self) -> None:
        wish = self.dice.choice([wish for wish in self.wishes if wish.runs is not None])
        verb = self.dice.choices(("start", "stop", "update", "delete"), (5, 4, 2, 1))[0]
        if verb == "update":
            body = {
                "name": wish.name,
                "input": {"type": "url", "data": [{"url": wish.url}]},
                "output": {"event_center": True},
                "config": {"common": {"detection_min_size": self.dice.randrange(10, 90)}},
            }
            status = self.service.ask("PUT", f"/v2/{{p}}/tasks/{wish.id}", body)[0]
        else:
            status = self.service.tell(wish.id, verb)
        self.note(f"{verb} {wish.id} {status}")
        assert status in (200, 204, 500), (verb, status)
        if status == 500:  # it is being stopped yet, and is told so
            assert verb == "start"
        elif verb == "delete":
            wish.runs = None
            self.create([*self.cameras.urls, self.clip.as_uri()].index(wish.url))
        elif verb in ("start", "stop"):
            wish.runs = verb == "start"

    # -- what happens to it

    def kill_worker(self) -> None:
        if workers := self.service.living_workers():
            with suppress(ProcessLookupError):
                os.kill(self.dice.choice(workers), signal.SIGKILL)

    def kill_service(self) -> None:
        self.service.kill()
        if self.dice.random() < 0.5:
            until(lambda: not self.service.living_workers(), 8, "the end of its workers")
        self.service.start()

    def pause_worker(self) -> None:
        if not (workers := self.service.living_workers()):
            return
        pid, seconds = self.dice.choice(workers), self.dice.choice((1.0, 4.0, 8.0))
        self.stopped = time.monotonic() + seconds + TWICE_S
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
            over = time.monotonic() + seconds
            while time.monotonic() < over:
                self.verb()
                _pass(self.dice.random())
            os.kill(pid, signal.SIGCONT)
        self.stopped = time.monotonic() + TWICE_S

    def pause_service(self) -> None:
        os.kill(self.service.pid, signal.SIGSTOP)
        _pass(self.dice.choice((0.5, 3.0, 6.0)))
        os.kill(self.service.pid, signal.SIGCONT)

    def step(self) -> None:
        self.set_clock(self.dice.choice((-7200, -60, -3, 0, 3, 60, 7200)))

    def blow(self) -> None:
        blow: Callable[[], None] = self.dice.choice(
            (self.kill_worker, self.kill_service, self.pause_worker, self.pause_service, self.step, self.step)
        )
        self.note(blow.__name__)
        blow()

    # -- what must be so

    def watch(self, over: threading.Event) -> None:
        """Note cameras that two look at for longer than a process takes to end."""
        since: dict[str, float] = {}
        while not over.wait(0.05):
            now, doubled = time.monotonic(), {path for path, n in self.cameras.watchers().items() if n > 1}
            since = {path: since.get(path, now) for path in doubled if now > self.stopped}
            self.twice += [f"{now:.2f} {path}" for path, at in since.items() if now - at > TWICE_S]

    def unmet(self) -> list[str]:
        """Return what is not as it was asked for."""
        found = []
        for wish in self.wishes:
            status, seen = self.service.ask("GET", f"/v2/{{p}}/tasks/{wish.id}")
            if wish.runs is None:
                found += [] if status == 400 and seen["error_code"] == "VIAS.00010007" else [f"{wish} is there"]
                continue
            if status != 200:
                found.append(f"{wish} is lost: {seen}")
                continue
            good = ("RUNNING",) if wish.path else ("RUNNING", "SUCCEEDED")
            if seen["state"] not in (good if wish.runs else ("STOPPED", *good[1:])):
                found.append(f"{wish} is {seen['state']}: {seen.get('status')}, {seen.get('error')}")
        wanted = {wish.path for wish in self.wishes if wish.runs and wish.path}
        watched = self.cameras.watchers()
        return found + ([] if watched == dict.fromkeys(wanted, 1) else [f"{watched} is watched, not {wanted}"])


def _pass(seconds: float) -> None:
    threading.Event().wait(seconds)


@contextmanager
def made(folder: Path, seed: int) -> Iterator[World]:
    clip = folder / "small.mp4"
    small(clip, 20, 5)
    lead = folder / "lead"
    lead.write_text("+0\n")
    service = Service(folder / "any", file_roots=str(folder), crash_budget="100")
    service.environment = {
        "LD_PRELOAD": str(LIBRARIES[0]),
        "FAKETIME_TIMESTAMP_FILE": str(lead),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    with ExitStack() as stack:
        cameras = stack.enter_context(RtspServer(clip, fps=5, cameras=CAMERAS))
        service.start()
        stack.callback(service.stop)
        yield World(service, cameras, clip, lead, random.Random(seed))


@pytest.mark.parametrize("seconds", [SHORT_S, pytest.param(LONG_S, marks=pytest.mark.soak)])
def test_whatever_was_asked_for_last_is_so(seconds: int, tmp_path: Path) -> None:
    """Only moves of the table, no task lost, none running twice, wanted equals seen within ten seconds of quiet."""
    if reason := absent() or (None if LIBRARIES else "Debian's faketime is not installed"):
        missing(reason)
    seed = int(os.environ.get("ANY_ORDER_SEED") or time.time_ns() % 1_000_000)
    print(f"drawn from {seed}; ANY_ORDER_SEED draws it again")
    over = threading.Event()
    with made(tmp_path, seed) as world:
        watcher = threading.Thread(target=world.watch, args=(over,))
        watcher.start()
        try:
            for number in range(CAMERAS + FILES):
                world.create(number)
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                _stir(world, min(end, time.monotonic() + 60))
                _check(world, QUIET_S if seconds == LONG_S else 2 * QUIET_S)
        finally:
            over.set()
            watcher.join()
            print("\n".join(world.told[-60:]))
        assert world.twice == []


def _stir(world: World, until_: float) -> None:
    """Let things happen until then."""
    blow_at = time.monotonic() + 2
    while (now := time.monotonic()) < until_:
        if now > blow_at:
            world.blow()
            blow_at = time.monotonic() + APART_S * (0.7 + 0.6 * world.dice.random())
        world.verb()
        _pass(world.dice.random() * 0.6)


def _check(world: World, patience_s: float) -> None:
    """Wait for as long as it may take; then nothing is unmet, and every history is a tale."""
    quiet = time.monotonic()
    while (unmet := world.unmet()) and time.monotonic() - quiet < patience_s:
        _pass(0.1)
    world.note(f"quiet for {time.monotonic() - quiet:.1f} s")
    assert unmet == []
    for wish in world.wishes:
        if wish.runs is not None:
            check_tale(world.service.history(wish.id))
    world.wishes = [wish for wish in world.wishes if wish.runs is not None]
    assert world.twice == []
