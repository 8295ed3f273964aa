"""What is put up with, of sources and of those who send them."""

from dataclasses import dataclass


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
