"""Intrusion: somebody enters a region, crosses a line, or stays too long.

One finding is one message with one target.
"""

from collections.abc import Iterable, Iterator
from typing import Annotated, Self

from msgspec import UNSET, Meta, UnsetType

from vedette.algorithms.base import Algorithm, EventKind, Manifest, Models, PlainState, ServiceName
from vedette.algorithms.geometry import Line, Polygon, whole
from vedette.algorithms.keys import PictureKeys, RegionKeys, SizeKeys, key
from vedette.algorithms.parameters import Number, Switch
from vedette.algorithms.rules import STAYS_S, Crossed, Entered, LineWatch, Lingered, RegionWatch
from vedette.algorithms.targets import ANYTHING, PERSON, USUAL, VEHICLE, Following, Target, Targets, columns
from vedette.model.event import Drawing, Finding
from vedette.model.frame import Frame
from vedette.model.message import BoundingBox, EventData, Track

INTRUSION = 196609
LOITERING = 196610

SLACK = 1 / 72
"""Share of the picture's height by which a foot must be clear of an edge or a line (8 px of 576)."""
USUAL_SIZES = (60.0, 1080.0)


class IntrusionConfig(RegionKeys, PictureKeys, SizeKeys):
    """The task's `config.common`; all keys as documented."""

    person_detection_sw: Switch = key("Detect persons", "行人检测开关", True)
    car_detection_sw: Switch = key("Detect vehicles", "车辆检测开关", False)
    line_detection_sw: Switch = key("Line rule", "绊线检测开关", True)
    region_detection_sw: Switch = key("Region rule", "区域检测开关", True)
    loitering_detection_sw: Switch = key("Loitering rule", "徘徊检测开关", False)
    alert_time_threshold: Number = key(
        "Stay that counts as loitering", "徘徊时间阈值", 10.0, unit="seconds", ge=0, le=86_400
    )
    alert_detection_interval: Number = key(
        "Time before a rule tells of the same target again", "告警间隔", 0.0, unit="seconds", ge=0, le=86_400
    )
    all_print_sw: Switch = key("Draw all targets", "全部目标绘制开关", False)


class IntrusionTarget(EventData):
    """Who it was, and where they came from."""

    bounding_box: BoundingBox
    detection_id: Annotated[Track, Meta(description="The same for as long as the target is followed.")]
    category: Annotated[int, Meta(description="0 is a person, 1 a vehicle, 2 anything else.", ge=0, le=2)]
    start_position: Annotated[
        str, Meta(description="Where it was before: `in` or `out` of the region, or the name of the line's side.")
    ]
    end_position: Annotated[str, Meta(description="Where it is now, in the same words.")]
    polygon_name: Annotated[str, Meta(description="The region's name, if it has one.", min_length=1)] | UnsetType = (
        UNSET
    )


class IntrusionData(EventData):
    """One target that entered a region, crossed a line, or stayed too long."""

    event_set: Annotated[tuple[IntrusionTarget, ...], Meta(description="The target.", min_length=1, max_length=1)]


