"""What playlists of HTTP Live Streaming say, as values."""

from dataclasses import dataclass, field

from vedette.model.errors import SourceInvalid


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a resource: its first byte, and how many."""

    first: int
    length: int


@dataclass(frozen=True, slots=True)
class Key:
    """What segments are encrypted with, by AES-128 in CBC mode; without a vector, the segment's number is the vector."""

    url: str = field(repr=False)
    vector: bytes | None = None


@dataclass(frozen=True, slots=True)
class Map:
    """What stands before the segments: the boxes or tables that a demuxer needs first."""

    url: str = field(repr=False)
    span: Span | None
    key: Key | None


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of media.

    Attributes:
        sequence: its media sequence number.
        seconds: its duration as the playlist has it.
        breaks: it does not go on where the one before ended: other times, tracks or codecs.
        gap: it is declared to be absent.
    """

    sequence: int
    url: str = field(repr=False)
    seconds: float
    span: Span | None = None
    key: Key | None = None
    map: Map | None = None
    breaks: bool = False
    gap: bool = False


@dataclass(frozen=True, slots=True)
class Media:
    """A list of segments.

    Attributes:
        target_s: no segment is longer.
        ended: nothing will be added.
        first: media sequence number of the first segment.
        event: it was one that grew while it happened.
    """

    target_s: float
    segments: tuple[Segment, ...]
    ended: bool
    first: int
    event: bool

    @property
    def end(self) -> int:
        """Return the number that the next segment to be added will have."""
        return self.first + len(self.segments)


@dataclass(frozen=True, slots=True)
class Variant:
    """One rendition of a master playlist; pixels are 0 where it does not say."""

    url: str = field(repr=False)
    bandwidth: int
    pixels: int
    video: bool


@dataclass(frozen=True, slots=True)
class Master:
    """A list of renditions of the same."""

    variants: tuple[Variant, ...]

    def best(self, pixels: int) -> tuple[Variant, ...]:
        """Return the variants with pictures no larger than this, that with the highest bandwidth first.

        Raises:
            SourceInvalid: there is none.
        """
        seen = [one for one in self.variants if one.video]
        if not seen:
            raise SourceInvalid("the playlist offers no video")
        fitting = [one for one in seen if one.pixels <= pixels]
        if not fitting:
            raise SourceInvalid("all pictures that the playlist offers are larger than this service takes")
        return tuple(sorted(fitting, key=lambda one: -one.bandwidth))
