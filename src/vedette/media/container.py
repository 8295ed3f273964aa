"""How FFmpeg opens what it reads through a file object of ours."""

from typing import Final, Protocol

import av
from av.container import InputContainer

from vedette.media.declared import SizedFile
from vedette.media.http import PARTS, HttpFile
from vedette.model.errors import SourceError

_FORMATS: Final = (
    "mov,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,live_flv,asf,ogg,mxf,ivf,h264,hevc,m4v,mjpeg,mpjpeg,nut,wav"
)
"""Demuxers that open nothing but the file they are given: no playlists, no concatenations, no text, no pictures."""
_BUFFER: Final = 256 << 10
"""Bytes that FFmpeg asks for at once."""


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


def open_container(file: MediaFile, pixels: int) -> InputContainer:
    """Read as much of a file as it takes to know its streams.

    Args:
        file: the media; what FFmpeg makes of it opens nothing else.
        pixels: width times height of the largest picture.

    Raises:
        av.error.FFmpegError: it is nothing that can be read.
        SourceError: of the file.
    """
    # titles may be in any encoding; PyAV would refuse a file for one that is not UTF-8
    options = {"format_whitelist": _FORMATS, "protocol_whitelist": "none", "max_pixels": str(pixels)}
    if file.live:
        options |= {"probesize": "200000", "analyzeduration": "500000", "fpsprobesize": "0"}
    if not isinstance(file, HttpFile) or file.kind != PARTS:
        return av.open(file, "r", options=options, buffer_size=_BUFFER, metadata_errors="replace")
    options |= {"use_wallclock_as_timestamps": "1"}  # its pictures carry no times
    return av.open(file, "r", format="mpjpeg", options=options, buffer_size=_BUFFER, metadata_errors="replace")
