"""Vehicle statistics from a high point: how many vehicles are on a stretch of road, of which types, and how fast."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Self

import numpy as np
from msgspec import UNSET, Meta, UnsetType
from pydantic import field_validator

from vedette.algorithms.base import Algorithm, EventKind, Manifest, Models, PlainState, ServiceName
from vedette.algorithms.geometry import Points, Polygon
from vedette.algorithms.keys import RegionKeys, SizeKeys, key
from vedette.algorithms.parameters import Switch, Whole
from vedette.algorithms.plane import Plane
from vedette.algorithms.regions import Regions
from vedette.algorithms.road import ON_THE_ROAD, TYPES, VehicleType, asked_of, eyes
from vedette.algorithms.rules.counting import Intervals
from vedette.algorithms.rules.density import in_picture
from vedette.algorithms.rules.speed import SpeedWatch
from vedette.algorithms.rules.standing import Standing
from vedette.algorithms.targets import Following, Target, Targets, columns
from vedette.model.event import Finding
from vedette.model.frame import Frame
from vedette.model.message import EventData

STATISTICS = 75010
USUAL_SIZES = (20.0, 1080.0)


class RoadStatisticsConfig(RegionKeys, SizeKeys):
    """The task's `config.common`; the keys of its own are ours, as none are published."""

    region_count_interval: Whole = key("Interval of the statistics", "统计周期", 60, unit="seconds", ge=1, le=86_400)
    calibration_info: str = key("Measures of the ground, for speeds", "标定信息", "")
    car_detection_sw: Switch = key("Count motor vehicles", "机动车检测开关", True)
    non_motor_detection_sw: Switch = key("Count bicycles", "非机动车检测开关", False)

    @field_validator("calibration_info")
    @classmethod
    def _ground_is_sound(cls, text: str) -> str:
        Plane.parse(text)
        return text


class TypeCount(EventData):
    """Vehicles of one type."""

    type: VehicleType
    count: Annotated[int, Meta(description="How many of them were there.", ge=1)]


class RoadRegion(EventData):
    """One region over the interval."""

    polygon: Annotated[
        tuple[tuple[int, int], ...], Meta(description="Its corners, each [x, y] in pixels.", min_length=3)
    ]
    region_id: Annotated[int, Meta(description="Which of the task's regions it is, from 0.", ge=0)]
    vehicle_count: Annotated[int, Meta(description="How many vehicles were in it during the interval.", ge=0)]
    present_count: Annotated[int, Meta(description="How many are in it at the interval's end.", ge=0)]
    types: Annotated[tuple[TypeCount, ...], Meta(description="Those of the interval by type, the most first.")]
    average_speed: (
        Annotated[float, Meta(description="Their mean speed in km/h, where the ground is known.", ge=0)] | UnsetType
    ) = UNSET
    polygon_name: Annotated[str, Meta(description="The region's name, if it has one.", min_length=1)] | UnsetType = (
        UNSET
    )


class RoadStatisticsData(EventData):
    """What was on the road during the interval that ends at `timestamp`."""

    interval: Annotated[int, Meta(description="Its length in seconds.", ge=1)]
    event_set: Annotated[tuple[RoadRegion, ...], Meta(description="Each region of the task.", min_length=1)]


