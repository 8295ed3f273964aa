"""Object attributes: each pedestrian and vehicle that comes into a region, once, with what it looks like."""

from collections.abc import Iterable
from typing import Annotated, Final, Self

from msgspec import UNSET, Meta, UnsetType

from vedette.algorithms.appearances import WAIT_S, Appearance, Appearances
from vedette.algorithms.base import Algorithm, EventKind, Manifest, Models, PlainState, ServiceName
from vedette.algorithms.colours import LOWER, NAMES, UPPER, Part, main_colours
from vedette.algorithms.keys import PictureKeys, RegionKeys, SizeKeys, key
from vedette.algorithms.parameters import Number, Switch
from vedette.algorithms.road import RegionName
from vedette.algorithms.targets import Kinds
from vedette.model.event import Finding
from vedette.model.frame import Frame
from vedette.model.message import BoundingBox, EventData, Track

ATTRIBUTES = 2162688
USUAL_SIZES = (30.0, 1080.0)

PEDESTRIAN, CAR, BUS, TRUCK, MOTORCYCLE, BICYCLE, OTHER_VEHICLE = range(7)
TYPES: Final = ("pedestrian", "car", "bus", "truck", "motorcycle", "bicycle", "other_vehicle")
"""`type` on the wire."""
THINGS: Final = Kinds(
    TYPES,
    {
        "person": PEDESTRIAN,
        "car": CAR,
        "bus": BUS,
        "truck": TRUCK,
        "motorcycle": MOTORCYCLE,
        "bicycle": BICYCLE,
        "train": OTHER_VEHICLE,
        "boat": OTHER_VEHICLE,
        "airplane": OTHER_VEHICLE,
    },  # as COCO names them
    alike=frozenset({CAR, BUS, TRUCK, OTHER_VEHICLE}),
)


class ObjectAttributesConfig(RegionKeys, PictureKeys, SizeKeys):
    """The task's `config.common`; the published keys, and some of ours."""

    person_detection_sw: Switch = key("Detect pedestrians", "行人检测开关", True)
    car_detection_sw: Switch = key("Detect vehicles", "车辆检测开关", True)
    best_shot_time: Number = key(
        "How long a better picture is waited for", "最优抓拍等待时间", WAIT_S, unit="seconds", ge=0, le=60
    )


_COLOUR = f"one of {', '.join(NAMES)}."


class PedestrianAttribute(EventData):
    """What a pedestrian looks like."""

    upper_color: Annotated[str, Meta(description=f"Main colour of the upper clothes: {_COLOUR}")]
    lower_color: Annotated[str, Meta(description=f"Main colour of the lower clothes: {_COLOUR}")]


class AttributedObject(EventData):
    """A pedestrian or a vehicle, as it was seen best."""

    bounding_box: BoundingBox
    detection_id: Annotated[Track, Meta(description="The same for as long as it is followed.")]
    type: Annotated[str, Meta(description=f"One of {', '.join(TYPES)}.")]
    attribute: Annotated[PedestrianAttribute, Meta(description="Of pedestrians only.")] | UnsetType = UNSET
    polygon_name: RegionName = UNSET


class ObjectAttributesData(EventData):
    """One pedestrian or vehicle that has come into a region."""

    event_set: Annotated[tuple[AttributedObject, ...], Meta(description="It.", min_length=1, max_length=1)]


class ObjectAttributes(Algorithm[ObjectAttributesConfig]):
    """Tells each pedestrian and each vehicle once per region."""

    manifest = Manifest(
        name="object-attributes",
        services=(
            ServiceName("c-object-attri-recog-cloud", "cloud"),
            ServiceName("c-object-attri-recog-edge", "edge"),
        ),
        versions=("1.0", "1.1", "3.0"),
        title_en="Object attributes",
        title_cn="视频目标属性识别",
        config=ObjectAttributesConfig,
        roles=("objects",),
        events=(EventKind(ATTRIBUTES, "object attributes", ObjectAttributesData),),
        description=(
            "Each pedestrian and vehicle that comes into a region, once, when it is seen best: its class, and of "
            "pedestrians the colours of upper and lower clothes. It needs a model that knows classes."
        ),
        tags=("pedestrian", "vehicle", "attributes", "colour"),
        released_at=1_795_478_400_000,  # 24 November 2026
    )

    def __init__(self, config: ObjectAttributesConfig, models: Models) -> None:
        self._config = config
        self._detector = models.detector("objects")
        asked = frozenset({PEDESTRIAN} if config.person_detection_sw else ())
        if config.car_detection_sw:
            asked |= frozenset(range(len(TYPES))) - {PEDESTRIAN}
        self._roi = config.roi()
        self._seen = Appearances(self._detector, THINGS, asked, self._roi, config.best_shot_time)

    def note(self) -> str:
        """Return which detector is at work."""
        return f"detector: {self._detector.name}"

    def process(self, frame: Frame) -> Iterable[Finding]:
        """Follow what is there, and tell of what is seen best now."""
        sizes = self._config.sizes(frame.height, USUAL_SIZES)
        return [self._finding(one, frame) for one in self._seen.look(frame, sizes)]

    def finish(self, last: Frame) -> Iterable[Finding]:
        """Tell of what is there still, whose better pictures will not come any more."""
        return [self._finding(one, last) for one in self._seen.rest(last)]

    def _finding(self, one: Appearance, frame: Frame) -> Finding:
        left, top, width, height = one.box
        told = AttributedObject(
            bounding_box=BoundingBox(x=left, y=top, w=width, h=height),
            detection_id=Track(one.track),
            type=TYPES[one.category],
            attribute=_attribute(one, frame) if one.category == PEDESTRIAN and one.seen else UNSET,
            polygon_name=one.polygon.name or UNSET,
        )
        drawing = self._config.drawing([(one.box, f"{TYPES[one.category]} {one.track}")], self._roi)
        return Finding(ATTRIBUTES, one.subject, ObjectAttributesData(event_set=(told,)), drawing)

    def state(self) -> PlainState:
        """Return all it remembers."""
        return self._seen.state()

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave, of the regions that are the same still."""
        self._seen.restore(state)

    def succeed(self, former: Self) -> None:
        """Take up the tracks, and what belongs to the regions that are the same still."""
        self._seen.succeed(former._seen)


def _attribute(one: Appearance, frame: Frame) -> PedestrianAttribute | UnsetType:
    """Return the colours of a pedestrian's clothes; nothing where these are outside the picture."""

    def colour(part: Part) -> str:
        return next((main.name for main in main_colours(frame.bgr(), one.box, part, most=1)), "")

    upper, lower = colour(UPPER), colour(LOWER)
    return PedestrianAttribute(upper_color=upper, lower_color=lower) if upper and lower else UNSET
