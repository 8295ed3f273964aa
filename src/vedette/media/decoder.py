"""The pictures of the packets of one part; what the decoder refuses is counted."""

import threading
from collections.abc import Callable, Iterator

from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vedette.media.bounds import check_size
from vedette.media.demuxer import Counts, Demuxer
from vedette.media.limits import Limits
from vedette.media.video import Video
from vedette.model.errors import SourceLost

_BLIND = 50
"""Packets of a live source without a picture, where there had been some, after which it is opened anew."""


class Decoder:
    """Decodes one part of a source.

    Attributes:
        demuxer: gives the packets.
    """

    def __init__(
        self,
        video: Video,
        demuxer: Demuxer,
        counts: Counts,
        limits: Limits,
        *,
        live: bool,
        clock: Callable[[], float],
    ) -> None:
        """Decode nothing yet.

        Args:
            video: what is decoded.
            demuxer: gives the packets.
            counts: is added to.
            limits: how large a picture may be, and how long to wait for the next one of a live source.
            live: it has no end.
            clock: seconds, monotonic.
        """
        self.demuxer = demuxer
        self._stream, self._counts = video.stream, counts
        self._limits, self._live, self._clock = limits, live, clock

    def pictures(self, stop: threading.Event) -> Iterator[VideoFrame]:
        """Yield the pictures up to the end of the part, or until told to stop; then see `demuxer.broken`.

        Raises:
            SourceLost: packets of a live source come, but no pictures.
            SourceInvalid: a picture is too large.
            SourceError: as `Demuxer.packets`.
        """
        waiting_since, blind = self._clock(), 0
        for packet in self.demuxer.packets():
            if stop.is_set():
                return
            frames = self._decoded(packet)
            for raw in frames:
                self._counts.decoded += 1
                check_size(raw.width, raw.height, self._limits.pixels)
                yield raw
            blind = 0 if frames else blind + 1
            if frames:
                waiting_since = self._clock()
            elif self._live and self._clock() - waiting_since > self._limits.picture_s:
                raise SourceLost(f"the source sends, but no picture came for {self._limits.picture_s:g} s")
            elif self._live and blind >= _BLIND and self._counts.decoded:
                raise SourceLost("the source sends what its decoder makes nothing of: another codec, it seems")

    def _decoded(self, packet: "Packet[VideoStream] | None") -> list[VideoFrame]:
        flagged = packet is not None and packet.is_corrupt
        try:
            frames = self._stream.decode(packet)
        except FFmpegError:
            self._counts.corrupt += 1
            return []
        self._counts.corrupt += flagged or any(raw.is_corrupt for raw in frames)
        return frames
