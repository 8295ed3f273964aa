"""Packets of the video that is decoded, as they come; what is damaged, too old or of another stream is left out."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from av.error import FFmpegError
from av.packet import Packet
from av.video.stream import VideoStream

from vedette.media.ffmpeg_errors import reading_failure
from vedette.media.flow import Flow, stamp_of
from vedette.media.limits import Limits
from vedette.media.opened import Opened
from vedette.media.video import Video
from vedette.model.errors import SourceError, SourceInvalid, SourceLost

_WHOLE: Final = 0.98
"""The part of a time-out that is taken for all of it: two clocks measure it."""


@dataclass(slots=True)
class Counts:
    """What is counted of one connection, over all its parts.

    Attributes:
        decoded: pictures decoded.
        corrupt: packets the decoder refused, or that were damaged on their way.
        bytes_in: bytes demuxed.
    """

    decoded: int = 0
    corrupt: int = 0
    bytes_in: int = 0


class Demuxer:
    """Takes the packets of one part of a source.

    Attributes:
        passed: packets that were passed on to the decoder.
        broken: why the packets ended, if not because the part did.
    """

    def __init__(self, opened: Opened, video: Video, flow: Flow | None, counts: Counts, limits: Limits) -> None:
        """Take nothing yet.

        Args:
            opened: what is read.
            video: of it.
            flow: judges the packets of a live source; None for files.
            counts: is added to.
            limits: how large a packet may be.
        """
        self.passed = 0
        self.broken: SourceError | None = None
        self._opened, self._video, self._flow, self._counts, self._limits = opened, video, flow, counts, limits

    def packets(self) -> "Iterator[Packet[VideoStream] | None]":
        """Yield those to be decoded, and None at the end, which empties the decoder, unless more may come yet.

        Raises:
            SourceLost: what a live source sends is no use any more (see `Flow`).
            SourceInvalid: a packet is too large.
        """
        arrivals = self._arrivals()
        while True:
            try:
                packet = next(arrivals, None)
            except (FFmpegError, SourceError, OSError) as error:
                self.broken = reading_failure(error, self._opened.file, live=self._flow is not None)
                break
            if packet is None:
                break
            self._counts.bytes_in += packet.size
            if packet.size > self._limits.packet_bytes:
                raise SourceInvalid(f"a packet of {packet.size} bytes is larger than this service takes")
            if self._wanted(packet):
                self.passed += 1
                yield packet
        file = self._opened.file
        if file is not None and file.failure is not None:
            self.broken = file.failure
        if self.broken is None or not self.broken.transient:
            yield None

    def _arrivals(self) -> "Iterator[Packet[VideoStream]]":
        """Yield the packets that come, of every video that is listened to."""
        source = self._opened.packets(self._video.heard)
        while True:
            if self._flow is not None:
                self._flow.asks()
            try:
                packet = next(source, None)
            except IndexError:  # of a stream that was not there at the opening, which PyAV does not look for
                source = self._opened.packets(self._video.heard)
                if self._flow is not None:
                    self._flow.foreign()
                continue
            if packet is None:
                return
            if self._timed_out():
                raise SourceLost("the source stopped sending")
            if packet.size:
                yield packet

    def _timed_out(self) -> bool:
        """Return whether a packet is what a parser still held when FFmpeg's time-out ended the wait for the next one.

        Without a word of that; whoever asks for another waits for the whole time-out again.
        """
        if self._flow is None or self._opened.file is not None:
            return False
        return self._flow.waited_s >= self._limits.read_s * _WHOLE

    def _wanted(self, packet: "Packet[VideoStream]") -> bool:
        """Return whether a packet is to be decoded."""
        if self._flow is None:
            cut = packet.is_corrupt and self._opened.container.format.name != "mpegts"
            self._counts.corrupt += cut  # half a packet at the end of a file that was cut
            return not cut
        if packet.stream_index != self._video.stream.index:
            stamp = stamp_of(packet)
            self._flow.foreign(None if stamp is None else float(stamp * packet.time_base))
            return False
        skipped = self._flow.skipping
        if not self._flow.admit(packet):
            return False
        if skipped:
            self._video.stream.codec_context.flush_buffers()
        return True
