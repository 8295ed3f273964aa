"""An open source: the container, and the file it is read from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.stream import VideoStream

from vedette.media.container import MediaFile, open_container
from vedette.media.ffmpeg_errors import reading_failure
from vedette.media.hls.file import HlsFile
from vedette.model.errors import SourceError


@dataclass(slots=True)
class Opened:
    """An open container.

    Attributes:
        container: FFmpeg's.
        file: what it reads from; None where FFmpeg itself is connected.
        live: it has no end; told by the connection where the address does not say.
    """

    container: InputContainer
    file: MediaFile | None
    live: bool

    def packets(self, streams: list[VideoStream]) -> "Iterator[Packet[VideoStream]]":
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

    def next_part(self, pixels: int) -> bool:
        """Open what follows where a playlist says that it does not fit what came before.

        Args:
            pixels: width times height of the largest picture.

        Raises:
            SourceError: of the kind that fits.
        """
        if not isinstance(self.file, HlsFile) or not self.file.next_part():
            return False
        self.container.close()
        try:
            self.container = open_container(self.file, pixels)
        except (FFmpegError, SourceError) as error:
            raise reading_failure(error, self.file, live=self.live) from None
        return True

    def close(self) -> None:
        """Hang up."""
        self.container.close()
        if self.file is not None:
            self.file.close()
