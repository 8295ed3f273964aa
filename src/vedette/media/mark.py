"""Where in a file reading can be taken up: an opaque mark in a checkpoint."""

import struct
import zlib
from dataclasses import dataclass

from vedette.model.frame import Image

_LAYOUT = struct.Struct("<BqqqqI")
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Key:
    """A key picture.

    Attributes:
        stamp: its presentation time in units of the stream's time base.
        index: its ordinal.
        anchor: the stamp at which media time is 0.
    """

    stamp: int
    index: int
    anchor: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A key picture to begin at, and how to know that the picture last seen was reached again.

    Attributes:
        key: the last key picture but one before the picture: a whole group of pictures is decoded before anything
            counts, which forgives decoders that need a run-up.
        stamp: the picture's own stamp.
        digest: of the picture's luma.
    """

    key: Key
    stamp: int
    digest: int

    def pack(self) -> bytes:
        """Return the mark as bytes."""
        key = self.key
        return _LAYOUT.pack(_VERSION, key.stamp, key.index, key.anchor, self.stamp, self.digest)

    @classmethod
    def unpack(cls, data: bytes) -> "Mark | None":
        """Return the mark, or None for bytes of another version."""
        if len(data) != _LAYOUT.size or data[0] != _VERSION:
            return None
        _, stamp, index, anchor, own, digest = _LAYOUT.unpack(data)
        return cls(Key(stamp, index, anchor), own, digest)


def digest(luma: Image) -> int:
    """Return a checksum of every eighth line."""
    return zlib.crc32(luma[::8].tobytes())
