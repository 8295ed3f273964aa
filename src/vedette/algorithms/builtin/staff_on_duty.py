"""Key position on duty: too few persons are where somebody must always be, and back again."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Self

from msgspec import UNSET, Meta, UnsetType

from vedette.algorithms.base import Algorithm, EventKind, Manifest, Models, PlainState, ServiceName
from vedette.algorithms.geometry import Polygon
from vedette.algorithms.keys import PictureKeys, RegionKeys, key
from vedette.algorithms.parameters import Switch, Whole
from vedette.algorithms.rules.absence import Absence, AbsenceWatch
from vedette.algorithms.rules.standing import Standing
from vedette.algorithms.targets import Following, Kinds, Target, Targets
from vedette.algorithms.zones import Zones, sights
from vedette.model.event import Finding
from vedette.model.frame import Frame
from vedette.model.message import BoundingBox, EventData

ABSENCE = 458752
PERSONS = Kinds(("person",), {"person": 0})


class StaffOnDutyConfig(RegionKeys, PictureKeys):
    """The task's `config.common`; all keys as documented."""

    key_region_detection_sw: Switch = key("Watch key positions", "关键区域检测开关", True)
    key_region_detect_interval: Whole = key("Detection period", "检测周期", 1, unit="seconds", ge=1, le=3600)
    key_region_detect_threshold: Whole = key(
        "Periods on end with too few that are told", "脱岗告警阈值", 2, unit="periods", ge=1, le=86_400
    )
    key_region_person_count: Whole = key("Persons that must be there", "关键区域人数", 1, unit="persons", ge=1, le=1000)
    event_disappear_alert_sw: Switch = key("Tell when there are enough again", "事件消失告警开关", False)


class KeyPosition(EventData):
    """A position, and how many were there."""

    bounding_box: Annotated[BoundingBox, Meta(description="Around the region.")]
    person_count: Annotated[int, Meta(description="The most that were there at once in the last period.", ge=0)]
    polygon_name: Annotated[str, Meta(description="The region's name, if it has one.", min_length=1)] | UnsetType = (
        UNSET
    )


class StaffOnDutyData(EventData):
    """A position with too few persons, or (alarm_type 1) with enough again."""

    event_set: Annotated[tuple[KeyPosition, ...], Meta(description="The position.", min_length=1, max_length=1)]


class StaffOnDuty(Following, Algorithm[StaffOnDutyConfig]):
    """Tells each absence from a region once, and once when it is over."""

    manifest = Manifest(
        name="staff_on_duty",
        services=(ServiceName("c-staffonduty-cloud", "cloud"), ServiceName("c-staffonduty-edge", "edge")),
        versions=("1.0", "1.1", "3.0"),
        title_en="Key position on duty",
        title_cn="关键岗位检测",
        config=StaffOnDutyConfig,
        roles=("objects",),
        needs=("objects",),
        events=(EventKind(ABSENCE, "absence", StaffOnDutyData, ends=True),),
        description=(
            "Fewer persons than there must be are in a region, for so many detection periods on end. A period counts by "
            "the most that were there at once. What stands in `data` is our choice: no example is published."
        ),
        tags=("absence", "on duty", "person"),
        released_at=1_795_478_400_000,  # 24 November 2026
    )

    def __init__(self, config: StaffOnDutyConfig, models: Models) -> None:
        self._config = config
        self._detector = models.detector("objects")
        self._targets = Targets(self._detector, PERSONS)
        self._roi = config.roi()
        on = config.key_region_detection_sw
        self._regions = Zones(self._roi.polygons if on else (), self._watch, is_whole=on and self._roi.is_whole)

    def _watch(self, _: Polygon) -> AbsenceWatch:
        config = self._config
        return AbsenceWatch(
            config.key_region_detect_interval, config.key_region_detect_threshold, config.key_region_person_count
        )

    def note(self) -> str:
        """Return which detector is at work."""
        return f"detector: {self._detector.name}"

    def process(self, frame: Frame) -> Iterator[Finding]:
        """Count who is there, and tell when they are too few for too long."""
        targets = [target for target in self._targets.look(frame) if target.standing is Standing.COUNTED]
        _, _, feet, _ = sights(targets, frame)
        for n, (polygon, watch) in enumerate(self._regions.on(frame)):
            here = polygon.contains(feet)
            absence = watch.update(int(here.sum()), frame.time)
            if absence is not None and (not absence.over or self._config.event_disappear_alert_sw):
                present = [target for target, inside in zip(targets, here, strict=True) if inside]
                yield self._finding(f"region:{n}", polygon, absence, present, frame)

    def _finding(
        self, subject: str, polygon: Polygon, absence: Absence, present: Sequence[Target], frame: Frame
    ) -> Finding:
        told = KeyPosition(
            bounding_box=_around(polygon, frame), person_count=absence.there, polygon_name=polygon.name or UNSET
        )
        drawing = self._config.drawing(((target.box, f"person {target.track}") for target in present), self._roi)
        return Finding(ABSENCE, subject, StaffOnDutyData(event_set=(told,)), drawing, over=absence.over)

    def state(self) -> PlainState:
        """Return all it remembers."""
        return {"targets": self._targets.state(), "regions": self._regions.state()}

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave, of the regions that are the same still."""
        self._targets.restore(state["targets"])
        self._regions.restore(state["regions"])

    def succeed(self, former: Self) -> None:
        """Take up the tracks, and what is known of the regions that are the same still."""
        if self._targets.succeed(former._targets):
            self._regions.restore(former._regions.state())


def _around(polygon: Polygon, frame: Frame) -> BoundingBox:
    """Return the box around what the picture shows of a region."""
    xs = [min(max(x, 0.0), frame.width) for x, _ in polygon.corners]
    ys = [min(max(y, 0.0), frame.height) for _, y in polygon.corners]
    left, top = round(min(xs)), round(min(ys))
    return BoundingBox(x=left, y=top, w=round(max(xs)) - left, h=round(max(ys)) - top)
