"""Whatever a model knows: things of chosen classes in a region, and across lines; for a model of one's own.

One finding is one message with one thing.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, replace
from typing import Annotated, Final, Self

from msgspec import UNSET, Meta, UnsetType
from pydantic import field_validator

from vedette.algorithms.base import Algorithm, Detector, EventKind, Manifest, Models, PlainState, ServiceName
from vedette.algorithms.geometry import Line, Polygon, whole
from vedette.algorithms.keys import PictureKeys, RegionKeys, SizeKeys, key
from vedette.algorithms.parameters import Number, Switch
from vedette.algorithms.rules.crossing import LineWatch
from vedette.algorithms.rules.spells import Ended, Lasted, Spells
from vedette.algorithms.rules.standing import Standing
from vedette.algorithms.targets import Following, Kinds, Target, Targets, columns
from vedette.model.errors import ModelError
from vedette.model.event import Drawing, Finding
from vedette.model.frame import Frame
from vedette.model.message import BoundingBox, EventData, Track

OBJECT: Final = 0x7F03_0000
CROSSING: Final = 0x7F03_0001
SLACK: Final = 1 / 72
"""Share of the picture's height by which a foot must be clear of a line (8 px of 576)."""
SIZES: Final = (0.0, 10_000.0)


class DetectionConfig(RegionKeys, PictureKeys, SizeKeys):
    """The task's `config.common`; the service is ours, and so are its keys."""

    model: str = key("Role or name of the model", "模型角色或名称", "objects", min_length=1, max_length=64)
    classes: str = key("Classes, with commas between them; empty: all", "检测类别", "", max_length=4096)
    detection_threshold: Number = key(
        "How sure the model must be; 0.5 is its own threshold", "置信度阈值", 0.5, ge=0, le=1
    )
    region_detection_sw: Switch = key("Region rule", "区域检测开关", True)
    line_detection_sw: Switch = key("Line rule", "绊线检测开关", True)
    alert_time_threshold: Number = key(
        "Time in the region before it is told", "告警时间阈值", 1.0, unit="seconds", ge=0, le=86_400
    )
    alert_gone_threshold: Number = key(
        "Time unseen after which it is gone", "目标消失时间阈值", 5.0, unit="seconds", ge=0, le=86_400
    )
    alert_detection_interval: Number = key(
        "Time before a rule tells of the same thing again", "告警间隔", 0.0, unit="seconds", ge=0, le=86_400
    )
    event_disappear_alert_sw: Switch = key("Tell when a thing is gone", "目标消失告警开关", False)

    @field_validator("model")
    @classmethod
    def _is_a_name(cls, text: str) -> str:
        if text.strip() != text or not text.isprintable():
            raise ValueError("must be a role or a name")
        return text

    def wanted(self) -> frozenset[str]:
        """Return the classes asked for, as they are compared; none: all."""
        return frozenset(name.strip().casefold() for name in self.classes.split(",") if name.strip())


class DetectedObject(EventData):
    """A thing, and what it is."""

    bounding_box: BoundingBox
    detection_id: Annotated[Track, Meta(description="The same for as long as the thing is followed.")]
    label: Annotated[str, Meta(description="Its class, as the model names it.")]
    confidence: Annotated[float, Meta(description="How sure the model is; 0.5 is its own threshold.", ge=0, le=1)]
    polygon_name: Annotated[str, Meta(description="The region's name, if it has one.", min_length=1)] | UnsetType = (
        UNSET
    )


class CrossingObject(EventData):
    """A thing that crossed a line."""

    bounding_box: BoundingBox
    detection_id: Annotated[Track, Meta(description="The same for as long as the thing is followed.")]
    label: Annotated[str, Meta(description="Its class, as the model names it.")]
    confidence: Annotated[float, Meta(description="How sure the model is; 0.5 is its own threshold.", ge=0, le=1)]
    start_position: Annotated[str, Meta(description="Name of the line's side it was on before.")]
    end_position: Annotated[str, Meta(description="Name of the side it is on now.")]


class DetectionData(EventData):
    """One thing in a region."""

    event_set: Annotated[tuple[DetectedObject, ...], Meta(description="The thing.", min_length=1, max_length=1)]


class CrossingData(EventData):
    """One thing that crossed a line."""

    event_set: Annotated[tuple[CrossingObject, ...], Meta(description="The thing.", min_length=1, max_length=1)]


