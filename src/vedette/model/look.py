"""Looks at sources: does it show anything, and is the picture any good?"""

from dataclasses import dataclass
from enum import StrEnum

from vedette.model.failure import Failure
from vedette.model.source import Address


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
    """

    id: str
    address: Address


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
    image: bytes | None = None