class RegionTally:
    """Who was in a region during an interval.

    Args:
        polygon: the region; feet count.
    """

    def __init__(self, polygon: Polygon) -> None:
        self.polygon = polygon
        self._kinds: dict[int, int] = {}
        self._speeds: dict[int, list[float]] = {}
        self._present: list[int] = []

    def update(self, targets: Sequence[Target], feet: Points, speeds: Points) -> None:
        """Take up what one picture shows; a vehicle has the type it had last."""
        inside = self.polygon.contains(feet) if len(targets) else np.zeros(0, np.bool_)
        self._present = []
        for target, here, speed in zip(targets, inside.tolist(), speeds.tolist(), strict=True):
            if here and target.standing is Standing.COUNTED:
                self._present.append(target.track)
                self._kinds[target.track] = target.category
                if np.isfinite(speed):
                    so_far = self._speeds.setdefault(target.track, [0.0, 0.0])
                    so_far[0], so_far[1] = so_far[0] + speed, so_far[1] + 1

    def take(self, number: int, width: int, height: int) -> RoadRegion:
        """Return what the interval has seen, and begin the next one with who is there; corners within the picture."""
        kinds = list(self._kinds.values())
        types = [TypeCount(type=name, count=kinds.count(n)) for n, name in enumerate(TYPES) if n in kinds]
        means = [total / sights for total, sights in self._speeds.values()]
        told = RoadRegion(
            polygon=tuple(
                (min(max(round(x), 0), width), min(max(round(y), 0), height)) for x, y in self.polygon.corners
            ),
            region_id=number,
            vehicle_count=len(kinds),
            present_count=len(self._present),
            types=tuple(sorted(types, key=lambda one: -one.count)),
            average_speed=round(sum(means) / len(means), 1) if means else UNSET,
            polygon_name=self.polygon.name or UNSET,
        )
        self._kinds = {track: self._kinds[track] for track in self._present}
        self._speeds = {}
        return told

    def keep(self, alive: frozenset[int]) -> None:
        """Keep those of the interval: they were there, whether they come back or not."""

    def state(self) -> PlainState:
        """Return what it remembers."""
        kinds = {str(track): kind for track, kind in self._kinds.items()}
        speeds = {str(track): list(so_far) for track, so_far in self._speeds.items()}
        return {"kinds": kinds, "speeds": speeds, "present": list(self._present)}

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave; nothing where it is empty."""
        self._kinds = {int(track): kind for track, kind in state.get("kinds", {}).items()}
        self._speeds = {int(track): list(so_far) for track, so_far in state.get("speeds", {}).items()}
        self._present = list(state.get("present", ()))


class RoadStatistics(Following, Algorithm[RoadStatisticsConfig]):
    """Tells at the end of each interval what was on the road."""

    manifest = Manifest(
        name="road-statistics",
        services=(
            ServiceName("c-traffic-highpoint-count-cloud", "cloud"),
            ServiceName("c-traffic-highpoint-count-edge", "edge"),
        ),
        versions=("1.0", "1.1", "3.0"),
        title_en="High-point vehicle statistics",
        title_cn="高点车辆统计",
        config=RoadStatisticsConfig,
        roles=("objects",),
        events=(EventKind(STATISTICS, "vehicle statistics", RoadStatisticsData),),
        description=(
            "How many vehicles are in each region, of which types and, where calibration_info gives the measures of the "
            "ground, how fast; a message without a picture at the end of each interval. The event type is published; "
            "the service's name, its own keys and the message are ours."
        ),
        tags=("traffic", "counting", "speed"),
        released_at=1_795_478_400_000,  # 24 November 2026
    )

    def __init__(self, config: RoadStatisticsConfig, models: Models) -> None:
        self._config = config
        self._detector = models.detector("objects")
        asked = asked_of(motor=config.car_detection_sw, non_motor=config.non_motor_detection_sw)
        self._targets = Targets(self._detector, ON_THE_ROAD, asked)
        self._plane = Plane.parse(config.calibration_info)
        self._speeds = None if self._plane is None else SpeedWatch(self._plane)
        self._regions = Regions(config.roi().polygons, RegionTally)
        self._end = Intervals(config.region_count_interval)

    def note(self) -> str:
        """Return which detector is at work."""
        return eyes(self._detector.name, knows_classes=self._detector.knows_classes)

    def process(self, frame: Frame) -> Iterable[Finding]:
        """Count, and tell when an interval has ended."""
        self._regions.fit(frame)
        targets = self._targets.look(frame, *self._config.sizes(frame.height, USUAL_SIZES))
        ids, feet, _ = columns(targets)
        speeds = np.full(len(targets), np.nan)
        if self._speeds is not None:
            speeds = self._speeds.update(ids, feet, frame.time)
            self._speeds.keep(self._targets.alive)
        for tally in self._regions:
            tally.update(targets, in_picture(feet, frame.width, frame.height), speeds)
        return self._told(frame) if self._end.over(frame.time) else ()

    def finish(self, last: Frame) -> Iterable[Finding]:
        """Tell of the interval that has begun."""
        return self._told(last) if self._end.begun(last.time) else ()

    def _told(self, frame: Frame) -> Iterable[Finding]:
        regions = tuple(tally.take(n, frame.width, frame.height) for n, tally in enumerate(self._regions))
        data = RoadStatisticsData(interval=self._config.region_count_interval, event_set=regions)
        return (Finding(STATISTICS, "regions", data, None),)

    def state(self) -> PlainState:
        """Return all it remembers."""
        return {"targets": self._targets.state(), **self._counted()}

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave, of the regions that are the same still."""
        self._targets.restore(state["targets"])
        self._go_on(state)

    def succeed(self, former: Self) -> None:
        """Take up the tracks, and what belongs to the regions that are the same still."""
        if self._targets.succeed(former._targets):
            self._go_on(former._counted())

    def _counted(self) -> PlainState:
        return {
            "ground": None if self._plane is None else [list(row) for row in self._plane.rows],
            "speeds": None if self._speeds is None else self._speeds.state(),
            "regions": self._regions.state(),
            "end": self._end.state(),
        }

    def _go_on(self, state: PlainState) -> None:
        """On other ground the places of before mean nothing."""
        if self._speeds is not None and state["ground"] == self._counted()["ground"]:
            self._speeds.restore(state["speeds"])
        self._regions.restore(state["regions"])
        self._end.restore(state["end"])
