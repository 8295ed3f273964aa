"""The first pictures that a new version of a service sees: until it has seen them, the one before stands by."""

from dataclasses import dataclass
from typing import Final

from vedette.model.stream import TaskRun
from vedette.worker.preparing import Prepared

TRIAL: Final = 3
"""Pictures that a new version has to see without a fault."""


@dataclass(slots=True)
class Trial:
    """What takes its place again if the new version breaks.

    Attributes:
        spec: what it was made for.
        left: pictures that the new version still has to see.
    """

    spec: TaskRun
    prepared: Prepared
    left: int = TRIAL
