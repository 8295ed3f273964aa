"""What each stream costs this worker: cores, measured.

A stream has threads of its own, one that decodes and one that analyses; the system counts their time. What the process
uses besides (a model's threads, the decoder's, the talk with the control plane) is shared out evenly.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from vedette.model.ids import StreamId

WINDOW_S: Final = 5.0
"""Over how long is measured: the system counts in hundredths of a second."""
NEW_SHARE: Final = 0.5
"""Share of the newest window in what is told: one costly moment is not what a stream costs."""

Key = tuple[StreamId, int]


def thread_seconds(thread: int) -> float:
    """Return the processor time of a thread of this process, as `/proc` has it (proc(5): fields 14 and 15)."""
    try:
        fields = Path(f"/proc/self/task/{thread}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2]
    except OSError:  # it has ended
        return 0.0
    user, system = fields.split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


class Meter:
    """Measures streams; asked again and again, it looks once in a window."""

    def __init__(
        self,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        of_thread: Callable[[int], float] = thread_seconds,
        of_process: Callable[[], float] = time.process_time,
    ) -> None:
        self._monotonic, self._of_thread, self._of_process = monotonic, of_thread, of_process
        self._at = monotonic()
        self._process = of_process()
        self._own: dict[Key, float] = {}
        self._old: set[Key] = set()
        self._cores: dict[Key, float] = {}

    def cores(self, streams: Mapping[Key, Sequence[int]]) -> Mapping[Key, float]:
        """Return how many cores each stream uses; one whose beginning is in the window is not known yet.

        Args:
            streams: the threads of each.
        """
        now = self._monotonic()
        if now - self._at < WINDOW_S:
            return self._cores
        lasted, process = now - self._at, self._of_process()
        own = {key: sum(map(self._of_thread, threads)) for key, threads in streams.items()}
        used = {key: max(0.0, seconds - self._own.get(key, 0.0)) for key, seconds in own.items()}
        rest = max(0.0, process - self._process - sum(used.values())) / max(1, len(used))
        # the first window of a stream has its opening in it, and the loading of its model
        self._cores = {key: self._smooth(key, (used[key] + rest) / lasted) for key in used if key in self._old}
        self._old = {key for key in own if key in self._own}
        self._at, self._process, self._own = now, process, own
        return self._cores

    def _smooth(self, key: Key, newest: float) -> float:
        before = self._cores.get(key)
        return newest if before is None else NEW_SHARE * newest + (1 - NEW_SHARE) * before
