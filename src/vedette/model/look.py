"""Looks at sources: does it show anything, and is the picture any good?"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from vedette.model.errors import SourceError, SourceLost, SourceUnreachable
from vedette.model.failure import Failure
from vedette.model.source import Address, SourceLevel

UNSEEN: Final = "Nobody has looked at it yet."
"""The reason of a source that is new, or is another one now."""
_SILENT: Final = frozenset({SourceUnreachable.code, SourceLost.code})
_KINDS: tuple[type[SourceError], ...] = (SourceError, *SourceError.__subclasses__())
_OF_SOURCES: Final = frozenset(kind.code for kind in _KINDS)


class Fault(StrEnum):
    """What can be wrong with a picture, in the names of `video_source_quality`."""

    BLURRY = "Blurry"
    COLOR_DISTORTION = "ColorDistortion"
    ABNORMAL_LIGHT = "AbnormalLight"
    SCREEN_SPLASH = "ScreenSplash"
    SCREEN_JITTER = "ScreenJitter"
    SCREEN_MOVEMENT = "ScreenMovement"
    SCENE_UPHEAVAL = "SceneUpheaval"
    SCREEN_FREEZE = "ScreenFreeze"
    BLACK_SCREEN = "BlackScreen"
    SNOW_NOISE = "SnowNoise"
    OCCLUDE = "Occlude"
    GRAY_SCREEN = "GrayScreen"
    SCREEN_SMUDGE = "ScreenSmudge"


@dataclass(frozen=True, slots=True)
class Probe:
    """An order to look at a source that no task watches.

    Attributes:
        id: of this look; comes back with what was seen.
        brief: one picture is enough, as many others wait to be looked at.
    """

    id: str
    address: Address
    brief: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of a source.

    Attributes:
        of: id of the probe, or of the stream that a task watches.
        at_ms: milliseconds since the epoch.
        failure: why nothing was seen; None: pictures came.
        faults: what is wrong with the picture; None if it was not watched long enough to tell.
        image: JPEG, at most 640 pixels wide, or None.
    """

    of: str
    at_ms: int
    failure: Failure | None = None
    width: int = 0
    height: int = 0
    codec: str = ""
    fps: float = 0.0
    faults: tuple[Fault, ...] | None = None
    image: bytes | None = field(default=None, repr=False)


class Sight(NamedTuple):
    """How a source is known to be; all times are milliseconds since the epoch.

    A tuple, as thousands of them are made for one answer.

    Attributes:
        reason: why it is not online.
        since: when it came to this level.
        looked_at: when somebody looked last; None: nobody has.
        width: of its picture, as are height, codec and fps; 0 while none was seen.
        faults: what is wrong with its picture.
    """

    level: SourceLevel = SourceLevel.OFFLINE
    reason: str = UNSEEN
    since: int = 0
    looked_at: int | None = None
    width: int = 0
    height: int = 0
    codec: str = ""
    fps: float = 0.0
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The last picture of a source."""

    jpeg: bytes = field(repr=False)
    at_ms: int


def level_of(failure: Failure | None) -> SourceLevel | None:
    """Return the level that a failure means; None if it says nothing of the source."""
    if failure is None:
        return SourceLevel.ONLINE
    if failure.code in _SILENT:
        return SourceLevel.OFFLINE
    return SourceLevel.EXCEPTION if failure.code in _OF_SOURCES else None
