"""Live sources that FFmpeg connects to by itself: RTSP and RTMP."""

import time
from typing import Final

import av
from av.error import FFmpegError

from vedette.media.ffmpeg_errors import stream_failure
from vedette.media.knock import speaks
from vedette.media.limits import Limits
from vedette.media.opened import Opened
from vedette.media.resolve import Pinned
from vedette.model.errors import SourceError, SourceInvalid, SourceUnreachable
from vedette.model.guard import GuardMode, GuardPolicy

_SILENT: Final = 0.9
"""The part of a time-out after which an error is taken for its end."""


def open_stream(pinned: Pinned, policy: GuardPolicy, limits: Limits) -> Opened:
    """Connect to the first judged address that answers.

    Raises:
        SourceError: of the kind that fits.
    """
    for one in pinned.addresses:
        try:
            return _connected(pinned, one, policy, limits)
        except SourceUnreachable:
            if one == pinned.addresses[-1]:
                raise
    raise SourceUnreachable(f"{pinned.shown} has no address")


def _connected(pinned: Pinned, address: str, policy: GuardPolicy, limits: Limits) -> Opened:
    """Connect under both time-outs: the protocol's own, and PyAV's, which interrupts whatever FFmpeg waits for."""
    url, options = pinned.url(address), _options(pinned, policy, limits)
    began = time.monotonic()
    try:
        timeouts = (limits.connect_s, limits.read_s)
        container = av.open(url, "r", options=options, timeout=timeouts, metadata_errors="replace")
    except FFmpegError as error:
        silent = time.monotonic() - began > min(limits.connect_s, limits.read_s) * _SILENT
        raise _failure(error, pinned, address, silent=silent) from None
    return Opened(container, None, live=True)


def _failure(error: FFmpegError, pinned: Pinned, address: str, *, silent: bool) -> SourceError:
    failure = stream_failure(error, pinned, silent=silent)
    if isinstance(failure, SourceInvalid) and pinned.scheme == "rtsp" and not speaks(address, pinned.port):
        return SourceUnreachable(f"{pinned.shown} accepts connections, and hangs up without a word")
    return failure


def _options(pinned: Pinned, policy: GuardPolicy, limits: Limits) -> dict[str, str]:
    """Return FFmpeg's options: what it may use, and how much it reads before it begins."""
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
        return options | ({"rtsp_flags": "prefer_tcp"} if policy.mode is GuardMode.LAN else {"rtsp_transport": "tcp"})
    return options | {
        "protocol_whitelist": "rtmp,tcp",
        "format_whitelist": "flv,live_flv",
        "rtmp_tcurl": pinned.tcurl,
        "rtmp_live": "live",
    }
