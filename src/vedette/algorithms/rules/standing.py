"""What a rule may make of a track."""

from enum import IntEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Ids: TypeAlias = NDArray[np.int64]
"""(n,) track numbers."""


class Standing(IntEnum):
    """What a track counts for."""

    UNSURE = 0
    """Not yet believed: where it is first seen is remembered, and what it does is told once it is believed."""
    IGNORED = 1
    """Believed, and not asked for: its place is followed, and nothing is told."""
    COUNTED = 2
