"""What is watched of a live connection, packet by packet, before anything is decoded."""

import struct
from collections.abc import Callable
from fractions import Fraction

from av.packet import Packet
from av.video.stream import VideoStream

from vedette.media.backlog import Backlog
from vedette.media.walltime import WallTime
from vedette.model.errors import SourceLost

_REFERENCE = struct.Struct("@qi")
"""FFmpeg's `AVProducerReferenceTime`: microseconds since the epoch, and flags."""
_PASSED_BY = 50
_PASSED_BY_S = 2.0
"""So many packets of other streams in a row, over so many seconds, after which this one has ended."""
_GAPS = 4.0
"""Unless its own packets came seldom before: then it is given so many times its longest pause."""


class Flow:
    """Judges the packets of one live connection.

    Attributes:
        behind: packets left out undecoded, because they had waited too long.
        wall: the wall-clock time of its pictures.
    """

    def __init__(
        self,
        base: Fraction,
        *,
        patience_s: float,
        clock: Callable[[], float],
        wall: Callable[[], float],
        behind: int = 0,
    ) -> None:
        """Begin with the first packet.

        Args:
            base: seconds of a unit of its time stamps.
            patience_s: how long packets may be left out for want of a key picture.
            clock: seconds, monotonic.
            wall: seconds since the epoch.
            behind: left out of earlier parts of the same connection.
        """
        self.behind = behind
        self.wall = WallTime()
        self._base, self._clock, self._now = base, clock, wall
        self._backlog = Backlog()
        self._asked = self._admitted = clock()
        self._patience_s = patience_s
        self._own_at: float | None = None  # when the last packet of this video came
        self._longest_s = 0.0  # between two of them
        self._foreign = 0
        self._foreign_from: float | None = None

    @property
    def lag_s(self) -> float:
        """Return how long the last packet had waited for the decoder."""
        return self._backlog.lag_s

    @property
    def skipping(self) -> bool:
        """Return whether packets are being left out."""
        return self._backlog.skipping

    def asks(self) -> None:
        """Note that the next packet is being asked for."""
        self._asked = self._clock()

    @property
    def waited_s(self) -> float:
        """Return how long ago the packet was asked for."""
        return self._clock() - self._asked

    def admit(self, packet: "Packet[VideoStream]") -> bool:
        """Return whether a packet that has just come shall be decoded.

        Raises:
            SourceLost: too much was left out, and no key picture comes; a new connection begins with one.
        """
        now = self._clock()
        self._own(now)
        if self._timely(packet, now):
            self._admitted = now
            return True
        self.behind += 1
        if now - self._admitted > self._patience_s:
            raise SourceLost(f"decoding is behind, and no key picture came for {self._patience_s:g} s")
        return False

    def _timely(self, packet: "Packet[VideoStream]", now: float) -> bool:
        stamp = stamp_of(packet)
        if stamp is None:
            return not self._backlog.skipping
        media_s = float(stamp * self._base)
        self.wall.note(media_s, self._now(), _camera_s(packet))
        return self._backlog.admit(media_s, self._asked, now, key=packet.is_keyframe)

    def _own(self, now: float) -> None:
        if self._own_at is not None:
            self._longest_s = max(self._longest_s, now - self._own_at)
        self._own_at, self._foreign, self._foreign_from = now, 0, None

    def foreign(self, media_s: float | None = None) -> None:
        """Note a packet of another stream of the same source.

        Args:
            media_s: its time stamp, if the stream was there at the opening.

        Raises:
            SourceLost: only the others go on.
        """
        now = self._clock()
        if self._own_at is None:
            self._own_at = now
        self._foreign += 1
        silent_s = now - self._own_at
        if media_s is not None:
            self._foreign_from = media_s if self._foreign_from is None else self._foreign_from
            silent_s = max(silent_s, media_s - self._foreign_from)
        if self._foreign >= _PASSED_BY and silent_s > max(_PASSED_BY_S, _GAPS * self._longest_s):
            raise SourceLost("the video goes on as another stream of the source")

    def wall_ms(self, stamp: int | None) -> int:
        """Return when a picture was taken, milliseconds since the epoch."""
        media_s = None if stamp is None else float(stamp * self._base)
        return int(self.wall.at(media_s, self._now()) * 1000)


def stamp_of(packet: "Packet[VideoStream]") -> int | None:
    """Return when a packet was sent, in units of its time base: the stamps of decoding are in order, if it has one."""
    return packet.dts if packet.dts is not None else packet.pts


def _camera_s(packet: "Packet[VideoStream]") -> float | None:
    """Return when the camera says that it took the picture, seconds since the epoch."""
    if not packet.has_sidedata("prft"):
        return None
    said = bytes(packet.get_sidedata("prft"))
    return float(_REFERENCE.unpack_from(said)[0]) / 1e6 if len(said) >= _REFERENCE.size else None
