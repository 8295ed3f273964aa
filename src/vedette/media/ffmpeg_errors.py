"""What errors of FFmpeg mean: nothing else of them is seen outside media."""

import av
from av.error import FFmpegError

from vedette.media.container import MediaFile
from vedette.media.declared import cut_short
from vedette.media.resolve import Pinned
from vedette.model.errors import (
    SourceError,
    SourceInvalid,
    SourceLost,
    SourceRefused,
    SourceTruncated,
    SourceUnreachable,
)

_LOGIN = (av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError)
_SAYS_NO = (
    *_LOGIN,
    av.error.HTTPNotFoundError,
    av.error.HTTPBadRequestError,
    av.error.HTTPOtherClientError,
)
"""Answers of an RTSP server, too: its codes are those of HTTP."""
_SILENT = (av.error.TimeoutError, av.error.ExitError)
"""The protocol's own time-out, and PyAV's, which interrupts whatever FFmpeg waits for."""


def file_failure(error: Exception, file: MediaFile, shown: str) -> SourceError:
    """Return why a file could not be opened; the error of the read below it comes first.

    Args:
        error: of FFmpeg, or of ours.
        file: what was read.
        shown: its place, for people.
    """
    if file.failure is not None:
        return file.failure
    if isinstance(error, SourceError):
        return error
    if file.size == 0:
        return SourceInvalid(f"{shown} is empty")
    if cut := cut_short(file):
        return SourceTruncated(f"{shown} ended before its end: {cut}")
    return SourceInvalid(f"{shown} is not a video that can be read: {reason(error)}")


def stream_failure(error: FFmpegError, pinned: Pinned, *, silent: bool) -> SourceError:
    """Return what it means that a live source could not be opened.

    Judged by phase and time rather than by type alone: a server that says nothing ends in `Invalid data`, too.

    Args:
        error: of FFmpeg.
        pinned: what was to be opened.
        silent: it took about as long as a time-out lasts.
    """
    if isinstance(error, _SAYS_NO):
        return SourceRefused(f"{pinned.shown} refused: {reason(error)}", login=isinstance(error, _LOGIN))
    if isinstance(error, _SILENT) or silent:
        return SourceUnreachable(f"{pinned.shown} accepts connections, or swallows them, and says nothing")
    if isinstance(error, av.error.InvalidDataError):
        return SourceInvalid(f"{pinned.shown} answers, but not with a video over {pinned.scheme}")
    if isinstance(error, av.error.ArgumentError) and pinned.scheme == "rtsp":  # of another address nothing is permitted
        return SourceUnreachable(f"{pinned.shown} redirects to another address, which is not followed")
    return SourceUnreachable(f"{pinned.shown} cannot be read: {reason(error)}")


def reading_failure(error: Exception, file: MediaFile | None, *, live: bool) -> SourceError:
    """Return what it means that reading broke off; the error of the read below it comes first.

    Args:
        error: of FFmpeg, of ours, or of the system.
        file: what was read; None where FFmpeg itself is connected.
        live: the source has no end.
    """
    if file is not None and file.failure is not None:
        return file.failure
    if isinstance(error, SourceError):
        return error
    if isinstance(error, _SILENT):
        return SourceLost("the source stopped sending")
    kind = SourceLost if live else SourceInvalid
    return kind(f"the source broke off: {reason(error)}")


def reason(error: Exception) -> str:
    """Return FFmpeg's words without the file name, which may hold credentials."""
    return (isinstance(error, FFmpegError) and error.strerror) or type(error).__name__
