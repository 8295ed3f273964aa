"""Wrong way: a vehicle drives against the direction that is allowed on its part of the road."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Self

import numpy as np
from msgspec import UNSET, Meta
from pydantic import field_validator

from vedette.algorithms.base import Algorithm, EventKind, Manifest, Models, PlainState, ServiceName
from vedette.algorithms.geometry import Line, Polygon, Roi
from vedette.algorithms.keys import PictureKeys, SizeKeys, key
from vedette.algorithms.parameters import Number, Switch
from vedette.algorithms.regions import Regions
from vedette.algorithms.road import ON_THE_ROAD, TYPES, Vehicle, asked_of, box_of, boxes_in_rows, captions, eyes
from vedette.algorithms.rules.direction import DirectionWatch
from vedette.algorithms.targets import Following, Target, Targets, columns
from vedette.model.errors import InvalidParameter
from vedette.model.event import Finding
from vedette.model.frame import Frame
from vedette.model.message import EventData, Track

WRONG_WAY = 75009
USUAL_SIZES = (20.0, 1080.0)


class WrongWayConfig(PictureKeys, SizeKeys):
    """The task's `config.common`; the keys of its own are ours, as none are published."""

    target_roi: str = key("Directions (lines from start to end) and regions", "允许方向与检测区域", ...)
    car_detection_sw: Switch = key("Detect motor vehicles", "机动车检测开关", True)
    non_motor_detection_sw: Switch = key("Detect bicycles", "非机动车检测开关", False)
    alert_time_threshold: Number = key(
        "How long it must drive against the direction", "逆行时间阈值", 1.0, unit="seconds", ge=0, le=3_600
    )
    alert_distance_threshold: Number = key(
        "How far it must drive against the direction, in lengths of its box", "逆行距离阈值", 1.0, ge=0.2, le=50
    )
    direction_tolerance: Number = key(
        "How far its way may differ from the very opposite direction",
        "逆行角度容差",
        60.0,
        unit="degrees",
        ge=5,
        le=90,
    )
    alert_detection_interval: Number = key(
        "Time before the same vehicle is told again if it goes on; 0: it is told once",
        "告警间隔",
        0.0,
        unit="seconds",
        ge=0,
        le=86_400,
    )

    @field_validator("target_roi")
    @classmethod
    def _roi_has_a_direction(cls, text: str) -> str:
        roi = Roi.parse(text)
        if not roi.lines:
            raise InvalidParameter(
                "target_roi must have a line, from its start to its end in the direction that is allowed.",
                param="target_roi",
            )
        for n, polygon in enumerate(roi.polygons):
            if not directions_in(polygon, roi):
                raise InvalidParameter(f"target_roi has no line for the region polygons[{n}].", param="target_roi")
        return text

    def roi(self) -> Roi:
        """Return the directions and regions."""
        return Roi.parse(self.target_roi)


class WrongWayData(EventData):
    """One vehicle that drives against the direction."""

    vehicles: Annotated[tuple[Vehicle, ...], Meta(description="The vehicle.", min_length=1, max_length=1)]


class WrongWay(Following, Algorithm[WrongWayConfig]):
    """Tells each vehicle once per region."""

    manifest = Manifest(
        name="wrong-way",
        services=(ServiceName("c-traffic-wrong-way-cloud", "cloud"), ServiceName("c-traffic-wrong-way-edge", "edge")),
        versions=("1.0", "1.1", "3.0"),
        title_en="Wrong-way driving",
        title_cn="车辆逆行",
        config=WrongWayConfig,
        roles=("objects",),
        events=(EventKind(WRONG_WAY, "wrong way", WrongWayData),),
        description=(
            "A vehicle drives against the allowed direction. Each line of target_roi is a direction, from its start to "
            "its end: in the region in which its middle lies, or, if it lies in none, in all regions without a line of "
            "their own. Of several lines the nearest one to the vehicle counts. The event type is published; the "
            "service's name, its own keys and the message are ours."
        ),
        tags=("traffic", "wrong way", "direction"),
        released_at=1_795_478_400_000,  # 24 November 2026
    )

    def __init__(self, config: WrongWayConfig, models: Models) -> None:
        self._config = config
        self._detector = models.detector("objects")
        asked = asked_of(motor=config.car_detection_sw, non_motor=config.non_motor_detection_sw)
        self._targets = Targets(self._detector, ON_THE_ROAD, asked)
        self._roi = config.roi()
        self._regions = Regions(self._roi.polygons, self._watch)

    def _watch(self, polygon: Polygon) -> DirectionWatch:
        config = self._config
        return DirectionWatch(
            polygon,
            directions_in(polygon, self._roi),
            least_s=config.alert_time_threshold,
            lengths=config.alert_distance_threshold,
            tolerance=config.direction_tolerance,
            interval_s=config.alert_detection_interval,
        )

    def note(self) -> str:
        """Return which detector is at work."""
        return eyes(self._detector.name, knows_classes=self._detector.knows_classes)

    def process(self, frame: Frame) -> Iterable[Finding]:
        """Follow the vehicles, and tell of those that drive the wrong way."""
        self._regions.fit(frame)
        targets = self._targets.look(frame, *self._config.sizes(frame.height, USUAL_SIZES))
        seen = {target.track: target for target in targets}
        ids, _, standings = columns(targets)
        boxes = boxes_in_rows(targets, frame.height)
        findings = [
            self._finding(n, watch.polygon, seen[event.track])
            for n, watch in enumerate(self._regions)
            for event in watch.update(ids, boxes, standings, frame.time)
        ]
        self._regions.keep(self._targets.alive)
        return findings

    def _finding(self, n: int, polygon: Polygon, target: Target) -> Finding:
        vehicle = Vehicle(
            bounding_box=box_of(target),
            detection_id=Track(target.track),
            type=TYPES[target.category],
            polygon_name=polygon.name or UNSET,
        )
        drawing = self._config.drawing(captions([target]), self._roi)
        return Finding(WRONG_WAY, f"region:{n}:track:{target.track}", WrongWayData(vehicles=(vehicle,)), drawing)

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
        lines = [[*line.start, *line.end] for line in self._roi.lines]
        return {"directions": lines, "regions": self._regions.state()}

    def _go_on(self, state: PlainState) -> None:
        """Another direction is another question: what was gone under the old one does not answer it."""
        if state["directions"] == self._watched()["directions"]:
            self._regions.restore(state["regions"])


def directions_in(polygon: Polygon, roi: Roi) -> Sequence[Line]:
    """Return the directions that hold in a region: the lines drawn in it, or else those drawn in no region."""
    middles = np.array([np.add(line.start, line.end) / 2 for line in roi.lines], np.float64).reshape(-1, 2)
    own = polygon.contains(middles)
    if roi.polygons and own.any():
        return [line for line, here in zip(roi.lines, own, strict=True) if here]
    taken = np.any([other.contains(middles) for other in roi.polygons], axis=0) if roi.polygons else np.zeros(len(own))
    return [line for line, elsewhere in zip(roi.lines, taken, strict=True) if not elsewhere]
