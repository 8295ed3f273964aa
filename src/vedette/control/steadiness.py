"""When a task that lost its worker may be tried again, and which crash is the first of a row. Pure."""

import math
import zlib
from typing import Final

from vedette.model.lifecycle import State
from vedette.store.tasks import Standing

STEADY_MS: Final = 5_000
"""A task that has run this long has got over the crashes before: the next one is the first in a row again."""


def may_retry(task: Standing, now_ms: int) -> bool:
    """Tell whether a task whose worker was lost may be tried again: at once the first time, then after growing waits.

    The waits differ from task to task, so that those that were lost together with the one whose video kills its worker
    are not placed together with it again and again.
    """
    spread = 0.5 + zlib.crc32(task.id.encode()) / 2**32
    waited = now_ms - task.updated_at  # less than nothing if the clock was set back meanwhile
    return task.crashes <= 1 or not 0 <= waited < spread * min(30_000, 500 * 2**task.crashes)


def is_steady(task: Standing, now_ms: int) -> bool:
    """Tell whether a task has got over the crashes before."""
    return task.state is State.RUNNING and _since(task, now_ms) >= STEADY_MS


def _since(task: Standing, now_ms: int) -> float:
    """Return how long a task has been in its state, milliseconds; without end if the clock was set back since."""
    return now_ms - task.updated_at if now_ms >= task.updated_at else math.inf


def crashes_in_a_row(task: Standing, now_ms: int) -> int:
    """Return how often in a row its worker was lost, with this time."""
    return 1 if is_steady(task, now_ms) else task.crashes + 1
