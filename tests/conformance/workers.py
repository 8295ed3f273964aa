"""Worker programs of the executor suite: they keep a file of what happened to them."""

import os
import signal
import sys
import threading

from vedette.model.worker import WorkerSpec
from vedette.worker.process import watch_parent


def _note(spec: WorkerSpec, text: str) -> None:
    path = spec.models_dir / f"{spec.worker_id}.{text}"
    path.with_suffix(".part").write_text(f"{os.getpid()} {spec.url}")
    path.with_suffix(".part").rename(path)


def obedient(spec: WorkerSpec) -> None:
    """Lives until it is asked to end, or its parent is gone."""
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    watch_parent(lambda: os._exit(3))
    _note(spec, "started")
    ended.wait()
    _note(spec, "finished")


def stubborn(spec: WorkerSpec) -> None:
    """Does not hear SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    watch_parent(lambda: os._exit(3))
    _note(spec, "started")
    threading.Event().wait()


def broken(spec: WorkerSpec) -> None:
    """Ends as soon as it has begun."""
    _note(spec, "started")
    sys.exit(7)
