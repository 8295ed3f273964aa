"""The places of the pictures of one connection: ordinal, media time, and the key picture to come back to."""

from fractions import Fraction

from av.video.frame import VideoFrame

from vedette.media.clock import MediaClock
from vedette.media.mark import Key
from vedette.media.video import USUAL_FPS, Video
from vedette.model.frame import Position

_LEAP_US = 10_000_000
"""A leap ahead of a live source by more than this is a new time base."""


class Timeline:
    """Gives each decoded picture its place; each is shown to it once, in order.

    Attributes:
        index: ordinal of the next picture.
    """

    def __init__(self, video: Video, *, connection: int, base_us: int, live: bool) -> None:
        """Begin with the first picture.

        Args:
            video: tells rate and time base.
            connection: ordinal of the connection.
            base_us: time of the first picture.
            live: the source has no end, so that nobody comes back to a picture of it.
        """
        step_us = int(1_000_000 / (video.fps or USUAL_FPS))
        leap_us = _LEAP_US if live else None
        self.index = 0
        self._connection, self._live = connection, live
        self._times = MediaClock(video.time_base, step_us, base_us=base_us, leap_us=leap_us)
        self._keys: tuple[Key | None, Key | None] = (None, None)  # the last key picture but one, and the last

    def begin_at(self, key: Key) -> None:
        """Begin with a key picture instead; nothing has been placed yet."""
        self._times.restore(key.anchor)
        self.index, self._keys = key.index, (key, None)

    def go_on(self, time_base: Fraction) -> None:
        """Take what follows with other stamps; pictures and time are counted on."""
        self._times = self._times.go_on(time_base)

    def place(self, raw: VideoFrame) -> tuple[Position, Key | None]:
        """Return the place of the next picture, and the key picture to come back to; None where none is sure."""
        stamp = raw.pts
        position = Position(self._connection, self.index, self._times.at(stamp))
        plain = self._times.plain and not self._live
        if plain and raw.key_frame and stamp is not None and self._times.anchor is not None:
            newest = Key(stamp, self.index, self._times.anchor)
            if self._keys[1] is None or newest.index > self._keys[1].index:
                self._keys = (self._keys[1] or self._keys[0], newest)
        self.index += 1
        return position, self._keys[0] if plain else None
