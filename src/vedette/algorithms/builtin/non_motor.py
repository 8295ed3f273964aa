"""Bicycles and electric two-wheelers: parked where they must not be, or in an area they must not enter."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from msgspec import UNSET, Meta, UnsetType

from vedette.algorithms.base import Algorithm, EventKind, Manifest, Models, PlainState, ServiceName
from vedette.algorithms.geometry import Polygon, Roi
from vedette.algorithms.keys import PictureKeys, RegionKeys, key
from vedette.algorithms.parameters import Number, Switch
from vedette.algorithms.rules.region import ENTERED_S
from vedette.algorithms.rules.stay import Stay, StayWatch
from vedette.algorithms.targets import Following, Kinds, Target, Targets
from vedette.algorithms.zones import SLACK, Zones, sights
from vedette.model.event import Finding
from vedette.model.frame import Frame
from vedette.model.message import BoundingBox, EventData, Track

ILLEGAL_PARKING = 1376256
NON_MOTOR_INTRUSION = 1376257

LEGAL, PROHIBITED = "legal_area", "prohibit_entering_area"
"""The names of areas that mean something."""

ELECTROMOBILE, BICYCLE = 0, 1
TWO_WHEELED = Kinds(
    ("electromobile", "bicycle"),
    {"motorcycle": ELECTROMOBILE, "bicycle": BICYCLE},
    alike=frozenset({ELECTROMOBILE, BICYCLE}),
)
"""As COCO names them. Models take electric two-wheelers for motorcycles, and one now and then for both."""
_TYPES: tuple[Literal["electromobile"], Literal["bicycle"]] = ("electromobile", "bicycle")


class NonMotorConfig(RegionKeys, PictureKeys):
    """The task's `config.common`; all keys as documented."""

    electromobile_detect_sw: Switch = key("Detect electric two-wheelers", "电动车检测开关", True)
    bicycle_detect_sw: Switch = key("Detect bicycles", "自行车检测开关", True)
    illegal_park_detection_sw: Switch = key("Parking rule", "违停检测开关", True)
    illegal_park_alert_threshold: Number = key(
        "Stand that is too long", "违停告警阈值", 30.0, unit="seconds", ge=0, le=86_400
    )
    intrusion_detection_sw: Switch = key("Intrusion rule", "闯入检测开关", True)
    event_disappear_alert_sw: Switch = key("Tell when it is gone", "事件消失告警开关", False)


class NonMotorTarget(EventData):
    """A two-wheeler, or with alarm_type 1 the id of one that is gone."""

    bounding_box: BoundingBox | UnsetType = UNSET
    type: Annotated[Literal["bicycle", "electromobile"], Meta(description="What it is.")] | UnsetType = UNSET
    detection_id: (
        Annotated[Track, Meta(description="The same until it is gone; where the task asks to be told when it is gone.")]
        | UnsetType
    ) = UNSET


class NonMotorData(EventData):
    """One two-wheeler."""

    event_set: Annotated[tuple[NonMotorTarget, ...], Meta(description="The two-wheeler.", min_length=1, max_length=1)]


