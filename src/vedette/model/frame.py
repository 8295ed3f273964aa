"""One picture and its media time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.uint8]
"""Pixels: (height, width) grey, or (height, width, 3) in the order blue, green, red."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a picture stands in its stream; the same for the same picture in every replay.

    Attributes:
        connection: ordinal of the connection of a live source, from 0 (time stamps start anew); 0 for files.
        index: ordinal of the decoded picture within the connection, from 0.
        time_us: presentation time, microseconds from the first picture of the run; never steps back.
    """

    connection: int
    index: int
    time_us: int


class Frame:
    """One decoded picture; colour is converted when it is first asked for, and once.

    Attributes:
        position: where it stands.
        luma: (height, width) uint8, a view of the decoder's own memory: do not write to it.
        width: pixels.
        height: pixels.
        wall_ms: when a live picture was taken, milliseconds since the epoch; None for files.
    """

    __slots__ = ("_bgr", "_convert", "height", "luma", "position", "wall_ms", "width")

    def __init__(
        self, position: Position, luma: Image, convert: Callable[[], Image], wall_ms: int | None = None
    ) -> None:
        self.position, self.wall_ms = position, wall_ms
        self.luma = luma
        self.height, self.width = int(luma.shape[0]), int(luma.shape[1])
        self._convert = convert
        self._bgr: Image | None = None

    @property
    def time(self) -> float:
        """Seconds from the first picture of the run."""
        return self.position.time_us / 1e6

    def bgr(self) -> Image:
        """Return (height, width, 3) uint8, blue first; shared, so do not write to it."""
        if self._bgr is None:
            self._bgr = self._convert()
        return self._bgr
