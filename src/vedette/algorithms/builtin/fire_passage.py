"""Fire passage occupation: a vehicle, or something put down, stays in a passage that must be kept clear."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Final, Self

import numpy as np
from msgspec import UNSET, Meta, UnsetType

from vedette.algorithms.base import Algorithm, Detector, EventKind, Manifest, Models, PlainState, ServiceName
from vedette.algorithms.geometry import Polygon
from vedette.algorithms.keys import PictureKeys, RegionKeys, key
from vedette.algorithms.parameters import Number, Switch
from vedette.algorithms.roles import ARRIVED, OBJECTS, PUT_DOWN, STILL, STILL_AFTER_S
from vedette.algorithms.rules.covered import Covered
from vedette.algorithms.rules.places import Corners, area, is_hidden
from vedette.algorithms.rules.standing import Standing
from vedette.algorithms.rules.stay import GONE_S, HELD_S, Stay, StayWatch
from vedette.algorithms.targets import PERSON, USUAL, VEHICLE, Kinds, Target, Targets
from vedette.algorithms.zones import SLACK, Zones, sights
from vedette.model.event import Finding
from vedette.model.frame import Frame
from vedette.model.message import BoundingBox, EventData, Track

STACKING = 1179648
VEHICLE_IN_PASSAGE = 1179649

THING, COMER = 0, 1
LARGE: Final = 0.3
"""Share of somebody's box from which on a thing in it may be a part of them."""
STILL_KINDS: Final = Kinds(("object", "vehicle"), {PUT_DOWN: THING, ARRIVED: COMER})
"""What the detector of still things tells apart; without a model what came by itself and stays counts as a vehicle."""
STILL_TRACKS: Final = 1 << 32
"""Still things have tracks of their own, whose numbers begin here in messages."""


class FirePassageConfig(RegionKeys, PictureKeys):
    """The task's `config.common`; all keys as documented."""

    vehicle_occupation_sw: Switch = key("Vehicle rule", "车辆占用检测开关", True)
    stacking_occupation_sw: Switch = key("Stacking rule", "堆积物占用检测开关", True)
    stacking_residence_time: Number = key(
        "Stay of objects that is too long", "堆积物驻留时间", 40.0, unit="seconds", ge=0, le=86_400
    )
    vehicle_residence_time: Number = key(
        "Stay of vehicles that is too long", "车辆驻留时间", 50.0, unit="seconds", ge=0, le=86_400
    )
    event_disappear_alert_sw: Switch = key("Tell when it is gone", "事件消失告警开关", False)


class OccupyingThing(EventData, kw_only=True):
    """Something put down, or with alarm_type 1 the id of something that is gone."""

    detection_id: Annotated[Track, Meta(description="The same until it is gone.")]
    polygon_name: Annotated[str, Meta(description="The region's name, if it has one.", min_length=1)] | UnsetType = (
        UNSET
    )
    bounding_box: BoundingBox | UnsetType = UNSET


class OccupyingVehicle(OccupyingThing, kw_only=True):
    """A vehicle, or with alarm_type 1 the id of one that is gone."""

    plate_id: Annotated[str, Meta(description="Its plate, where one was read.")] | UnsetType = UNSET


class StackingData(EventData):
    """Something put down in the passage."""

    event_set: Annotated[tuple[OccupyingThing, ...], Meta(description="The thing.", min_length=1, max_length=1)]


class VehicleInPassageData(EventData):
    """A vehicle in the passage."""

    event_set: Annotated[tuple[OccupyingVehicle, ...], Meta(description="The vehicle.", min_length=1, max_length=1)]