class NonMotor(Following, Algorithm[NonMotorConfig]):
    """Tells each two-wheeler once per stand, and once per visit to an area that is closed to it."""

    manifest = Manifest(
        name="non_motor",
        services=(
            ServiceName("c-non-motor-detection-cloud", "cloud"),
            ServiceName("c-non-motor-detection-edge", "edge"),
        ),
        versions=("1.0", "1.1", "3.0"),
        title_en="Non-motor vehicle detection",
        title_cn="非机动车检测",
        config=NonMotorConfig,
        roles=("objects",),
        needs=("objects",),
        events=(
            EventKind(ILLEGAL_PARKING, "non-motor parking", NonMotorData, ends=True),
            EventKind(NON_MOTOR_INTRUSION, "non-motor intrusion", NonMotorData, ends=True),
        ),
        description=(
            "A bicycle or an electric two-wheeler is parked where it must not be, or enters an area it must not. Areas "
            f"named `{LEGAL}` are where parking is allowed; areas named `{PROHIBITED}` must not be entered. Parking "
            "is told in the other areas that are marked; if only legal ones are, or none at all, everywhere outside of "
            "the legal ones; if only prohibited ones are, there."
        ),
        tags=("bicycle", "electric bicycle", "parking", "intrusion"),
        released_at=1_795_478_400_000,  # 24 November 2026
    )

    def __init__(self, config: NonMotorConfig, models: Models) -> None:
        self._config = config
        self._detector = models.detector("objects")
        wanted = {ELECTROMOBILE: config.electromobile_detect_sw, BICYCLE: config.bicycle_detect_sw}
        self._targets = Targets(self._detector, TWO_WHEELED, frozenset(kind for kind, on in wanted.items() if on))
        self._roi = config.roi()
        self._legal = [polygon for polygon in self._roi.polygons if polygon.name == LEGAL]
        everywhere, watched = _where_parking_counts(self._roi)
        parks, enters = config.illegal_park_detection_sw, config.intrusion_detection_sw
        self._parking = Zones(watched if parks else (), self._parking_watch, is_whole=parks and everywhere)
        closed = [polygon for polygon in self._roi.polygons if polygon.name == PROHIBITED]
        self._closed = Zones(closed if enters else (), _entry_watch, is_whole=False)

    def _parking_watch(self, polygon: Polygon) -> StayWatch:
        return StayWatch(polygon, self._config.illegal_park_alert_threshold, spared=self._legal)

    def note(self) -> str:
        """Return which detector is at work."""
        return f"detector: {self._detector.name}"

    def process(self, frame: Frame) -> Iterator[Finding]:
        """Follow the two-wheelers, and tell what they do."""
        targets = self._targets.look(frame)
        seen = {target.track: target for target in targets}
        ids, boxes, feet, standings = sights(targets, frame)
        slack = frame.height * SLACK
        for event_type, regions in ((ILLEGAL_PARKING, self._parking), (NON_MOTOR_INTRUSION, self._closed)):
            for n, (_, watch) in enumerate(regions.on(frame)):
                for stay in watch.update(ids, boxes, feet, standings, slack, frame.time):
                    if not stay.over or self._config.event_disappear_alert_sw:
                        yield self._finding(event_type, f"region:{n}:stay:{stay.number}", stay, seen)

    def _finding(self, event_type: int, subject: str, stay: Stay, seen: dict[int, Target]) -> Finding:
        track = Track(stay.number) if self._config.event_disappear_alert_sw else UNSET
        if stay.over:
            gone = NonMotorData(event_set=(NonMotorTarget(detection_id=track),))
            return Finding(event_type, subject, gone, self._config.drawing((), self._roi), over=True)
        kind = _TYPES[seen[stay.track].category]
        told = NonMotorTarget(bounding_box=stay.bounding_box, type=kind, detection_id=track)
        drawing = self._config.drawing([(stay.whole_box, f"{kind} {stay.number}")], self._roi)
        return Finding(event_type, subject, NonMotorData(event_set=(told,)), drawing, over=False)

    def state(self) -> PlainState:
        """Return all it remembers."""
        return {"targets": self._targets.state(), **self._watched()}

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave, of the areas that are the same still."""
        self._targets.restore(state["targets"])
        self._go_on(state)

    def succeed(self, former: Self) -> None:
        """Take up the tracks, and what is known of the areas that are the same still."""
        if self._targets.succeed(former._targets):
            self._go_on(former._watched())

    def _watched(self) -> PlainState:
        return {"parking": self._parking.state(), "closed": self._closed.state()}

    def _go_on(self, state: PlainState) -> None:
        self._parking.restore(state["parking"])
        self._closed.restore(state["closed"])


def _where_parking_counts(roi: Roi) -> tuple[bool, list[Polygon]]:
    """Return whether parking counts everywhere, and else in which areas."""
    others = [polygon for polygon in roi.polygons if polygon.name not in {LEGAL, PROHIBITED}]
    if others:
        return False, others
    everywhere = roi.is_whole or any(polygon.name == LEGAL for polygon in roi.polygons)
    return everywhere, [polygon for polygon in roi.polygons if polygon.name == PROHIBITED]


def _entry_watch(polygon: Polygon) -> StayWatch:
    return StayWatch(polygon, ENTERED_S, moving=True)
