"""What the demonstration shows: lines, and on a terminal one that changes."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from rich.console import Console
from rich.status import Status

from vedette.demo.receiver import Arrival

KINDS = {196609: "intrusion", 196610: "loitering"}
EVERY_S = 5.0
"""Where nobody can see a line change, one is written this often."""


class Screen:
    """Writes to the terminal, or plain lines to whatever stdout is.

    Args:
        out: where to write; None for stdout.
        clock: seconds.
    """

    def __init__(self, out: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = Console(file=out or sys.stdout, highlight=False, markup=False, soft_wrap=True)
        self._status: Status | None = None
        self._clock = clock
        self._written = -EVERY_S

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._status = self._console.status("")
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None

    def say(self, text: str) -> None:
        """Write a line."""
        self._console.print(text)

    def progress(self, text: str) -> None:
        """Show how things stand."""
        if self._status is not None:
            self._status.update(text)
        elif self._clock() - self._written >= EVERY_S:
            self._written = self._clock()
            self.say(f"  {text}")

    def event(self, arrival: Arrival, started_ms: int | None) -> None:
        """Show an event: time, kind, places, track, box, picture file."""
        self.say(describe(arrival, started_ms))


def describe(arrival: Arrival, started_ms: int | None) -> str:
    """Return an event as a line; the time is that of the video if the start of the run is known."""
    message = arrival.message
    stamp = int(message.get("timestamp", 0))
    seconds = stamp - started_ms // 1000 if started_ms else stamp
    kind = KINDS.get(message.get("event_type", 0), str(message.get("event_type")))
    first: dict[str, Any] = (message.get("data", {}).get("event_set") or [{}])[0]
    box = first.get("bounding_box", {})
    size = f"{box.get('x')},{box.get('y')} {box.get('w')}x{box.get('h')}"
    places = f"{first.get('start_position', '?')} -> {first.get('end_position', '?')}"
    track = str(first.get("detection_id", ""))[:8]
    minutes, rest = divmod(max(0, seconds), 60)
    at = f"{minutes:02d}:{rest:02d}" if started_ms else str(stamp)
    picture = _short(arrival.picture) if arrival.picture else "none"
    return f"event {arrival.number:3d}  {at}  {kind}  {places}  track {track}  box {size}  picture {picture}"


def _short(path: Path) -> str:
    """Return the path as seen from here, if it lies below."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
