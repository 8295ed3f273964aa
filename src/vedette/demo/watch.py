"""One task, from its creation to the last event: watched over the API, compared with what arrived."""

import queue
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from vedette.demo.client import Client, wait_until
from vedette.demo.receiver import HEADER, Inbox
from vedette.demo.screen import Screen
from vedette.demo.video import Video
from vedette.model.errors import VedetteError
from vedette.testing import Sighting, Verdict

DONE = frozenset({"SUCCEEDED", "FAILED", "CREATE_FAILED", "START_FAILED", "STOPPED"})
DELIVERY_S = 60.0
"""How long it is waited for the last deliveries."""
STALL_S = 120.0
"""How long a task may stand where it is, no picture analysed and no change of state, before it is given up."""
SETTLE_S = 30.0
"""How long a task that was stopped may take to be so."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it went.

    Attributes:
        delivered: events that arrived, each counted once.
        stored: events that the event center has.
        lost: events that are stored and never arrived.
        repeats: how often an event arrived again.
        frames: pictures analysed.
        verdict: how the events agree with the script, where there is one.
        error: why the task failed, or empty.
        note: the task's `status`, such as which detector was at work.
    """

    delivered: int
    stored: int
    lost: int
    repeats: int
    frames: int
    verdict: Verdict | None
    error: str
    note: str

    @property
    def good(self) -> bool:
        """Return whether something was seen, nothing was lost, and nothing differs from the script."""
        agrees = self.verdict is None or not (self.verdict.missed or self.verdict.false)
        return self.delivered > 0 and self.lost == 0 and agrees and not self.error


class Watch:
    """Creates a task on a video and follows it.

    Args:
        client: logged in.
        inbox: where the events arrive.
        screen: where it is told.
        clock: seconds.
    """

    def __init__(
        self, client: Client, inbox: Inbox, screen: Screen, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._inbox = inbox
        self._screen = screen
        self._clock = clock
        self._started_ms: int | None = None
        self._stood: tuple[str, int] = ("", 0)
        self._moved_at = clock()

    def create(self, video: Video, webhook: str, secret: str) -> str:
        """Register the video and create the task; return its id."""
        tag = secrets.token_hex(3)
        source_id = self._client.register(f"demo_{tag}", video.url)
        self._screen.say(f"video source {source_id} registered ({video.name})")
        common: dict[str, Any] = {"render_result_sw": 1, "render_roi_sw": 1}
        if video.target_roi:
            common["target_roi"] = video.target_roi
        task_id = self._client.create(f"demo_{tag}", source_id, common, webhook, {HEADER: secret})
        self._screen.say(f"intrusion task {task_id} created")
        return task_id

    def follow(self, task_id: str, seconds: float | None) -> None:
        """Show what happens until the task is done, `seconds` are over, or somebody presses Ctrl-C."""
        end = None if seconds is None else self._clock() + seconds
        try:
            while not self._look(task_id):
                if end is not None and self._clock() >= end:
                    self._screen.say("time is up: the task is stopped")
                    break
                if self._clock() - self._moved_at >= STALL_S:
                    self._screen.say(f"nothing has happened for {STALL_S:.0f} s: the task is stopped")
                    break
                self._drain(0.5)
            else:
                return
        except KeyboardInterrupt:
            self._screen.say("stopped by hand: the task is stopped")
        self._stop(task_id)

    def outcome(self, task_id: str, video: Video) -> Outcome:
        """Wait for the last deliveries, and compare what is stored with what arrived."""
        wait_until(lambda: self._settled(task_id), DELIVERY_S)
        self._drain(0.0)
        task, progress, stored = (
            self._client.task(task_id),
            self._client.progress(task_id),
            self._client.events(task_id),
        )
        arrived = self._inbox.ids
        error = task.get("error") or {}
        failed = task["state"] not in ("SUCCEEDED", "STOPPED")
        return Outcome(
            delivered=len(arrived),
            stored=len(stored),
            lost=len({event["id"] for event in stored} - arrived),
            repeats=self._inbox.repeats,
            frames=int(progress["frames"]),
            verdict=video.script.judge([sighting(event) for event in stored]) if video.script else None,
            error=f"{task['state']}: {error.get('code', '')} {error.get('message', '')}".strip() if failed else "",
            note=str(task.get("status") or ""),
        )

    def _look(self, task_id: str) -> bool:
        task, progress = self._client.task(task_id), self._client.progress(task_id)
        self._started_ms = progress.get("run_started_at") or self._started_ms
        self._screen.progress(
            f"{task['state']}: {progress['frames']} frames analysed, {progress['events']} events, "
            f"{progress['pending_deliveries']} being delivered"
        )
        stands = (str(task["state"]), int(progress["frames"]))
        if stands != self._stood:
            self._stood, self._moved_at = stands, self._clock()
        return task["state"] in DONE

    def _settled(self, task_id: str) -> bool:
        self._drain(0.0)
        return int(self._client.progress(task_id)["pending_deliveries"]) == 0

    def _stop(self, task_id: str) -> None:
        try:
            self._client.stop(task_id)
        except VedetteError as error:  # it may have ended in the meantime
            self._screen.say(f"the task could not be stopped: {error.message}")
        wait_until(lambda: self._look(task_id), SETTLE_S)

    def _drain(self, seconds: float) -> None:
        """Show what has arrived, and for so long what still arrives."""
        end = self._clock() + seconds
        while True:
            try:
                arrival = self._inbox.arrivals.get(timeout=max(0.0, end - self._clock()))
            except queue.Empty:
                return
            if self._started_ms is None:
                self._started_ms = self._client.progress(arrival.message["task_id"]).get("run_started_at")
            self._screen.event(arrival, self._started_ms)


def sighting(event: dict[str, Any]) -> Sighting:
    """Return a stored event as the script wants it."""
    box = event["message"]["data"]["event_set"][0]["bounding_box"]
    return Sighting(float(event["media_time"]), (box["x"], box["y"], box["w"], box["h"]))
