"""Abnormal parking: a vehicle stands where it must not, for too long; and is gone again."""

from collections.abc import Iterator
from typing import Annotated, Self

from msgspec import UNSET, Meta, UnsetType

from vedette.algorithms.base import Algorithm, EventKind, Manifest, Models, PlainState, ServiceName
from vedette.algorithms.geometry import Polygon
from vedette.algorithms.keys import PictureKeys, RegionKeys, key
from vedette.algorithms.parameters import Number, Switch
from vedette.algorithms.roles import ARRIVED, OBJECTS, STILL, STILL_AFTER_S
from vedette.algorithms.rules.stay import GONE_S, HELD_S, Stay, StayWatch
from vedette.algorithms.targets import Following, Kinds, Targets
from vedette.algorithms.zones import SLACK, Zones, sights
from vedette.model.event import Finding
from vedette.model.frame import Frame
from vedette.model.message import BoundingBox, EventData, Track

PARKING = 74240
MOTOR = Kinds(("vehicle",), {"car": 0, "bus": 0, "truck": 0, ARRIVED: 0})
"""Vehicles with four wheels and more; without a model what came by itself and stopped, as the detector of still things
tells."""


class ParkingConfig(RegionKeys, PictureKeys):
    """The task's `config.common`."""

    alert_time_threshold: Number = key("Stand that is too long", "停车时间阈值", 30.0, unit="seconds", ge=0, le=86_400)
    event_disappear_alert_sw: Switch = key("Tell when it is gone", "事件消失告警开关", True)


class ParkedVehicle(EventData, kw_only=True):
    """A vehicle that stands where it must not."""

    bounding_box: BoundingBox
    license_plate_id: Annotated[str, Meta(description="Its plate, where one was read.")] | UnsetType = UNSET
    license_plate_type: Annotated[str, Meta(description="What kind of plate that is.")] | UnsetType = UNSET
    detection_id: Annotated[Track, Meta(description="The same until it is gone.")]
    polygon_name: Annotated[str, Meta(description="The region's name, if it has one.", min_length=1)] | UnsetType = (
        UNSET
    )


class GoneVehicle(EventData):
    """A vehicle that was told of and is gone."""

    detection_id: Annotated[Track, Meta(description="As in the message that told of it.")]


class ParkingData(EventData):
    """A vehicle that stands where it must not (`vehicles`), or one that is gone (`event_set`)."""

    vehicles: Annotated[tuple[ParkedVehicle, ...], Meta(description="With alarm_type 0.", max_length=1)] | UnsetType = (
        UNSET
    )
    event_set: Annotated[tuple[GoneVehicle, ...], Meta(description="With alarm_type 1.", max_length=1)] | UnsetType = (
        UNSET
    )


class AbnormalParking(Following, Algorithm[ParkingConfig]):
    """Tells each vehicle once per stand in a region, and once when it is gone."""

    manifest = Manifest(
        name="abnormal_parking",
        services=(
            ServiceName("c-traffic-abnormal-park-cloud", "cloud"),
            ServiceName("c-traffic-abnormal-park-edge", "edge"),
        ),
        versions=("1.0", "1.1", "3.0"),
        title_en="Abnormal parking",
        title_cn="异常停车",
        config=ParkingConfig,
        roles=(OBJECTS, STILL),
        events=(EventKind(PARKING, "abnormal parking", ParkingData, ends=True),),
        description="A vehicle stands in a region for too long. Plates are not read.",
        function_version="1.0",
        tags=("parking", "vehicle", "traffic"),
        released_at=1_795_478_400_000,  # 24 November 2026
    )

    def __init__(self, config: ParkingConfig, models: Models) -> None:
        self._config = config
        objects = models.detector(OBJECTS)
        self._knows = objects.knows_classes
        self._detector = objects if self._knows else models.detector(STILL)
        self._targets = Targets(self._detector, MOTOR)
        self._roi = config.roi()
        self._regions = Zones(self._roi.polygons, self._watch, is_whole=self._roi.is_whole)

    def _watch(self, polygon: Polygon) -> StayWatch:
        late, gone_s = (0.0, GONE_S) if self._knows else (STILL_AFTER_S, HELD_S)
        return StayWatch(polygon, max(0.0, self._config.alert_time_threshold - late), gone_s=gone_s)

    def note(self) -> str:
        """Return which detector is at work."""
        if self._knows:
            return f"detector: {self._detector.name}"
        return f"detector: {self._detector.name} (no model installed; whatever comes by itself and stands is told)"

    def process(self, frame: Frame) -> Iterator[Finding]:
        """Follow the vehicles, and tell which stand for too long and which are gone again."""
        targets = self._targets.look(frame)
        ids, boxes, feet, standings = sights(targets, frame)
        slack = frame.height * SLACK
        for n, (polygon, watch) in enumerate(self._regions.on(frame)):
            for stay in watch.update(ids, boxes, feet, standings, slack, frame.time):
                if not stay.over or self._config.event_disappear_alert_sw:
                    yield self._finding(f"region:{n}:stay:{stay.number}", stay, polygon.name)

    def _finding(self, subject: str, stay: Stay, polygon_name: str) -> Finding:
        if stay.over:
            data = ParkingData(event_set=(GoneVehicle(detection_id=Track(stay.number)),))
            return Finding(PARKING, subject, data, self._config.drawing((), self._roi), over=True)
        vehicle = ParkedVehicle(
            bounding_box=stay.bounding_box, detection_id=Track(stay.number), polygon_name=polygon_name or UNSET
        )
        drawing = self._config.drawing([(stay.whole_box, f"vehicle {stay.number}")], self._roi)
        return Finding(PARKING, subject, ParkingData(vehicles=(vehicle,)), drawing, over=False)

    def state(self) -> PlainState:
        """Return all it remembers."""
        return {"targets": self._targets.state(), "regions": self._regions.state()}

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave, of the regions that are the same still."""
        self._targets.restore(state["targets"])
        self._regions.restore(state["regions"])

    def succeed(self, former: Self) -> None:
        """Take up the tracks, and what stands in the regions that are the same still."""
        if self._targets.succeed(former._targets):
            self._regions.restore(former._regions.state())
