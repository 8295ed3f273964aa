"""A worker as a process: it ends with the one that started it, and when it is told to."""

import multiprocessing
import signal
import threading
from collections.abc import Callable


def watch_parent(on_loss: Callable[[], None]) -> None:
    """Call `on_loss` when the process that started this one is gone."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        on_loss()

    threading.Thread(target=wait, name="parent", daemon=True).start()


def obey_signals(stop: Callable[[], None]) -> None:
    """SIGTERM drains; the terminal's Ctrl-C is the service's to handle.

    Args:
        stop: called to begin handing everything back.
    """
    signal.signal(signal.SIGTERM, lambda *_: stop())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
