"""One connection to a source: open, demux, decode. Blocks, never waits on purpose, raises SourceError only."""

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from av.error import FFmpegError
from av.video.frame import VideoFrame

from vedette.media.declared import lacks
from vedette.media.decoder import Decoder
from vedette.media.demuxer import Counts, Demuxer
from vedette.media.flow import Flow
from vedette.media.hls.follow import Followed
from vedette.media.limits import Limits
from vedette.media.mark import Mark
from vedette.media.opened import Opened
from vedette.media.opening import open_source
from vedette.media.picture import Picture, Resume
from vedette.media.pixels import Pixels
from vedette.media.run_up import run_up
from vedette.media.timeline import Timeline
from vedette.media.video import choose_video
from vedette.model.errors import SourceError, SourceInvalid, SourceLost, SourceTruncated
from vedette.model.frame import Frame, Position
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness


class Reader:
    """One connection. Iterate `pictures` once; close it, or use it in a `with`.

    Attributes:
        live: whether the source has no end; where the address does not say so, the connection does.
        codec: name of the codec, as FFmpeg writes it.
        fps: the native rate; 0 where a live source does not say.
        width: of the last picture, in pixels; before the first one by the header, 0 where that does not say.
        height: the same.
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
            address: has a URL of its own.
            policy: judges every address that is connected to.
            file_roots: folders that `file` URLs may lead into.
            limits: time-outs and sizes.
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
        self._counts = Counts()
        self.flow: Flow | None = None
        self._limits, self._clock, self._wall = limits, clock, wall
        self._stop = stop or threading.Event()
        self._pixels = Pixels()
        self._last: Picture | None = None
        self._sought = False  # the packets did not come from the first one on
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
            self._take_video()
            self._begin()
        except SourceError:
            self._opened.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def decoded(self) -> int:
        """Return how many pictures were decoded."""
        return self._counts.decoded

    @property
    def corrupt(self) -> int:
        """Return how many packets the decoder refused, or were damaged on their way."""
        return self._counts.corrupt

    @property
    def bytes_in(self) -> int:
        """Return how many bytes were demuxed."""
        return self._counts.bytes_in

    @property
    def missing(self) -> int:
        """Return how many pictures a playlist named that could not be had."""
        return self._opened.missing

    def close(self) -> None:
        """Hang up. Pictures already given stay valid."""
        self._opened.close()
        self._demuxer.broken = None  # its traceback knows this reader: they would keep each other, and the pictures

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
        after = self._start.position.index if self._start else -1
        frames = self._behind_mark() or self._decode()
        for raw in frames:
            if self._timeline.index <= after:
                self._timeline.place(raw)
                continue
            self._last = self._picture(raw)
            yield self._last
        if self._stop.is_set():
            return
        if self.live and not self._opened.finished:
            raise SourceLost("the source ended the stream")
        if not self.live:
            self._check_end()

    def _take_video(self) -> None:
        """Choose what is decoded of the container that was just opened."""
        video = choose_video(self._opened.container, live=self.live, pixels=self._limits.pixels)
        self.codec, self.fps, self.width, self.height = video.codec, video.fps, video.width, video.height
        if self.live:
            behind = self.flow.behind if self.flow is not None else 0
            patience_s = self._limits.picture_s
            self.flow = Flow(video.time_base, patience_s=patience_s, clock=self._clock, wall=self._wall, behind=behind)
        self._video = video
        self._demuxer = Demuxer(self._opened, video, self.flow, self._counts, self._limits)
        self._decoder = Decoder(video, self._demuxer, self._counts, self._limits, live=self.live, clock=self._clock)

    def _begin(self) -> None:
        """Count pictures and time from the start."""
        self._timeline = Timeline(self._video, connection=self._connection, base_us=self._base_us, live=self.live)

    def _behind_mark(self) -> Iterator[VideoFrame] | None:
        """Return what follows the start position, by way of a key picture; None where that is not sure."""
        mark = Mark.unpack(self._start.seek) if self._start and self._start.seek else None
        file = self._opened.file
        if self._start is None or mark is None or file is None or not file.seekable():
            return None
        frames = self._run_up(mark, self._start.position)
        if frames is None:
            self._opened.close()
            self._opened, self._sought = self._open(), False
            self._take_video()
            self._begin()
        return frames

    def _run_up(self, mark: Mark, position: Position) -> Iterator[VideoFrame] | None:
        """Seek, and decode up to a picture; return what follows, or None where something is not as it was."""
        self._sought = True
        try:
            self._opened.container.seek(mark.key.stamp, stream=self._video.stream)
        except FFmpegError:
            return None
        frames = self._decode()
        return frames if run_up(frames, mark, position, self._timeline, self._picture) else None

    def _decode(self) -> Iterator[VideoFrame]:
        """Yield the pictures of all parts, of which a playlist may have several; pictures and time are counted on."""
        yield from self._decode_part()
        while not self._stop.is_set() and self._opened.next_part(self._limits.pixels):
            self._take_video()
            self._timeline.go_on(self._video.time_base)
            yield from self._decode_part()

    def _decode_part(self) -> Iterator[VideoFrame]:
        """Yield the pictures of one part; a file that was cut is told as such."""
        yield from self._decoder.pictures(self._stop)
        if self._demuxer.broken is None or self._stop.is_set():
            return
        if isinstance(self._demuxer.broken, SourceInvalid):
            self._check_end()
        raise self._demuxer.broken  # no name for it here: a frame that knows its own traceback is a circle

    def _check_end(self) -> None:
        """Raise if a file gave nothing, or less than it declares."""
        passed = None if self._sought else self._demuxer.passed
        pictures = self._timeline.index
        missing = lacks(self._video.stream, passed, self._opened.file)
        if missing:
            raise SourceTruncated(f"the file ended before its end, after {pictures} pictures: {missing}")
        if pictures == 0:
            raise SourceInvalid("nothing in the file could be decoded")

    def _picture(self, raw: VideoFrame) -> Picture:
        """Place a picture, and return it as others see it."""
        position, key = self._timeline.place(raw)
        self.width, self.height = raw.width, raw.height
        wall_ms = self.flow.wall_ms(raw.pts) if self.flow is not None else None
        return Picture(Frame(position, self._pixels.luma(raw), self._pixels.bgr(raw), wall_ms), key, raw.pts)
