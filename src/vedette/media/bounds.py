"""What a file declares, against what is put up with: judged before anything of it is decoded."""

from av.container import InputContainer

from vedette.model.errors import SourceInvalid

_FINISHED = ("mp4", "matroska", "avi", "mxf", "asf")
"""Containers whose header has the duration only when they were written to their end; FLV relayed live may have one."""


def check_declared(container: InputContainer, *, packet_bytes: int, duration_s: float) -> None:
    """Refuse a file that says of itself what no recording is.

    Raises:
        SourceInvalid: it is too long, or its index has a packet that is too large.
    """
    declared_s = (container.duration or 0) / 1_000_000
    if declared_s > duration_s:
        raise SourceInvalid(f"the file says that it lasts {declared_s:.0f} s, more than {duration_s:.0f}")
    for stream in container.streams.video:
        largest = max((entry.size for entry in stream.index_entries), default=0)
        if largest > packet_bytes:
            raise SourceInvalid(f"the file says that it has a packet of {largest} bytes, more than {packet_bytes}")


def has_end(container: InputContainer) -> bool:
    """Return whether the header tells that there is an end."""
    return bool(container.duration and container.duration > 0) and any(
        name in container.format.name for name in _FINISHED
    )
