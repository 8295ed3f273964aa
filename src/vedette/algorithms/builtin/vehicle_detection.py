"""Vehicle detection: each vehicle that comes into a region, once, with its type and colour."""

from collections.abc import Iterable
from typing import Annotated, Self

from msgspec import UNSET, Meta, UnsetType

from vedette.algorithms.appearances import WAIT_S, Appearance, Appearances
from vedette.algorithms.base import Algorithm, EventKind, Manifest, Models, PlainState, ServiceName
from vedette.algorithms.colours import NAMES, main_colours
from vedette.algorithms.keys import PictureKeys, RegionKeys, SizeKeys, key
from vedette.algorithms.parameters import Number, Switch
from vedette.algorithms.road import ON_THE_ROAD, TYPES, RegionName, VehicleId, VehicleType, asked_of, eyes
from vedette.model.event import Finding
from vedette.model.frame import Frame
from vedette.model.message import BoundingBox, EventData, Track

VEHICLE_SEEN = 75008
USUAL_SIZES = (30.0, 1080.0)


class VehicleDetectionConfig(RegionKeys, PictureKeys, SizeKeys):
    """The task's `config.common`; the keys of its own are ours, as none are published."""

    car_detection_sw: Switch = key("Detect motor vehicles", "机动车检测开关", True)
    non_motor_detection_sw: Switch = key("Detect bicycles", "非机动车检测开关", False)
    attribute_detection_sw: Switch = key("Tell colours", "属性检测开关", True)
    best_shot_time: Number = key(
        "How long a better picture is waited for", "最优抓拍等待时间", WAIT_S, unit="seconds", ge=0, le=60
    )


class DetectedVehicle(EventData):
    """A vehicle, as it was seen best."""

    bounding_box: BoundingBox
    detection_id: VehicleId
    type: VehicleType
    confidence: Annotated[float, Meta(description="How sure the detector is.", ge=0, le=1)]
    color: Annotated[str, Meta(description=f"Its main colour: one of {', '.join(NAMES)}.")] | UnsetType = UNSET
    second_color: Annotated[str, Meta(description="Another colour, if much of it has one.")] | UnsetType = UNSET
    polygon_name: RegionName = UNSET


class VehicleData(EventData):
    """One vehicle that has come into a region."""

    vehicles: Annotated[tuple[DetectedVehicle, ...], Meta(description="The vehicle.", min_length=1, max_length=1)]


class VehicleDetection(Algorithm[VehicleDetectionConfig]):
    """Tells each vehicle once per region."""

    manifest = Manifest(
        name="vehicle-detection",
        services=(ServiceName("c-vehicle-detection-cloud", "cloud"), ServiceName("c-vehicle-detection-edge", "edge")),
        versions=("1.0", "1.1", "3.0"),
        title_en="Vehicle detection",
        title_cn="视频车辆检测",
        config=VehicleDetectionConfig,
        roles=("objects",),
        events=(EventKind(VEHICLE_SEEN, "vehicle", VehicleData),),
        description=(
            "Each vehicle that comes into a region, once, when it is seen best: type, colour and place. Name and event "
            "type are published; the keys of its own and the fields of a vehicle are ours."
        ),
        tags=("traffic", "vehicle", "colour"),
        released_at=1_795_478_400_000,  # 24 November 2026
    )

    def __init__(self, config: VehicleDetectionConfig, models: Models) -> None:
        self._config = config
        self._detector = models.detector("objects")
        asked = asked_of(motor=config.car_detection_sw, non_motor=config.non_motor_detection_sw)
        self._roi = config.roi()
        self._seen = Appearances(self._detector, ON_THE_ROAD, asked, self._roi, config.best_shot_time)

    def note(self) -> str:
        """Return which detector is at work."""
        return eyes(self._detector.name, knows_classes=self._detector.knows_classes)

    def process(self, frame: Frame) -> Iterable[Finding]:
        """Follow the vehicles, and tell of those that are seen best now."""
        sizes = self._config.sizes(frame.height, USUAL_SIZES)
        return [self._finding(one, frame) for one in self._seen.look(frame, sizes)]

    def finish(self, last: Frame) -> Iterable[Finding]:
        """Tell of the vehicles whose better pictures will not come any more."""
        return [self._finding(one, last) for one in self._seen.rest(last)]

    def _finding(self, one: Appearance, frame: Frame) -> Finding:
        told = self._config.attribute_detection_sw and one.seen
        colours = [colour.name for colour in main_colours(frame.bgr(), one.box)] if told else []
        left, top, width, height = one.box
        vehicle = DetectedVehicle(
            bounding_box=BoundingBox(x=left, y=top, w=width, h=height),
            detection_id=Track(one.track),
            type=TYPES[one.category],
            confidence=round(one.score, 3),
            color=colours[0] if colours else UNSET,
            second_color=colours[1] if len(colours) > 1 else UNSET,
            polygon_name=one.polygon.name or UNSET,
        )
        drawing = self._config.drawing([(one.box, f"{TYPES[one.category]} {one.track}")], self._roi)
        return Finding(VEHICLE_SEEN, one.subject, VehicleData(vehicles=(vehicle,)), drawing)

    def state(self) -> PlainState:
        """Return all it remembers."""
        return self._seen.state()

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave, of the regions that are the same still."""
        self._seen.restore(state)

    def succeed(self, former: Self) -> None:
        """Take up the tracks, and what belongs to the regions that are the same still."""
        self._seen.succeed(former._seen)
