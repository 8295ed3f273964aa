"""One connection to a source: open, demux, decode. Blocks, never waits on purpose, raises SourceError only."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from av.error import FFmpegError
from av.packet import Packet
from av.stream import Discard
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vedette.media.clock import MediaClock
from vedette.media.declared import lacks
from vedette.media.flow import Flow
from vedette.media.hls.follow import Followed
from vedette.media.mark import Key, Mark, digest
from vedette.media.opening import Limits, Opened, open_source, reading_failure
from vedette.media.pixels import Pixels
from vedette.model.errors import SourceError, SourceInvalid, SourceLost, SourceTruncated
from vedette.model.frame import Frame, Position
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness

_LEAP_US = 10_000_000
_USUAL_FPS = 25.0
_BLIND = 50
"""Packets of a live source without a picture, where there had been some, after which it is opened anew."""


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
        stamp: its presentation time as the stream gives it.
    """

    frame: Frame
    key: Key | None
    stamp: int | None

    def mark(self) -> bytes | None:
        """Return what `Resume.seek` takes."""
        if self.key is None or self.stamp is None:
            return None
        return Mark(self.key, self.stamp, digest(self.frame.luma)).pack()


class Reader:
    """One connection. Iterate `pictures` once; close it, or use it in a `with`.

    The decoder runs on one thread, for files too: frame threads finish a file sooner, but cost more CPU in all,
    and a worker has other streams to run beside.

    Attributes:
        live: whether the source has no end; where the address does not say so, the connection does.
        codec: name of the codec, as FFmpeg writes it.
        fps: the native rate; 0 where a live source does not say.
        decoded: pictures decoded.
        corrupt: packets the decoder refused.
        bytes_in: bytes demuxed.
        flow: what is watched of a live connection; None for files.
    """

    def __init__(
        self,
        address: Address,
        *,
        policy: GuardPolicy,
        file_roots: tuple[Path, ...] = (),
        limits: Limits = Limits(),  # noqa: B008 - frozen
        start: Resume | None = None,
        connection: int = 0,
        base_us: int = 0,
        stop: threading.Event | None = None,
        followed: Followed | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Open.

        Args:
            start: for files: go on with the picture after this one.
            connection: ordinal of the connection, for positions.
            base_us: time of the first picture.
            stop: ends reading soon when set.
            followed: how far an earlier connection followed a playlist.
            clock: seconds, monotonic.
            wall: seconds since the epoch.

        Raises:
            SourceError: of the kind that fits.
        """
        self.decoded = self.corrupt = self.bytes_in = 0
        self.flow: Flow | None = None
        self._limits, self._clock, self._wall = limits, clock, wall
        self._stop = stop or threading.Event()
        self._pixels = Pixels()
        self._last: Picture | None = None
        # no lambda: one that knows this reader would keep it, and its pictures, until the collector comes by
        self._open: Callable[[], Opened] = partial(
            open_source, address, policy, file_roots, limits, self._stop, followed
        )
        self._opened = self._open()
        self.live = self._opened.live
        told_file = address.liveness is Liveness.EITHER and not self.live  # counts from nothing, as every file does
        self._connection, self._base_us = (0, 0) if told_file else (connection, base_us)
        self._start = None if self.live else start
        try:
            self._take_stream()
        except SourceError:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def missing(self) -> int:
        """Return how many pictures a playlist named that could not be had."""
        return self._opened.missing

    def close(self) -> None:
        """Hang up. Pictures already given stay valid."""
        self._opened.close()

    def seek_mark(self) -> bytes | None:
        """Return the mark of the picture last given, or None: come back by decoding from the start."""
        return self._last.mark() if self._last else None

    def pictures(self) -> Iterator[Picture]:
        """Yield every picture; return at the end of a file.

        Raises:
            SourceLost: a live source ended or fell silent; a transfer broke.
            SourceInvalid: nothing could be decoded, or a picture is too large.
            SourceTruncated: after the last good picture of a file that lacks its end.
        """
        for picture in self._from_mark() if self._start else self._from_start():
            self._last = picture
            yield picture
        if self._stop.is_set():
            return
        if self.live and not self._opened.finished:
            raise SourceLost("the source ended the stream")
        if self.live:
            return
        self._check_end()

    def _take_stream(self) -> None:
        container = self._opened.container
        streams = [one for one in container.streams.video if not one.disposition & one.disposition.attached_pic]
        if not streams:
            raise SourceInvalid("the source has no video stream")
        # a live source that changed may still announce a video that gives nothing: the first with a size is at work
        sized = [one for one in streams if self.live and getattr(one.codec_context, "width", None)]
        self._stream: VideoStream = (sized or streams)[0]
        context = self._stream.codec_context
        if context is None:
            raise SourceInvalid("the codec of the video is not known")
        self.codec = context.name
        self._check_size(context.width, context.height)
        if not self.live and not (context.width and context.height):
            raise SourceInvalid("the source has no picture: its video has no size")
        self._heard = streams if self.live else [self._stream]
        for other in container.streams:
            if other not in self._heard:
                other.discard = Discard.all
        context.thread_type = "SLICE"
        context.thread_count = 1
        context.options = {"max_pixels": str(self._limits.pixels)}
        self.width, self.height = context.width, context.height
        rate = self._stream.average_rate or self._stream.guessed_rate
        self.fps = float(rate) if rate and 0.1 <= rate <= 240 else (0.0 if self.live else _USUAL_FPS)
        self._base = self._stream.time_base or Fraction(1, 90_000)
        self._packets, self._sought = 0, False
        if self.live:
            patience_s = self._limits.picture_s
            self.flow = Flow(self._base, patience_s=patience_s, clock=self._clock, wall=self._wall)
        self._begin(None)

    def _begin(self, key: Key | None) -> None:
        """Set the counters to the start, or to a key picture."""
        step = int(1_000_000 / (self.fps or _USUAL_FPS))
        leap = _LEAP_US if self.live else None
        self._times = MediaClock(self._base, step, base_us=self._base_us, leap_us=leap)
        self._index = 0
        self._keys: tuple[Key | None, Key | None] = (None, None)
        if key is not None:
            self._times.restore(key.anchor)
            self._index, self._keys = key.index, (key, None)

    def _take_part(self) -> None:
        """Take what follows with other stamps, or in another coding; pictures and time are counted on."""
        index, times, flow = self._index, self._times, self.flow
        self._take_stream()
        self._index, self._times = index, times.go_on(self._base)
        if flow is not None and self.flow is not None:
            self.flow.behind = flow.behind

    def _check_size(self, width: int, height: int) -> None:
        if width * height > self._limits.pixels:
            raise SourceInvalid(f"pictures of {width}x{height} are larger than this service takes")

    def _from_start(self) -> Iterator[Picture]:
        """Yield all pictures, or those after the start position."""
        after = self._start.position.index if self._start else -1
        for raw in self._decode():
            picture = self._picture(raw, shown=self._index > after)
            if picture is not None:
                yield picture

    def _from_mark(self) -> Iterator[Picture]:
        """Yield the pictures after the start position, by way of a key picture if that is provably the same."""
        assert self._start is not None
        mark = Mark.unpack(self._start.seek) if self._start.seek else None
        file = self._opened.file
        if mark is None or not self._opened.container.streams.video or file is None or not file.seekable():
            yield from self._from_start()
            return
        frames = self._run_up(mark, self._start.position)
        if frames is None:
            self._opened.close()
            self._opened = self._open()
            self._take_stream()
            yield from self._from_start()
            return
        for raw in frames:
            picture = self._picture(raw, shown=True)
            if picture is not None:
                yield picture

    def _run_up(self, mark: Mark, position: Position) -> Iterator[VideoFrame] | None:
        """Seek and decode up to the position; return the rest, or None where something is not as it was."""
        self._sought = True
        try:
            self._opened.container.seek(mark.key.stamp, stream=self._stream)
        except FFmpegError:
            return None
        frames = self._decode()
        for raw in frames:
            if raw.pts is not None and raw.pts >= mark.key.stamp:
                break
        else:
            return None
        if raw.pts != mark.key.stamp or not raw.key_frame:
            return None
        self._begin(mark.key)
        while True:
            picture = self._picture(raw, shown=self._index == position.index)
            if picture is not None:
                same = picture.frame.position == position and picture.stamp == mark.stamp
                return frames if same and digest(picture.frame.luma) == mark.digest else None
            following = next(frames, None)
            if following is None or self._index > position.index:
                return None
            raw = following

    def _decode(self) -> Iterator[VideoFrame]:
        """Yield the pictures of all parts; a playlist may have several."""
        yield from self._decode_part()
        while not self._stop.is_set() and self._opened.next_part(self._limits):
            self._take_part()
            yield from self._decode_part()

    def _decode_part(self) -> Iterator[VideoFrame]:
        """Yield what the decoder gives; count what it refuses."""
        packets = self._demux()
        waiting_since, blind = self._clock(), 0
        for packet in packets:
            if self._stop.is_set():
                return
            frames = self._decoded(packet)
            for raw in frames:
                self.decoded += 1
                yield raw
            blind = 0 if frames else blind + 1
            if frames:
                waiting_since = self._clock()
            elif self.live and self._clock() - waiting_since > self._limits.picture_s:
                raise SourceLost(f"the source sends, but no picture came for {self._limits.picture_s:g} s")
            elif self.live and blind >= _BLIND and self._index:
                raise SourceLost("the source sends what its decoder makes nothing of: another codec, it seems")

    def _decoded(self, packet: "Packet[VideoStream] | None") -> "list[VideoFrame]":
        flagged = packet is not None and packet.is_corrupt
        try:
            frames = self._stream.decode(packet)
        except FFmpegError:
            self.corrupt += 1
            return []
        self.corrupt += flagged or any(raw.is_corrupt for raw in frames)
        return frames

    def _demux(self) -> "Iterator[Packet[VideoStream] | None]":
        """Yield packets, and at the end None, which empties the decoder."""
        broken: SourceError | None = None
        arrivals = self._arrivals()
        while True:
            try:
                packet = next(arrivals, None)
            except (FFmpegError, SourceError, OSError) as error:
                broken = reading_failure(error, self._opened, live=self.live)
                break
            if packet is None:
                break
            self.bytes_in += packet.size
            if packet.size > self._limits.packet_bytes:
                raise SourceInvalid(f"a packet of {packet.size} bytes is larger than this service takes")
            if self._wanted(packet):
                self._packets += 1
                yield packet
        if self._opened.file is not None and self._opened.file.failure is not None:
            broken = self._opened.file.failure
        if broken is None or not broken.transient:
            yield None
        if broken is not None:
            self._give_up(broken)

    def _arrivals(self) -> "Iterator[Packet[VideoStream]]":
        """Yield the packets that come, of every video that is listened to."""
        source = self._listen()
        while True:
            if self.flow is not None:
                self.flow.asks()
            try:
                packet = next(source, None)
            except IndexError:  # of a stream that was not there at the opening, which PyAV does not look for
                source = self._listen()
                if self.flow is not None:
                    self.flow.foreign()
                continue
            if packet is None:
                return
            if packet.size:
                yield packet

    def _listen(self) -> "Iterator[Packet[VideoStream]]":
        return self._opened.packets(self._heard)

    def _wanted(self, packet: "Packet[VideoStream]") -> bool:
        """Return whether a packet is to be decoded."""
        if self.flow is None:
            cut = packet.is_corrupt and self._opened.container.format.name != "mpegts"
            self.corrupt += cut  # half a packet at the end of a file that was cut
            return not cut
        if packet.stream_index != self._stream.index:
            stamp = packet.dts if packet.dts is not None else packet.pts
            self.flow.foreign(None if stamp is None else float(stamp * packet.time_base))
            return False
        skipped = self.flow.skipping
        if not self.flow.admit(packet):
            return False
        if skipped:
            self._stream.codec_context.flush_buffers()
        return True

    def _give_up(self, broken: SourceError) -> None:
        """Raise what broke the reading; a file that was cut is told as such."""
        if isinstance(broken, SourceInvalid):
            self._check_end()
        raise broken

    def _check_end(self) -> None:
        """Raise if a file gave nothing, or less than it declares."""
        missing = lacks(self._stream, None if self._sought else self._packets, self._opened.file)
        if missing:
            raise SourceTruncated(f"the file ended before its end, after {self._index} pictures: {missing}")
        if self._index == 0:
            raise SourceInvalid("nothing in the file could be decoded")

    def _picture(self, raw: VideoFrame, *, shown: bool) -> Picture | None:
        """Count a picture; return it if it is wanted."""
        self._check_size(raw.width, raw.height)
        stamp = raw.pts
        position = Position(self._connection, self._index, self._times.at(stamp))
        plain = self._times.plain and not self.live
        if plain and raw.key_frame and stamp is not None and self._times.anchor is not None:
            newest = Key(stamp, self._index, self._times.anchor)
            if self._keys[1] is None or newest.index > self._keys[1].index:
                self._keys = (self._keys[1] or self._keys[0], newest)
        self._index += 1
        if not shown:
            return None
        self.width, self.height = raw.width, raw.height
        wall_ms = self.flow.wall_ms(stamp) if self.flow is not None else None
        frame = Frame(position, self._pixels.luma(raw), self._pixels.bgr(raw), wall_ms)
        return Picture(frame, self._keys[0] if plain else None, stamp)
