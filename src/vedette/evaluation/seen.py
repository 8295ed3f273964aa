"""What a service made of a clip."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from vedette.evaluation.truth import Boxes


@dataclass(frozen=True, slots=True)
class Picture:
    """One analysed picture.

    Attributes:
        index: its ordinal among all decoded pictures of the clip, from 0.
        time: seconds from the first one.
        detected: what the detector saw; None: the service has none.
        followed: what the service follows, with ids; None: it follows nothing.
    """

    index: int
    time: float
    detected: Boxes | None = None
    followed: Boxes | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """One event.

    Attributes:
        kind: name of the kind of event.
        time: seconds from the first picture.
        over: whether it tells that something is over.
        picture: JPEG; None: it has none.
    """

    kind: str
    time: float
    over: bool = False
    picture: bytes | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What a service made of a clip.

    Attributes:
        name: of the clip.
        service: its name and version.
        note: which detector was at work.
        cpu_s: of the process, for reading and analysing.
        kept: seconds to a small JPEG of the first picture from then on, for what may be missed.
        kinds: of the events that the service can tell.
        warnings: what is to be said of the configuration.
    """

    name: str
    service: str
    note: str
    pictures: Sequence[Picture] = ()
    events: Sequence[Told] = field(default_factory=tuple)
    cpu_s: float = 0.0
    kept: Mapping[float, bytes] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
