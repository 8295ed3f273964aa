"""Speeding: a vehicle drives faster than is allowed, on ground whose measures are known."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Self

import numpy as np
from msgspec import UNSET, Meta
from pydantic import field_validator

from vedette.algorithms.base import Algorithm, EventKind, Manifest, Models, PlainState, ServiceName
from vedette.algorithms.geometry import Polygon
from vedette.algorithms.keys import PictureKeys, RegionKeys, SizeKeys, key
from vedette.algorithms.parameters import Number, Switch
from vedette.algorithms.plane import Plane
from vedette.algorithms.regions import Regions
from vedette.algorithms.road import ON_THE_ROAD, TYPES, RegionName, VehicleId, VehicleType, asked_of, box_of, eyes
from vedette.algorithms.rules.density import in_picture
from vedette.algorithms.rules.limit import LimitWatch
from vedette.algorithms.rules.speed import SpeedWatch
from vedette.algorithms.targets import Following, Target, Targets, columns
from vedette.model.errors import InvalidParameter
from vedette.model.event import Finding
from vedette.model.frame import Frame
from vedette.model.message import BoundingBox, EventData, Track

SPEEDING = 75012
USUAL_SIZES = (20.0, 1080.0)


class SpeedingConfig(RegionKeys, PictureKeys, SizeKeys):
    """The task's `config.common`; the keys of its own are ours, as none are published."""

    calibration_info: str = key("Measures of the ground", "标定信息", ...)
    speed_limit: Number = key("Speed that is allowed", "限速", 60.0, unit="km/h", ge=1, le=500)
    speed_window: Number = key(
        "Time over which the speed is measured", "测速时间窗", 1.0, unit="seconds", ge=0.3, le=30
    )
    alert_time_threshold: Number = key(
        "How long it must be faster", "超速时间阈值", 0.5, unit="seconds", ge=0, le=3_600
    )
    alert_detection_interval: Number = key(
        "Time before the same vehicle is told again if it is still too fast; 0: it is told once",
        "告警间隔",
        0.0,
        unit="seconds",
        ge=0,
        le=86_400,
    )
    car_detection_sw: Switch = key("Detect motor vehicles", "机动车检测开关", True)
    non_motor_detection_sw: Switch = key("Detect bicycles", "非机动车检测开关", False)

    @field_validator("calibration_info")
    @classmethod
    def _ground_is_known(cls, text: str) -> str:
        if Plane.parse(text) is None:
            raise InvalidParameter("calibration_info must give the measures of the ground.", param="calibration_info")
        return text

    def plane(self) -> Plane:
        """Return the ground."""
        plane = Plane.parse(self.calibration_info)
        assert plane is not None, "checked above"
        return plane


class SpeedingVehicle(EventData):
    """A vehicle that is too fast."""

    bounding_box: BoundingBox
    detection_id: VehicleId
    type: VehicleType
    speed: Annotated[float, Meta(description="Its speed in km/h, over the last moments.", ge=0)]
    speed_limit: Annotated[float, Meta(description="The speed that is allowed, in km/h.", ge=0)]
    polygon_name: RegionName = UNSET


class SpeedingData(EventData):
    """One vehicle that is too fast."""

    vehicles: Annotated[tuple[SpeedingVehicle, ...], Meta(description="The vehicle.", min_length=1, max_length=1)]


@dataclass(frozen=True, slots=True)
class _Fast:
    """A target and its speed in km/h."""

    target: Target
    speed: float


class Speeding(Following, Algorithm[SpeedingConfig]):
    """Tells each vehicle once per region."""

    manifest = Manifest(
        name="speeding",
        services=(ServiceName("c-traffic-speeding-cloud", "cloud"), ServiceName("c-traffic-speeding-edge", "edge")),
        versions=("1.0", "1.1", "3.0"),
        title_en="Speeding, seen from a high point",
        title_cn="高点车辆超速",
        config=SpeedingConfig,
        roles=("objects",),
        events=(EventKind(SPEEDING, "speeding", SpeedingData),),
        description=(
            "A vehicle drives faster than is allowed. It needs the measures of the ground in calibration_info: four or "
            "more points with their places in metres, or lines of known length. The event type is published; the "
            "service's name, its own keys and the message are ours. It is no legal measurement."
        ),
        tags=("traffic", "speed"),
        released_at=1_795_478_400_000,  # 24 November 2026
    )

    def __init__(self, config: SpeedingConfig, models: Models) -> None:
        self._config = config
        self._detector = models.detector("objects")
        asked = asked_of(motor=config.car_detection_sw, non_motor=config.non_motor_detection_sw)
        self._targets = Targets(self._detector, ON_THE_ROAD, asked)
        self._speeds = SpeedWatch(config.plane(), config.speed_window)
        self._roi = config.roi()
        self._regions = Regions(self._roi.polygons, self._watch)

    def _watch(self, polygon: Polygon) -> LimitWatch:
        config = self._config
        return LimitWatch(polygon, config.speed_limit, config.alert_time_threshold, config.alert_detection_interval)

    def note(self) -> str:
        """Return which detector is at work."""
        return eyes(self._detector.name, knows_classes=self._detector.knows_classes)

    def process(self, frame: Frame) -> Iterable[Finding]:
        """Follow the vehicles, and tell of those that are too fast."""
        self._regions.fit(frame)
        targets = self._targets.look(frame, *self._config.sizes(frame.height, USUAL_SIZES))
        ids, feet, standings = columns(targets)
        inside = in_picture(feet, frame.width, frame.height)
        speeds = self._speeds.update(ids, feet, frame.time)
        fast = {one.track: _Fast(one, speed) for one, speed in zip(targets, speeds.tolist(), strict=True)}
        findings = [
            self._finding(n, watch.polygon, fast[track])
            for n, watch in enumerate(self._regions)
            for track in watch.update(ids, inside, speeds, standings, frame.time)
        ]
        self._speeds.keep(self._targets.alive)
        self._regions.keep(self._targets.alive)
        return findings

    def _finding(self, n: int, polygon: Polygon, one: _Fast) -> Finding:
        vehicle = SpeedingVehicle(
            bounding_box=box_of(one.target),
            detection_id=Track(one.target.track),
            type=TYPES[one.target.category],
            speed=round(one.speed, 1),
            speed_limit=self._config.speed_limit,
            polygon_name=polygon.name or UNSET,
        )
        drawing = self._config.drawing([(one.target.box, f"{one.speed:.0f} km/h")], self._roi)
        subject = f"region:{n}:track:{one.target.track}"
        return Finding(SPEEDING, subject, SpeedingData(vehicles=(vehicle,)), drawing)

    def state(self) -> PlainState:
        """Return all it remembers."""
        return {"targets": self._targets.state(), **self._watched()}

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave, of the regions that are the same still."""
        self._targets.restore(state["targets"])
        self._go_on(state)

    def succeed(self, former: Self) -> None:
        """Take up the tracks, and what belongs to the regions that are the same still."""
        if self._targets.succeed(former._targets):
            self._go_on(former._watched())

    def _watched(self) -> PlainState:
        ground = [list(row) for row in self._config.plane().rows]
        return {"ground": ground, "speeds": self._speeds.state(), "regions": self._regions.state()}

    def _go_on(self, state: PlainState) -> None:
        """On other ground the places of before mean nothing; who was told is not told again."""
        if np.array_equal(state["ground"], self._watched()["ground"]):
            self._speeds.restore(state["speeds"])
        self._regions.restore(state["regions"])
