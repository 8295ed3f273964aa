"""What a message of a composed service may say: each word with its type, and where its value comes from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, UnsetType

from vedette.algorithms.composed.told import Thing, Told
from vedette.model.message import BoundingBox, Track

TARGET: Final = "target"
REGION: Final = "region"
CROSSING: Final = "crossing"


@dataclass(frozen=True, slots=True)
class Source:
    """Something that can be told.

    Attributes:
        about: `target`, `region` or `crossing`: rules that know nothing of these cannot tell it.
        type: of the value in the message.
        get: gives it; the thing is None where the entry is about a region.
    """

    about: str
    type: Any
    get: Callable[[Told, Thing | None], Any]


def _of(get: Callable[[Thing], Any]) -> Callable[[Told, Thing | None], Any]:
    """Return what asks the thing; entries of targets have one."""

    def asked(told: Told, thing: Thing | None) -> Any:
        del told
        if thing is None:
            raise ValueError("a field of a target stands in an entry without one")
        return get(thing)

    return asked


def _box(thing: Thing) -> BoundingBox:
    left, top, width, height = thing.box
    return BoundingBox(x=left, y=top, w=width, h=height)


def _polygon(told: Told, thing: Thing | None) -> tuple[tuple[int, int], ...]:
    del thing
    return () if told.region is None else tuple((round(x), round(y)) for x, y in told.region.corners)


SOURCES: Final[Mapping[str, Source]] = {
    "bounding_box": Source(TARGET, BoundingBox, _of(_box)),
    "detection_id": Source(
        TARGET,
        Annotated[Track, Meta(description="The same for as long as the target is followed.")],
        _of(lambda thing: Track(thing.track)),
    ),
    "category": Source(
        TARGET, Annotated[int, Meta(description="Number of the category.")], _of(lambda thing: thing.number)
    ),
    "label": Source(
        TARGET, Annotated[str, Meta(description="Name of the category.")], _of(lambda thing: thing.category)
    ),
    "confidence": Source(
        TARGET,
        Annotated[float, Meta(description="How sure the detector is; 0.5 is its threshold.", ge=0, le=1)],
        _of(lambda thing: thing.score),
    ),
    "polygon_name": Source(
        REGION,
        Annotated[str, Meta(description="The region's name, if it has one.", min_length=1)] | UnsetType,
        lambda told, _: (told.region.name if told.region else "") or UNSET,
    ),
    "polygon": Source(
        REGION,
        Annotated[tuple[tuple[int, int], ...], Meta(description="Corners of the region, as x and y in pixels.")],
        _polygon,
    ),
    "count": Source(REGION, Annotated[int, Meta(description="How many there are.", ge=0)], lambda told, _: told.count),
    "share": Source(
        REGION,
        Annotated[float, Meta(description="Share of the region that they cover.", ge=0, le=1)],
        lambda told, _: told.share,
    ),
    "lasting": Source(
        REGION,
        Annotated[int, Meta(description="For how many seconds so far.", ge=0)],
        lambda told, _: int(told.seconds),
    ),
    "there": Source(
        REGION, Annotated[bool, Meta(description="Whether it is there.")], lambda told, _: told.over is not True
    ),
    "line_name": Source(
        CROSSING,
        Annotated[str, Meta(description="The line's name, if it has one.", min_length=1)] | UnsetType,
        lambda told, _: told.line or UNSET,
    ),
    "start_position": Source(
        CROSSING, Annotated[str, Meta(description="Name of the side it was on before.")], lambda told, _: told.sides[0]
    ),
    "end_position": Source(
        CROSSING, Annotated[str, Meta(description="Name of the side it is on now.")], lambda told, _: told.sides[1]
    ),
}
