"""From an address to an open source: who reads it, FFmpeg itself or a file object of ours, and what it is judged by."""

import threading
from pathlib import Path

from av.error import FFmpegError

from vedette.media.bounds import HEAD, check_claimed, check_declared, has_end
from vedette.media.connecting import open_stream
from vedette.media.connection import Timeouts
from vedette.media.container import open_container
from vedette.media.ffmpeg_errors import file_failure
from vedette.media.ftp import FtpFile
from vedette.media.hls.file import HlsFile, is_playlist
from vedette.media.hls.follow import Followed
from vedette.media.http import HttpFile
from vedette.media.limits import Limits
from vedette.media.local import LocalFile
from vedette.media.opened import Opened
from vedette.media.resolve import Pinned, pin
from vedette.model.errors import SourceError
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness


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
        address: has a URL of its own.
        policy: judges every address that is connected to.
        file_roots: folders that `file` URLs may lead into.
        limits: time-outs and sizes.
        stop: ends reading soon when set.
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
    if pinned.scheme not in ("http", "https"):
        return open_stream(pinned, policy, limits)
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


def _open_http(file: HttpFile, pinned: Pinned, limits: Limits) -> Opened:
    """Open what a web server gives; whether that has an end may be in its header, where the server did not tell."""
    opened = _open_file(file, pinned, limits)
    if pinned.liveness is Liveness.EITHER and file.live and has_end(opened.container):
        opened.live = file.live = False
    return opened


def _open_file(file: HttpFile | FtpFile | LocalFile | HlsFile, pinned: Pinned, limits: Limits) -> Opened:
    """Open a file that was just connected to; it is closed if that fails."""
    try:
        if not isinstance(file, HlsFile) and not file.live:  # of what is live, so much may be long in coming
            check_claimed(file.peek(HEAD), limits.pixels)
        container = open_container(file, limits.pixels)
    except (FFmpegError, SourceError) as error:
        try:
            raise file_failure(error, file, pinned.shown) from None
        finally:
            file.close()
    opened = Opened(container, file, file.live or pinned.liveness is Liveness.LIVE)
    try:
        check_declared(container, packet_bytes=limits.packet_bytes, duration_s=limits.duration_s)
    except SourceError:
        opened.close()
        raise
    return opened
