"""A service with tasks whose files have many events, and whatever they go to."""

import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import kill
from pathlib import Path
from typing import Any

from tests.e2e.service import Service, until

from bench import crowd
from bench.chaos_ends import End
from bench.chaos_judge import Verdict, judge

TASKS = 4
WALKS = 13
"""Of the figure of the clip: 514 events a task, 2,056 in all."""
LIMIT_S = 600.0


class Stage:
    """Four tasks on the same clip, each with every destination of the scenario.

    Attributes:
        folder: where the service keeps everything.
        nominal: about how many events there will be.
    """

    def __init__(
        self,
        scenario: str,
        ends: Sequence[End],
        folder: Path,
        clip: Path,
        disk: "Disk | None" = None,
        walks: int = WALKS,
    ) -> None:
        self.nominal = TASKS * walks * crowd.LINES
        self.scenario, self.ends, self.folder, self.disk = scenario, ends, folder, disk
        roots = ":".join([str(clip.parent), *(str(root) for end in ends if (root := getattr(end, "root", None)))])
        settings = {"file_roots": roots, "crash_budget": "1000", "log_level": "info"}
        self.service = Service(folder, **settings).start()
        for end in ends:
            end.prepare(self.service)
        output: dict[str, Any] = {"event_center": True}
        for end in ends:
            output |= end.output()
        self.began = time.monotonic()
        self.tasks = [
            self.service.create(
                f"chaos-{number}", clip.as_uri(), output, target_roi=crowd.roi(), image_compression_ratio=40
            )
            for number in range(TASKS)
        ]

    def told(self) -> int:
        """Return how many events there are."""
        return sum(self._progress("events"))

    def _progress(self, key: str) -> list[int]:
        return [int(self.service.progress(task)[key]) for task in self.tasks]

    def wait_for_events(self, count: float) -> None:
        until(lambda: self.told() >= count, LIMIT_S, f"{count:.0f} events")

    def kill_worker(self, dice: random.Random) -> None:
        """Kill one of those that are at work."""
        living = until(self.service.living_workers, LIMIT_S, "a worker")
        kill(dice.choice(living), signal.SIGKILL)

    @contextmanager
    def still(self) -> Iterator[None]:
        """Hold the service still for a moment, wherever it is just then."""
        kill(self.service.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            kill(self.service.pid, signal.SIGCONT)

    def verdicts(self, expected: int | None) -> list[Verdict]:
        """Wait until all is delivered, and hold each destination against what is stored.

        Args:
            expected: events that an undisturbed run tells; None: this is the undisturbed run.
        """
        over = time.monotonic()
        try:
            for task in self.tasks:
                self.service.wait_for(task, "SUCCEEDED", seconds=LIMIT_S)
            over = time.monotonic()
            until(lambda: not any(self._progress("pending_deliveries")), LIMIT_S, "the last delivery")
        except AssertionError as error:
            print(f"  {error}", file=sys.stderr)
        now = time.monotonic()
        times = now - self.began, now - over
        events = [event for task in self.tasks for event in self.service.events(task)]
        dead = self.service.call("GET", "/vedette/v1/{p}/deliveries/dead")
        if dead["count"]:
            print(f"  {dead['count']} dead letters: {dead['dead_letters'][0]['last_error']}", file=sys.stderr)
        count = len(events) if expected is None else expected
        return [
            judge(self.scenario, end.name, count, events, end.arrivals(self.service), times, ordered=end.ordered)
            for end in self.ends
        ]

    def close(self) -> None:
        self.service.stop()
        for pid in self.service.living_workers():
            kill(pid, signal.SIGKILL)


class Disk:
    """A small disk in memory that can be made larger; only root can."""

    def __init__(self, megabytes: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="vedette-chaos-disk-"))
        self._mount("-t", "tmpfs", "-o", f"size={megabytes}m", "none")

    def _mount(self, *words: str) -> None:
        subprocess.run(["mount", *words, str(self.folder)], check=True, capture_output=True)

    def free(self) -> int:
        return shutil.disk_usage(self.folder).free

    def grow(self, megabytes: int) -> None:
        self._mount("-o", f"remount,size={megabytes}m")

    def close(self) -> None:
        subprocess.run(["umount", "-l", str(self.folder)], check=False)
        self.folder.rmdir()
