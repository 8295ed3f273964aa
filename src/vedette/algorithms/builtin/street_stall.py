"""Street occupation: somebody sells from a stall or a vehicle where nobody may, and is gone again.

A general model knows no stall. It knows what stalls are made of: tables, chairs, sunshades, food and kitchen things, and
vehicles. Where some of these stay and the same person stays beside them, somebody occupies the street.
"""

from collections.abc import Iterator
from typing import Annotated, Self

import numpy as np
from msgspec import UNSET, Meta, UnsetType

from vedette.algorithms.base import Algorithm, EventKind, Manifest, Models, PlainState, ServiceName
from vedette.algorithms.geometry import Polygon
from vedette.algorithms.keys import PictureKeys, RegionKeys, key
from vedette.algorithms.parameters import Number, Switch
from vedette.algorithms.rules.stall import StallWatch
from vedette.algorithms.rules.stay import Stay
from vedette.algorithms.targets import Following, Kinds, Targets
from vedette.algorithms.zones import SLACK, Zones, sights
from vedette.model.event import Finding
from vedette.model.frame import Frame
from vedette.model.message import BoundingBox, EventData, Track

STREET_STALL = 1114112

PERSON, GOODS, VEHICLE = 0, 1, 2
OCCUPIERS = Kinds(
    ("person", "goods", "vehicle"),
    {
        "person": PERSON,
        **dict.fromkeys(("dining table", "chair", "umbrella", "bowl", "oven", "refrigerator"), GOODS),
        **dict.fromkeys(("banana", "apple", "orange", "broccoli", "carrot"), GOODS),
        **dict.fromkeys(("sandwich", "hot dog", "pizza", "donut", "cake"), GOODS),
        **dict.fromkeys(("truck", "car", "motorcycle", "bicycle"), VEHICLE),
    },
)
"""What persons carry (bags, bottles) and what belongs to streets (benches, plants in pots, buses) makes no stall."""


class StreetStallConfig(RegionKeys, PictureKeys):
    """The task's `config.common`; no keys are published but those for regions and pictures, the others are ours."""

    alert_time_threshold: Number = key("Stay that is too long", "占道时间阈值", 60.0, unit="seconds", ge=0, le=86_400)
    goods_detection_sw: Switch = key("Detect goods and furniture", "摊位物品检测开关", True)
    vehicle_detection_sw: Switch = key("Detect vehicles that sell", "流动摊车检测开关", True)
    person_constraint_sw: Switch = key("Only with a person beside it", "人员约束开关", True)
    event_disappear_alert_sw: Switch = key("Tell when it is gone", "事件消失告警开关", False)


class StreetStallTarget(EventData, kw_only=True):
    """A stall, or with alarm_type 1 the id of one that is gone."""

    bounding_box: Annotated[BoundingBox, Meta(description="Around all its things.")] | UnsetType = UNSET
    polygon_name: Annotated[str, Meta(description="The region's name, if it has one.", min_length=1)] | UnsetType = (
        UNSET
    )
    detection_id: Annotated[Track, Meta(description="The same until it is gone.")]


class StreetStallData(EventData):
    """One stall."""

    event_set: Annotated[tuple[StreetStallTarget, ...], Meta(description="The stall.", min_length=1, max_length=1)]


class StreetStall(Following, Algorithm[StreetStallConfig]):
    """Tells each stall once, however many things it has, and once when all of them are gone."""

    manifest = Manifest(
        name="street_stall",
        services=(
            ServiceName("c-urban-street-stall-cloud", "cloud"),
            ServiceName("c-urban-street-stall-edge", "edge"),
        ),
        versions=("1.0", "1.1", "3.0"),
        title_en="Street occupation",
        title_cn="占道经营检测",
        config=StreetStallConfig,
        roles=("objects",),
        needs=("objects",),
        events=(EventKind(STREET_STALL, "street occupation", StreetStallData, ends=True),),
        description=(
            "Goods, tables, chairs, sunshades or a vehicle stay in a region, and a person stays beside them: somebody sells "
            "there, as far as a general model can tell. It does not know goods that such models are not taught, such as "
            "clothes on the ground, and takes a picnic for a stall. The name of the service is ours, as none is published."
        ),
        tags=("street", "stall", "city management"),
        released_at=1_795_478_400_000,  # 24 November 2026
    )

    def __init__(self, config: StreetStallConfig, models: Models) -> None:
        self._config = config
        self._detector = models.detector("objects")
        wanted = {PERSON: True, GOODS: config.goods_detection_sw, VEHICLE: config.vehicle_detection_sw}
        self._targets = Targets(self._detector, OCCUPIERS, frozenset(kind for kind, on in wanted.items() if on))
        self._roi = config.roi()
        self._zones = Zones(self._roi.polygons, self._watch, is_whole=self._roi.is_whole)

    def _watch(self, polygon: Polygon) -> StallWatch:
        return StallWatch(polygon, self._config.alert_time_threshold, attended=self._config.person_constraint_sw)

    def note(self) -> str:
        """Return which detector is at work."""
        return f"detector: {self._detector.name}"

    def process(self, frame: Frame) -> Iterator[Finding]:
        """Follow persons and things, and tell which of them make a stall, and when it is gone."""
        targets = self._targets.look(frame)
        ids, boxes, feet, standings = sights(targets, frame)
        slack = frame.height * SLACK
        persons = np.array([target.category == PERSON for target in targets], np.bool_)
        for n, (polygon, watch) in enumerate(self._zones.on(frame)):
            for stall in watch.update(ids, boxes, feet, standings, persons, slack, frame.time):
                if not stall.over or self._config.event_disappear_alert_sw:
                    yield self._finding(f"region:{n}:stall:{stall.number}", stall, polygon.name)

    def _finding(self, subject: str, stall: Stay, polygon_name: str) -> Finding:
        track = Track(stall.number)
        if stall.over:
            gone = StreetStallData(event_set=(StreetStallTarget(detection_id=track),))
            return Finding(STREET_STALL, subject, gone, self._config.drawing((), self._roi), over=True)
        told = StreetStallTarget(
            bounding_box=stall.bounding_box, polygon_name=polygon_name or UNSET, detection_id=track
        )
        drawing = self._config.drawing([(stall.whole_box, f"stall {stall.number}")], self._roi)
        return Finding(STREET_STALL, subject, StreetStallData(event_set=(told,)), drawing, over=False)

    def state(self) -> PlainState:
        """Return all it remembers."""
        return {"targets": self._targets.state(), "zones": self._zones.state()}

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave, of the regions that are the same still."""
        self._targets.restore(state["targets"])
        self._zones.restore(state["zones"])

    def succeed(self, former: Self) -> None:
        """Take up the tracks, and what is known of the regions that are the same still."""
        if self._targets.succeed(former._targets):
            self._zones.restore(former._zones.state())