class Intrusion(Following, Algorithm[IntrusionConfig]):
    """Tells each target once per region and stay, once per crossing, and once per stay that is too long."""

    manifest = Manifest(
        name="intrusion",
        services=(
            ServiceName("c-intrusiondetection-cloud", "cloud"),
            ServiceName("c-intrusiondetection-edge", "edge"),
        ),
        versions=("1.0", "1.1", "3.0"),
        title_en="Intrusion detection",
        title_cn="入侵检测",
        config=IntrusionConfig,
        roles=("objects",),
        events=(
            EventKind(INTRUSION, "intrusion", IntrusionData),
            EventKind(LOITERING, "loitering", IntrusionData),
        ),
        state_version=3,
        description="A person or a vehicle enters a region, crosses a line, or stays too long.",
        function_version="3.0",
        tags=("intrusion", "loitering", "line crossing"),
        released_at=1_793_491_200_000,  # 1 November 2026
    )

    def __init__(self, config: IntrusionConfig, models: Models) -> None:
        self._config = config
        self._detector = models.detector("objects")
        wanted = {PERSON: config.person_detection_sw, VEHICLE: config.car_detection_sw}
        asked = frozenset(kind for kind, on in wanted.items() if on)
        self._targets = Targets(self._detector, USUAL, asked | {ANYTHING} if asked else asked)
        self._roi = config.roi()
        interval = config.alert_detection_interval
        self._lines = [LineWatch(line, interval, STAYS_S) for line in self._roi.lines]
        self._regions = [self._region(polygon) for polygon in self._roi.polygons]
        self._size = [0, 0]

    def note(self) -> str:
        """Return which detector is at work."""
        if self._detector.knows_classes:
            return f"detector: {self._detector.name}"
        return f"detector: {self._detector.name} (no model installed; persons and vehicles are not told apart)"

    def process(self, frame: Frame) -> Iterable[Finding]:
        """Follow the targets, and tell what they do."""
        if self._roi.is_whole and self._size != [frame.width, frame.height]:
            self._size = [frame.width, frame.height]
            self._regions = [self._region(whole(frame.width, frame.height))]
        targets = self._targets.look(frame, *self._config.sizes(frame.height, USUAL_SIZES))
        seen = {target.track: target for target in targets}
        ids, feet, standings = columns(targets)
        slack, findings = frame.height * SLACK, []
        if self._config.line_detection_sw:
            for n, watch in enumerate(self._lines):
                crossed = watch.update(ids, feet, standings, slack, frame.time)
                findings += [self._crossing(watch.line, n, event, seen) for event in crossed]
        if self._watches_regions:
            for n, region in enumerate(self._regions):
                for event in region.update(ids, feet, standings, slack, frame.time):
                    findings += self._in_region(region.polygon, n, event, seen)
        alive = self._targets.alive
        for watch in self._lines:
            watch.keep(alive)
        for region in self._regions:
            region.keep(alive)
        return findings

    @property
    def _watches_regions(self) -> bool:
        return bool(self._config.region_detection_sw or self._config.loitering_detection_sw)

    def _region(self, polygon: Polygon) -> RegionWatch:
        return RegionWatch(polygon, self._config.alert_time_threshold, self._config.alert_detection_interval)

    def _crossing(self, line: Line, n: int, event: Crossed, seen: dict[int, Target]) -> Finding:
        places = line.side_name(event.before), line.side_name(event.after)
        return self._finding(INTRUSION, f"line:{n}:track:{event.track}", seen[event.track], places, "", seen)

    def _in_region(
        self, polygon: Polygon, n: int, event: Entered | Lingered, seen: dict[int, Target]
    ) -> Iterator[Finding]:
        subject, target = f"region:{n}:track:{event.track}", seen[event.track]
        if isinstance(event, Entered) and self._config.region_detection_sw:
            places = ("out" if event.from_outside else "in", "in")
            yield self._finding(INTRUSION, subject, target, places, polygon.name, seen)
        if isinstance(event, Lingered) and self._config.loitering_detection_sw:
            yield self._finding(LOITERING, subject, target, ("in", "in"), polygon.name, seen)

    def _finding(
        self,
        event_type: int,
        subject: str,
        target: Target,
        places: tuple[str, str],
        polygon_name: str,
        seen: dict[int, Target],
    ) -> Finding:
        left, top, width, height = target.box
        told = IntrusionTarget(
            bounding_box=BoundingBox(x=left, y=top, w=width, h=height),
            detection_id=Track(target.track),
            category=target.category,
            start_position=places[0],
            end_position=places[1],
            polygon_name=polygon_name or UNSET,
        )
        return Finding(event_type, subject, IntrusionData(event_set=(told,)), self._drawing(target, seen))

    def _drawing(self, target: Target, seen: dict[int, Target]) -> Drawing:
        shown = [other for other in seen.values() if other.shown] if self._config.all_print_sw else [target]
        return self._config.drawing(
            ((one.box, f"{USUAL.captions[one.category]} {one.track}") for one in shown), self._roi
        )

    def state(self) -> PlainState:
        """Return all it remembers."""
        return {"targets": self._targets.state(), **self._watched()}

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave, of the lines and regions that are the same still."""
        self._targets.restore(state["targets"])
        self._go_on(state)

    def succeed(self, former: Self) -> None:
        """Take up the tracks, and what belongs to the lines and regions that are the same still."""
        if self._targets.succeed(former._targets):
            self._go_on(former._watched())

    def _watched(self) -> PlainState:
        return {
            "size": self._size,
            "lines": [[_ends(watch.line), watch.state()] for watch in self._lines],
            "regions": [[_corners(watch.polygon), watch.state()] for watch in self._regions],
        }

    def _go_on(self, state: PlainState) -> None:
        """Take up the lines and regions by where they are, whatever their order; a rule that is off remembers nothing."""
        if self._roi.is_whole and state["size"] != [0, 0]:
            self._size = list(state["size"])
            self._regions = [self._region(whole(*self._size))]
        if self._config.line_detection_sw:
            for line in self._lines:
                line.restore(next((known for ends, known in state["lines"] if ends == _ends(line.line)), {}))
        if self._watches_regions:
            for region in self._regions:
                here = _corners(region.polygon)
                region.restore(next((known for corners, known in state["regions"] if corners == here), {}))


def _ends(line: Line) -> list[float]:
    return [*line.start, *line.end]


def _corners(polygon: Polygon) -> list[list[float]]:
    return [list(corner) for corner in polygon.corners]
