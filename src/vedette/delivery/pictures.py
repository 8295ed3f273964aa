"""Pictures of what is sent, read in a thread: several at a time where a queue is known, so that a hop serves more than one."""

import asyncio
from collections.abc import Callable, Sequence

from vedette.model.errors import NotFound

AHEAD = 8
"""Pictures of a queue that are read together."""
AHEAD_BYTES = 1 << 20
"""After so many bytes no further one is read with them."""
KEPT_BYTES = 16 << 20
"""Bytes of pictures that wait for their row, over all queues; the oldest go beyond it, and are read again."""


class Pictures:
    """Gives pictures.

    Args:
        read: gives the picture under a key (`Blobs.get`); blocks.
    """

    def __init__(self, read: Callable[[str], bytes]) -> None:
        self._read = read
        self._kept: dict[str, bytes] = {}
        self._bytes = 0

    async def take(self, key: str, following: Sequence[str] = ()) -> bytes:
        """Return a picture.

        Args:
            following: keys that will be asked for next.

        Raises:
            NotFound: it is gone.
            OSError: it cannot be read.
        """
        if (kept := self._drop(key)) is not None:
            return kept
        picture, *others = await asyncio.to_thread(self._some, key, following)
        for name, other in zip(following, others, strict=False):
            self._keep(name, other)
        return picture

    def _some(self, key: str, following: Sequence[str]) -> list[bytes]:
        found = [self._read(key)]
        size = len(found[0])
        for name in following[: AHEAD - 1]:
            if size >= AHEAD_BYTES:
                break
            try:
                found.append(self._read(name))
            except (NotFound, OSError):
                break  # its own turn will tell
            size += len(found[-1])
        return found

    def _keep(self, key: str, picture: bytes) -> None:
        self._drop(key)
        self._kept[key] = picture
        self._bytes += len(picture)
        while self._bytes > KEPT_BYTES:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: str) -> bytes | None:
        picture = self._kept.pop(key, None)
        self._bytes -= len(picture or b"")
        return picture
