"""Memory that streams leave behind goes back to the system.

The allocator of glibc keeps what a thread frees for the next use by the same thread, and each stream has threads of its
own: after streams have come and gone for a day, a worker would hold many times what those of the moment need.
"""

import ctypes
import gc
import threading
import time
from collections.abc import Callable
from typing import Final

PAUSE_S: Final = 5.0
"""The shortest time between two tidyings: one takes some milliseconds, in which no stream is served."""


def settle() -> None:
    """Spare the collector what is loaded for good: what comes and goes is then looked through often, and quickly."""
    gc.freeze()
    gc.collect()


def give_back() -> None:
    """Collect what is in circles, and hand free memory to the system, where its C library knows how."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


class Tidier:
    """Gives memory back some time after streams have ended."""

    def __init__(
        self, tidy: Callable[[], None] = give_back, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._tidy, self._monotonic = tidy, monotonic
        self._left = threading.Event()
        self._tidied = monotonic()

    def ended(self) -> None:
        """Note that a stream has ended."""
        self._left.set()

    def look(self) -> None:
        """Tidy if it is time; called every moment by one thread."""
        if self._left.is_set() and self._monotonic() - self._tidied >= PAUSE_S:
            self._left.clear()
            self._tidied = self._monotonic()
            self._tidy()
