"""A decoded picture with its place in the source, and where a run goes on that stopped at one."""

from dataclasses import dataclass

from vedette.media.mark import Key, Mark, digest
from vedette.model.frame import Frame, Position


@dataclass(frozen=True, slots=True)
class Resume:
    """Where a run goes on.

    Attributes:
        position: the last picture that was dealt with.
        seek: what `seek_mark` gave for it, or None: a file is decoded from its start.
        elapsed_us: for live sources: microseconds since the run's first picture, by the wall clock.
    """

    position: Position
    seek: bytes | None = None
    elapsed_us: int = 0


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture and what a mark of it needs.

    Attributes:
        key: the key picture to come back to, or None where only the start of the file is sure.
        stamp: its presentation time as the stream gives it, in units of the stream's time base.
    """

    frame: Frame
    key: Key | None
    stamp: int | None

    def mark(self) -> bytes | None:
        """Return what `Resume.seek` takes."""
        if self.key is None or self.stamp is None:
            return None
        return Mark(self.key, self.stamp, digest(self.frame.luma)).pack()
