"""Abandoned object: something was put down, and nobody takes it away."""

from collections.abc import Iterator
from typing import Annotated, Final, Self

from msgspec import Meta

from vedette.algorithms.base import Algorithm, EventKind, Manifest, Models, PlainState, ServiceName
from vedette.algorithms.geometry import Points, Polygon
from vedette.algorithms.keys import PictureKeys, RegionKeys, SizeKeys, key
from vedette.algorithms.parameters import Number
from vedette.algorithms.passers import Passers
from vedette.algorithms.roles import ARRIVED, OBJECTS, STILL, STILL_AFTER_S
from vedette.algorithms.rules.places import Corners, in_one_place
from vedette.algorithms.rules.standing import Standing
from vedette.algorithms.rules.stay import Stay, StayWatch
from vedette.algorithms.targets import Following, Kinds, Targets
from vedette.algorithms.zones import SLACK, Zones, sights
from vedette.model.event import Finding
from vedette.model.frame import Frame
from vedette.model.message import BoundingBox, EventData, Track

ABANDONED: Final = 327680
USUAL_SIZES: Final = (50.0, 1080.0)
TAKEN_S: Final = 2.0
"""Seconds unseen after which a thing has been taken away: its detector knows things that are hidden."""


class AbandonedConfig(RegionKeys, PictureKeys, SizeKeys):
    """The task's `config.common`; all keys as documented."""

    alert_time_threshold: Number = key(
        "Time after which a thing counts as abandoned", "遗留时间阈值", 10.0, unit="seconds", ge=0, le=86_400
    )
    alert_detection_interval: Number = key(
        "Time before the same place is told of again", "告警间隔", 5.0, unit="seconds", ge=0, le=86_400
    )


class AbandonedTarget(EventData):
    """A thing that nobody took away."""

    bounding_box: BoundingBox
    target_remaining_time: Annotated[
        str, Meta(description="For how many whole seconds it has been there.", pattern="^[0-9]+$")
    ]
    detection_id: Annotated[Track, Meta(description="The same for as long as the thing is there.")]


class AbandonedData(EventData):
    """One thing that was left behind."""

    event_set: Annotated[tuple[AbandonedTarget, ...], Meta(description="The thing.", min_length=1, max_length=1)]


class AbandonedObject(Following, Algorithm[AbandonedConfig]):
    """Tells each thing once that was put down in a region and is still there after a while."""

    manifest = Manifest(
        name="abandoned_object",
        services=(
            ServiceName("c-abandon-detection-cloud", "cloud"),
            ServiceName("c-abandon-detection-edge", "edge"),
        ),
        versions=("1.0", "1.1", "3.0"),
        title_en="Abandoned object detection",
        title_cn="遗留物检测",
        config=AbandonedConfig,
        roles=(STILL, OBJECTS),
        events=(EventKind(ABANDONED, "abandoned-object", AbandonedData),),
        description=(
            "Something was put down in a region and is still there after a while. Needs no model; with one for objects, "
            "people, vehicles and animals that stand still are told apart better."
        ),
        function_version="1.0",
        tags=("abandoned object", "left luggage"),
        released_at=1_795_478_400_000,  # 24 November 2026
    )

    def __init__(self, config: AbandonedConfig, models: Models) -> None:
        self._config = config
        self._detector = models.detector(STILL)
        kinds = Kinds(("object",), {label: 0 for label in self._detector.labels if label != ARRIVED}, unknown=0)
        self._targets = Targets(self._detector, kinds)
        self._passers = Passers(models.detector(OBJECTS)) if models.has(OBJECTS) else None
        self._roi = config.roi()
        self._regions = Zones(self._roi.polygons, self._watch, is_whole=self._roi.is_whole)
        self._since: dict[int, float] = {}
        self._told: list[list[float]] = []  # region, time, left, top, right, bottom

    def _watch(self, polygon: Polygon) -> StayWatch:
        return StayWatch(polygon, max(0.0, self._config.alert_time_threshold - STILL_AFTER_S), gone_s=TAKEN_S)

    def note(self) -> str:
        """Return which detectors are at work."""
        if self._passers is None:
            return f"detector: {self._detector.name} (no model for objects; who came by foot is told by size and shape)"
        return f"detectors: {self._detector.name}, {self._passers.name}"

    def process(self, frame: Frame) -> Iterator[Finding]:
        """Look for things that stay, and tell of those that stay for too long."""
        time = frame.time
        targets = self._targets.look(frame, *self._config.sizes(frame.height, USUAL_SIZES))
        for target in targets:
            self._since.setdefault(target.track, time - STILL_AFTER_S)
        self._told = [told for told in self._told if time - told[1] < self._config.alert_detection_interval]
        ids, boxes, feet, standings = sights(targets, frame)
        slack = frame.height * SLACK
        if targets and self._passers is not None:
            held = self._passers.hold(frame, boxes)
            standings = [Standing.UNSURE if passer else one for passer, one in zip(held, standings, strict=True)]
        for n, (_, watch) in enumerate(self._regions.on(frame)):
            rested = self._rested(n, boxes, standings)
            for stay in watch.update(ids, boxes, feet, rested, slack, time):
                if not stay.over:
                    self._told.append([n, time, *stay.box])
                    yield self._finding(n, stay, time)
        self._forget(frame)

    def _rested(self, region: int, boxes: Points, standings: list[Standing]) -> list[Standing]:
        """Return what the targets count for, where a place that was told a moment ago has to wait."""
        places: list[Corners] = [(told[2], told[3], told[4], told[5]) for told in self._told if told[0] == region]
        return [
            Standing.UNSURE if any(in_one_place(place, (box[0], box[1], box[2], box[3])) for place in places) else one
            for box, one in zip(boxes.tolist(), standings, strict=True)
        ]

    def _forget(self, frame: Frame) -> None:
        kept = self._targets.alive | {stay.number for _, watch in self._regions.on(frame) for stay in watch.long}
        self._since = {track: since for track, since in self._since.items() if track in kept}

    def _finding(self, region: int, stay: Stay, time: float) -> Finding:
        since = min(self._since.get(number, time) for number in (stay.number, stay.track))
        target = AbandonedTarget(
            bounding_box=stay.bounding_box,
            target_remaining_time=str(max(0, int(time - since + 1e-6))),
            detection_id=Track(stay.number),
        )
        drawing = self._config.drawing([(stay.whole_box, f"object {stay.number}")], self._roi)
        return Finding(ABANDONED, f"region:{region}:stay:{stay.number}", AbandonedData(event_set=(target,)), drawing)

    def state(self) -> PlainState:
        """Return all it remembers."""
        return {
            "targets": self._targets.state(),
            "regions": self._regions.state(),
            "since": {str(track): since for track, since in self._since.items()},
            "told": [list(told) for told in self._told],
            "passers": None if self._passers is None else self._passers.state(),
        }

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave, of the regions that are the same still."""
        self._targets.restore(state["targets"])
        if self._passers is not None and state["passers"] is not None:
            self._passers.restore(state["passers"])
        self._go_on(state)

    def succeed(self, former: Self) -> None:
        """Take up what is known of the things, and of the regions that are the same still."""
        if self._targets.succeed(former._targets):
            self._go_on(former.state())

    def _go_on(self, state: PlainState) -> None:
        self._regions.restore(state["regions"])
        self._since = {int(track): float(since) for track, since in state["since"].items()}
        self._told = [list(told) for told in state["told"]]