class Detection(Following, Algorithm[DetectionConfig]):
    """Tells each thing once per region and stay, and once per crossing."""

    manifest = Manifest(
        name="detection",
        services=(ServiceName("c-object-detection-cloud", "cloud"), ServiceName("c-object-detection-edge", "edge")),
        versions=("1.0",),
        title_en="Object detection",
        title_cn="目标检测",
        config=DetectionConfig,
        roles=("objects",),
        events=(
            EventKind(OBJECT, "object", DetectionData, ends=True),
            EventKind(CROSSING, "object_crossing", CrossingData),
        ),
        description=(
            "Things of chosen classes are in a region for long enough, or cross a line; with whatever model is named. "
            "The service, its event types and its message are ours."
        ),
        function_version="1.0",
        tags=("object", "detection", "own model"),
        released_at=1_795_478_400_000,  # 24 November 2026
    )

    def __init__(self, config: DetectionConfig, models: Models) -> None:
        self._config, self._roi = config, config.roi()
        self._detector = models.detector(config.model)
        self._kinds = _kinds(self._detector, config.wanted())
        self._targets = Targets(self._detector, self._kinds)
        self._lines = [LineWatch(line, config.alert_detection_interval) for line in self._roi.lines]
        self._size = [0, 0]
        self._regions = [(polygon, self._spells()) for polygon in self._roi.polygons]
        self._known: dict[int, Target] = {}

    def note(self) -> str:
        """Return which model is at work."""
        return f"detector: {self._detector.name}"

    def process(self, frame: Frame) -> Iterable[Finding]:
        """Follow what is seen, and tell what comes and what crosses."""
        if self._roi.is_whole and self._size != [frame.width, frame.height]:
            self._size = [frame.width, frame.height]
            self._regions = [(whole(*self._size), self._spells())]
        found = self._targets.look(frame, *self._config.sizes(frame.height, SIZES))
        targets = [self._judged(target) for target in found]
        findings = [*self._across(targets, frame)]
        if self._config.region_detection_sw:
            for n, (polygon, spells) in enumerate(self._regions):
                findings += self._within(n, polygon, spells, targets, frame.time)
        for watch in self._lines:
            watch.keep(self._targets.alive)
        kept = {track for _, spells in self._regions for track in spells.keys}
        self._known = {track: target for track, target in self._known.items() if track in kept}
        return findings

    def _spells(self) -> Spells:
        config = self._config
        return Spells(config.alert_time_threshold, config.alert_gone_threshold, config.alert_detection_interval)

    def _judged(self, target: Target) -> Target:
        unsure = target.standing is Standing.COUNTED and target.score < self._config.detection_threshold
        return replace(target, standing=Standing.IGNORED) if unsure else target

    def _across(self, targets: Sequence[Target], frame: Frame) -> Iterator[Finding]:
        if not self._config.line_detection_sw:
            return
        seen, slack = {target.track: target for target in targets}, frame.height * SLACK
        for n, watch in enumerate(self._lines):
            for one in watch.update(*columns(targets), slack, frame.time):
                target = seen[one.track]
                told = CrossingObject(
                    bounding_box=_box(target),
                    detection_id=Track(target.track),
                    label=self._kinds.captions[target.category],
                    confidence=round(target.score, 3),
                    start_position=watch.line.side_name(one.before),
                    end_position=watch.line.side_name(one.after),
                )
                data = CrossingData(event_set=(told,))
                yield Finding(CROSSING, f"line:{n}:track:{one.track}", data, self._drawing(target))

    def _within(
        self, n: int, polygon: Polygon, spells: Spells, targets: Sequence[Target], time: float
    ) -> Iterator[Finding]:
        _, feet, standings = columns(targets)
        inside = polygon.contains(feet).tolist() if targets else []
        here = {
            target.track: target
            for target, within, standing in zip(targets, inside, standings, strict=True)
            if within and standing is Standing.COUNTED
        }
        self._known |= here
        lasted, ended = spells.update({track: target.box for track, target in here.items()}, time)
        told: list[Lasted | Ended] = [*lasted, *(ended if self._config.event_disappear_alert_sw else [])]
        for one in told:
            target = self._known[one.key]
            thing = DetectedObject(
                bounding_box=_box(target),
                detection_id=Track(one.name),
                label=self._kinds.captions[target.category],
                confidence=round(target.score, 3),
                polygon_name=polygon.name or UNSET,
            )
            data = DetectionData(event_set=(thing,))
            yield Finding(OBJECT, f"region:{n}:track:{one.name}", data, self._drawing(target), isinstance(one, Ended))

    def _drawing(self, target: Target) -> Drawing:
        return self._config.drawing([(target.box, self._kinds.captions[target.category])], self._roi)

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
            "regions": [[_corners(polygon), spells.state()] for polygon, spells in self._regions],
            "known": [list(astuple(target)) for target in self._known.values()],
        }

    def _go_on(self, state: PlainState) -> None:
        """Take up the lines and regions by where they are, whatever their order."""
        if self._roi.is_whole and state["size"] != [0, 0]:
            self._size = list(state["size"])
            self._regions = [(whole(*self._size), self._spells())]
        for line in self._lines:
            line.restore(next((known for ends, known in state["lines"] if ends == _ends(line.line)), {}))
        for polygon, spells in self._regions:
            spells.restore(next((known for corners, known in state["regions"] if corners == _corners(polygon)), {}))
        for track, category, box, score, foot, standing, shown in state["known"]:
            here = int(box[0]), int(box[1]), int(box[2]), int(box[3])
            place = float(foot[0]), float(foot[1])
            self._known[track] = Target(track, category, here, score, place, Standing(standing), shown)


def _kinds(detector: Detector, wanted: frozenset[str]) -> Kinds:
    """Return what is looked for, in a detector's classes.

    Raises:
        ModelError: it does not know one of the classes.
    """
    if not detector.knows_classes:
        return Kinds(("target",), {}, None if wanted else 0)
    strange = sorted(wanted - {label.casefold() for label in detector.labels})
    if strange:
        raise ModelError(f"The model {detector.name} does not know {', '.join(strange)}.")
    of = {label: n for n, label in enumerate(detector.labels) if not wanted or label.casefold() in wanted}
    return Kinds(detector.labels, of)


def _box(target: Target) -> BoundingBox:
    left, top, width, height = target.box
    return BoundingBox(x=left, y=top, w=width, h=height)


def _ends(line: Line) -> list[float]:
    return [*line.start, *line.end]


def _corners(polygon: Polygon) -> list[list[float]]:
    return [list(corner) for corner in polygon.corners]