class FirePassage(Algorithm[FirePassageConfig]):
    """Tells each vehicle and each thing in a passage once, and once when it is gone."""

    manifest = Manifest(
        name="fire_passage",
        services=(
            ServiceName("c-fire-exit-occupation-cloud", "cloud"),
            ServiceName("c-fire-exit-occupation-edge", "edge"),
        ),
        versions=("1.0", "1.1", "3.0"),
        title_en="Fire passage occupation",
        title_cn="消防通道占用检测",
        config=FirePassageConfig,
        roles=(OBJECTS, STILL),
        events=(
            EventKind(STACKING, "fire passage stacking", StackingData, ends=True),
            EventKind(VEHICLE_IN_PASSAGE, "fire passage vehicle", VehicleInPassageData, ends=True),
        ),
        description=(
            "A vehicle is in the passage for too long, or something was put down there and stays. Things that were there "
            "when the task began belong to the passage. Plates are not read."
        ),
        tags=("fire passage", "vehicle", "stacking"),
        released_at=1_795_478_400_000,  # 24 November 2026
    )

    def __init__(self, config: FirePassageConfig, models: Models) -> None:
        self._config = config
        self._roi = config.roi()
        self._detector: Detector = models.detector(OBJECTS)
        self._knows = self._detector.knows_classes
        vehicles, things = config.vehicle_occupation_sw, config.stacking_occupation_sw
        self._targets = Targets(self._detector, USUAL, frozenset({VEHICLE})) if self._knows else None
        self._covered = Covered()
        still = things or (vehicles and not self._knows)
        self._still = Targets(models.detector(STILL), STILL_KINDS) if still else None
        whole = self._roi.is_whole
        self._vehicles = Zones(self._roi.polygons if vehicles else (), self._vehicle_watch, is_whole=vehicles and whole)
        self._things = Zones(self._roi.polygons if things else (), self._thing_watch, is_whole=things and whole)

    def _vehicle_watch(self, polygon: Polygon) -> StayWatch:
        late, gone_s = (0.0, GONE_S) if self._knows else (STILL_AFTER_S, HELD_S)
        return StayWatch(polygon, max(0.0, self._config.vehicle_residence_time - late), moving=True, gone_s=gone_s)

    def _thing_watch(self, polygon: Polygon) -> StayWatch:
        return StayWatch(polygon, max(0.0, self._config.stacking_residence_time - STILL_AFTER_S), gone_s=HELD_S)

    def note(self) -> str:
        """Return which detector is at work."""
        if self._knows:
            return f"detector: {self._detector.name}"
        return "detector: still (no model installed; what comes by itself and stays counts as a vehicle)"

    def process(self, frame: Frame) -> Iterator[Finding]:
        """Follow vehicles and things, and tell which stay for too long and which are gone again."""
        seen = self._targets.look(frame) if self._targets else []
        still = self._still.look(frame) if self._still else []
        vehicles = [target for target in seen if target.category == VEHICLE]
        if not self._knows:
            vehicles = [target for target in still if target.category == COMER]
        yield from self._tell(VEHICLE_IN_PASSAGE, self._vehicles, vehicles, frame)
        yield from self._tell(STACKING, self._things, self._put_down(still, seen), frame)

    def _put_down(self, still: Sequence[Target], seen: Sequence[Target]) -> list[Target]:
        """Return the things that are no vehicles; of those that are parts of persons nothing is told."""
        things = [target for target in still if target.category == THING]
        if not self._knows or self._still is None:
            return things
        vehicles = [_edges(target) for target in seen if target.category == VEHICLE]
        persons = [_edges(target) for target in seen if target.category == PERSON]
        things = [target for target in things if not is_hidden(_edges(target), vehicles)]
        ids = np.array([target.track for target in things], np.int64)
        covered = [_is_part(_edges(target), persons) for target in things]
        parts = self._covered.update(ids, covered, self._still.alive)
        return [
            replace(target, standing=Standing.UNSURE) if part else target
            for target, part in zip(things, parts, strict=True)
        ]

    def _tell(
        self, event_type: int, zones: Zones[StayWatch], targets: Sequence[Target], frame: Frame
    ) -> Iterator[Finding]:
        ids, boxes, feet, standings = sights(targets, frame)
        slack = frame.height * SLACK
        for n, (polygon, watch) in enumerate(zones.on(frame)):
            for stay in watch.update(ids, boxes, feet, standings, slack, frame.time):
                if not stay.over or self._config.event_disappear_alert_sw:
                    yield self._finding(event_type, f"region:{n}:stay:{stay.number}", stay, polygon.name)

    def _finding(self, event_type: int, subject: str, stay: Stay, polygon_name: str) -> Finding:
        by_stillness = event_type == STACKING or not self._knows
        track = Track(STILL_TRACKS + stay.number if by_stillness else stay.number)
        name = polygon_name or UNSET
        where = UNSET if stay.over else stay.bounding_box
        named = UNSET if stay.over else name
        data: EventData
        if event_type == STACKING:
            thing = OccupyingThing(detection_id=track, polygon_name=named, bounding_box=where)
            data = StackingData(event_set=(thing,))
        else:
            vehicle = OccupyingVehicle(detection_id=track, polygon_name=named, bounding_box=where)
            data = VehicleInPassageData(event_set=(vehicle,))
        caption = "object" if event_type == STACKING else "vehicle"
        shown = [] if stay.over else [(stay.whole_box, f"{caption} {stay.number}")]
        return Finding(event_type, subject, data, self._config.drawing(shown, self._roi), over=stay.over)

    def state(self) -> PlainState:
        """Return all it remembers."""
        return {
            "targets": self._targets.state() if self._targets else None,
            "still": self._still.state() if self._still else None,
            **self._watched(),
        }

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave, of the regions that are the same still."""
        for targets, known in ((self._targets, state["targets"]), (self._still, state["still"])):
            if targets and known:
                targets.restore(known)
        self._go_on(state)

    def succeed(self, former: Self) -> None:
        """Take up the tracks, and what is known of the regions that are the same still."""
        if former._knows is not self._knows:
            return
        pairs = ((self._targets, former._targets), (self._still, former._still))
        if all(mine.succeed(theirs) for mine, theirs in pairs if mine and theirs):
            self._go_on(former._watched())

    def _watched(self) -> PlainState:
        return {
            "vehicles": self._vehicles.state(),
            "things": self._things.state(),
            "covered": self._covered.state(),
        }

    def _go_on(self, state: PlainState) -> None:
        self._vehicles.restore(state["vehicles"])
        self._things.restore(state["things"])
        self._covered.restore(state["covered"])


def _is_part(thing: Corners, persons: Sequence[Corners]) -> bool:
    """Return whether a thing is in somebody's box, and not much smaller: a bag before somebody's feet is a bag."""
    return any(is_hidden(thing, (person,)) and area(thing) >= LARGE * area(person) for person in persons)


def _edges(target: Target) -> Corners:
    left, top, width, height = target.box
    return left, top, left + width, top + height
