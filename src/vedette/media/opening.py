"""How FFmpeg is opened, and what its errors mean: nothing else of it is seen outside media."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.stream import VideoStream

from vedette.media.bounds import HEAD, check_claimed, check_declared, has_end
from vedette.media.declared import SizedFile, cut_short
from vedette.media.exchange import Timeouts
from vedette.media.ftp import FtpFile
from vedette.media.hls.file import HlsFile, is_playlist
from vedette.media.hls.follow import Followed
from vedette.media.http import PARTS, HttpFile
from vedette.media.local import LocalFile
from vedette.media.resolve import Pinned, pin
from vedette.model.errors import (
    SourceError,
    SourceInvalid,
    SourceLost,
    SourceRefused,
    SourceTruncated,
    SourceUnreachable,
)
from vedette.model.guard import GuardMode, GuardPolicy
from vedette.model.source import Address, Liveness

_FORMATS = "mov,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,live_flv,asf,ogg,mxf,ivf,h264,hevc,m4v,mjpeg,mpjpeg,nut,wav"
"""Demuxers that open nothing but the file they are given: no playlists, no concatenations, no text, no pictures."""
_SAYS_NO = (
    av.error.HTTPUnauthorizedError,
    av.error.HTTPForbiddenError,
    av.error.HTTPNotFoundError,
    av.error.HTTPBadRequestError,
    av.error.HTTPOtherClientError,
)
_BUFFER = 256 << 10


@dataclass(frozen=True, slots=True)
class Limits:
    """What is put up with.

    Attributes:
        pixels: width times height of the largest picture.
        packet_bytes: of the largest packet; no picture of those pixels takes as much, even uncompressed.
        duration_s: the longest recording, by its own account.
        connect_s: seconds to wait for a connection.
        read_s: seconds to wait for the next bytes of a source.
        picture_s: seconds to wait for the next picture while bytes do come.
    """

    pixels: int = 4096 * 2160
    packet_bytes: int = 64 << 20
    duration_s: float = 7 * 86_400.0
    connect_s: float = 5.0
    read_s: float = 5.0
    picture_s: float = 15.0


class MediaFile(SizedFile, Protocol):
    """What FFmpeg reads from where it is not connected itself.

    Attributes:
        failure: the error that ended reading: FFmpeg passes some on as an end of file.
        live: it has no end.
    """

    failure: SourceError | None
    live: bool

    def seekable(self) -> bool: ...
    def close(self) -> None: ...


@dataclass(slots=True)
class Opened:
    """An open container.

    Attributes:
        file: what it reads from; None where FFmpeg itself is connected.
        live: it has no end; told by the connection where the address does not say.
    """

    container: InputContainer
    file: MediaFile | None
    live: bool

    def packets(self, streams: "list[VideoStream]") -> "Iterator[Packet[VideoStream]]":
        """Return the packets of some streams; those of a live playlist come as slowly as they happened."""
        packets = cast("Iterator[Packet[VideoStream]]", self.container.demux(streams))
        return self.file.packets(packets) if isinstance(self.file, HlsFile) else packets

    @property
    def finished(self) -> bool:
        """Return whether a live source has told that it is over."""
        return isinstance(self.file, HlsFile) and self.file.finished

    @property
    def missing(self) -> int:
        """Return how many pictures of a playlist could not be had."""
        return self.file.missing if isinstance(self.file, HlsFile) else 0

    def next_part(self, limits: Limits) -> bool:
        """Open what follows where a playlist says that it does not fit what came before.

        Raises:
            SourceError: of the kind that fits.
        """
        if not isinstance(self.file, HlsFile) or not self.file.next_part():
            return False
        self.container.close()
        try:
            self.container = _container(self.file, limits)
        except (FFmpegError, SourceError) as error:
            raise reading_failure(error, self, live=self.live) from None
        return True

    def close(self) -> None:
        """Hang up."""
        self.container.close()
        if self.file is not None:
            self.file.close()


def open_source(
    address: Address,
    policy: GuardPolicy,
    file_roots: tuple[Path, ...],
    limits: Limits,
    stop: threading.Event,
    followed: Followed | None = None,
) -> Opened:
    """Connect, and read enough to know the streams.

    Args:
        followed: how far an earlier connection followed a playlist.

    Raises:
        SourceError: of the kind that fits.
    """
    pinned = pin(address, policy, file_roots)
    timeouts = Timeouts(limits.connect_s, limits.read_s)
    if pinned.path is not None:
        return _open_file(LocalFile(pinned.path), pinned, limits)
    if pinned.scheme == "ftp":
        return _open_file(FtpFile(pinned, stop=stop, timeouts=timeouts), pinned, limits)
    if pinned.scheme in ("http", "https"):
        found = HttpFile(address, policy=policy, stop=stop, timeouts=timeouts)
        try:
            if address.lookup is None and is_playlist(found):  # what one in a store names, nobody has signed
                hls = HlsFile(
                    found, address, policy=policy, stop=stop, timeouts=timeouts, pixels=limits.pixels, followed=followed
                )
                return _open_file(hls, pinned, limits)
        except SourceError:
            found.close()
            raise
        return _open_http(found, pinned, limits)
    failure: SourceError = SourceUnreachable(f"{pinned.shown} has no address")
    for one in pinned.addresses:
        try:
            return _open_stream(pinned, one, policy, limits)
        except SourceUnreachable as error:
            failure = error
    raise failure


def _open_http(file: HttpFile, pinned: Pinned, limits: Limits) -> Opened:
    """Open what a web server gives; whether that has an end may be in its header, where the server did not tell."""
    opened = _open_file(file, pinned, limits)
    if pinned.liveness is Liveness.EITHER and file.live and has_end(opened.container):
        opened.live = file.live = False
    return opened


def _container(file: MediaFile, limits: Limits) -> InputContainer:
    options = {"format_whitelist": _FORMATS, "protocol_whitelist": "none", "max_pixels": str(limits.pixels)}
    if file.live:
        options |= {"probesize": "200000", "analyzeduration": "500000", "fpsprobesize": "0"}
    if not isinstance(file, HttpFile) or file.kind != PARTS:
        return av.open(file, "r", options=options, buffer_size=_BUFFER)
    options |= {"use_wallclock_as_timestamps": "1"}  # its pictures carry no times
    return av.open(file, "r", format="mpjpeg", options=options, buffer_size=_BUFFER)


def _open_file(file: HttpFile | FtpFile | LocalFile | HlsFile, pinned: Pinned, limits: Limits) -> Opened:
    try:
        if not isinstance(file, HlsFile) and not file.live:  # of what is live, so much may be long in coming
            check_claimed(file.peek(HEAD), limits.pixels)
        container = _container(file, limits)
    except (FFmpegError, SourceError) as error:
        try:
            raise _file_failure(error, file, pinned) from None
        finally:
            file.close()
    opened = Opened(container, file, file.live or pinned.liveness is Liveness.LIVE)
    try:
        check_declared(container, packet_bytes=limits.packet_bytes, duration_s=limits.duration_s)
    except SourceError:
        opened.close()
        raise
    return opened


def _file_failure(error: Exception, file: MediaFile, pinned: Pinned) -> SourceError:
    """Return why a file could not be opened; the error of the read below it comes first."""
    if file.failure is not None:
        return file.failure
    if isinstance(error, SourceError):
        return error
    if file.size == 0:
        return SourceInvalid(f"{pinned.shown} is empty")
    if cut := cut_short(file):
        return SourceTruncated(f"{pinned.shown} ended before its end: {cut}")
    return SourceInvalid(f"{pinned.shown} is not a video that can be read: {reason(error)}")


def _open_stream(pinned: Pinned, address: str, policy: GuardPolicy, limits: Limits) -> Opened:
    """Open a live source that FFmpeg connects to by itself.

    Both time-outs are given: the protocol's own, and PyAV's, which interrupts whatever FFmpeg waits for.
    """
    options = {
        "probesize": "100000",
        "analyzeduration": "300000",
        "fpsprobesize": "0",  # the rate is not worth the wait: live pictures carry their times
        "max_pixels": str(limits.pixels),
    }
    if pinned.scheme == "rtsp":
        options |= {
            "protocol_whitelist": "tcp,udp,rtp",
            "format_whitelist": "rtsp,sdp,rtp,mpegts,asf",
            "allowed_media_types": "video",
            "timeout": str(int(limits.read_s * 1e6)),
        }
        # over UDP a server may name a third party as the peer, so strangers are not given the choice
        options |= {"rtsp_flags": "prefer_tcp"} if policy.mode is GuardMode.LAN else {"rtsp_transport": "tcp"}
    else:
        options |= {
            "protocol_whitelist": "rtmp,tcp",
            "format_whitelist": "flv,live_flv",
            "rtmp_tcurl": pinned.tcurl,
            "rtmp_live": "live",
        }
    began = time.monotonic()
    try:
        container = av.open(pinned.url(address), "r", options=options, timeout=(limits.connect_s, limits.read_s))
    except FFmpegError as error:
        silent = time.monotonic() - began > min(limits.connect_s, limits.read_s) * 0.9
        raise _stream_failure(error, pinned, silent=silent) from None
    return Opened(container, None, live=True)


def _stream_failure(error: FFmpegError, pinned: Pinned, *, silent: bool) -> SourceError:
    """Return what it means that a live source could not be opened.

    Judged by phase and time rather than by type alone: a server that says nothing ends in `Invalid data`, too.
    """
    if isinstance(error, _SAYS_NO):
        login = isinstance(error, (av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError))
        return SourceRefused(f"{pinned.shown} refused: {reason(error)}", login=login)
    if isinstance(error, (av.error.TimeoutError, av.error.ExitError)) or silent:
        return SourceUnreachable(f"{pinned.shown} accepts connections, or swallows them, and says nothing")
    if isinstance(error, av.error.InvalidDataError):
        return SourceInvalid(f"{pinned.shown} answers, but not with a video over {pinned.scheme}")
    return SourceUnreachable(f"{pinned.shown} cannot be read: {reason(error)}")


def reading_failure(error: Exception, opened: Opened, *, live: bool) -> SourceError:
    """Return what it means that reading broke off."""
    if opened.file is not None and opened.file.failure is not None:
        return opened.file.failure
    if isinstance(error, SourceError):
        return error
    if isinstance(error, (av.error.TimeoutError, av.error.ExitError)):
        return SourceLost("the source stopped sending")
    kind = SourceLost if live else SourceInvalid
    return kind(f"the source broke off: {reason(error)}")


def reason(error: Exception) -> str:
    """Return FFmpeg's words without the file name, which may hold credentials."""
    return (isinstance(error, FFmpegError) and error.strerror) or type(error).__name__
