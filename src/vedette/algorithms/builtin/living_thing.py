"""Suspected living thing: something small moves where nothing should, such as a rat in a kitchen at night."""

from collections.abc import Iterator
from typing import Annotated, Final, Self

from msgspec import UNSET, Meta, UnsetType

from vedette.algorithms.base import Algorithm, EventKind, Manifest, Models, PlainState, ServiceName
from vedette.algorithms.geometry import Polygon
from vedette.algorithms.keys import PictureKeys, RegionKeys, SizeKeys
from vedette.algorithms.roles import MOTION
from vedette.algorithms.rules.region import Entered, RegionWatch
from vedette.algorithms.targets import Following, Kinds, Target, Targets, columns
from vedette.algorithms.zones import SLACK, Zones
from vedette.model.event import Finding
from vedette.model.frame import Frame
from vedette.model.message import BoundingBox, EventData, Track

LIVING: Final = 0x7F010000
"""Ours: the published number is not known."""
USUAL_SIZES: Final = (5.0, 50.0)


class LivingConfig(RegionKeys, PictureKeys, SizeKeys):
    """The task's `config.common`; all keys as documented."""


class LivingTarget(EventData):
    """Something that moves."""

    bounding_box: BoundingBox
    detection_id: Annotated[Track, Meta(description="The same for as long as it is followed.")]
    polygon_name: Annotated[str, Meta(description="The region's name, if it has one.", min_length=1)] | UnsetType = (
        UNSET
    )


class LivingData(EventData):
    """One thing that moved in a region."""

    event_set: Annotated[tuple[LivingTarget, ...], Meta(description="What moved.", min_length=1, max_length=1)]


class LivingThing(Following, Algorithm[LivingConfig]):
    """Tells each small thing once that moves in a region."""

    manifest = Manifest(
        name="living_thing",
        services=(
            ServiceName("c-living-detect-cloud", "cloud"),
            ServiceName("c-living-detect-edge", "edge"),
        ),
        versions=("1.0", "1.1", "3.0"),
        title_en="Suspected living thing",
        title_cn="疑似活物检测",
        config=LivingConfig,
        roles=(MOTION,),
        events=(EventKind(LIVING, "living-thing", LivingData),),
        description=(
            "Something small moves in a region. Needs no model: it sees motion, in a picture scaled to 320 columns, so what "
            "is smaller than about four of those pixels is not seen. The event type is ours."
        ),
        function_version="1.0",
        tags=("living thing", "rodent", "motion"),
        released_at=1_795_478_400_000,  # 24 November 2026
    )

    def __init__(self, config: LivingConfig, models: Models) -> None:
        self._config = config
        self._detector = models.detector(MOTION)
        anything = Kinds(("moving",), dict.fromkeys(self._detector.labels, 0), unknown=0)
        self._targets = Targets(self._detector, anything)
        self._roi = config.roi()
        self._regions = Zones(self._roi.polygons, self._watch, is_whole=self._roi.is_whole)

    @staticmethod
    def _watch(polygon: Polygon) -> RegionWatch:
        return RegionWatch(polygon, float("inf"))

    def note(self) -> str:
        """Return which detector is at work."""
        return f"detector: {self._detector.name}"

    def process(self, frame: Frame) -> Iterator[Finding]:
        """Follow what moves, and tell of what is small."""
        targets = self._targets.look(frame, *self._config.sizes(frame.height, USUAL_SIZES))
        seen = {target.track: target for target in targets}
        ids, feet, standings = columns(targets)
        for n, (polygon, watch) in enumerate(self._regions.on(frame)):
            for event in watch.update(ids, feet, standings, frame.height * SLACK, frame.time):
                if isinstance(event, Entered):
                    yield self._finding(n, seen[event.track], polygon.name)
            watch.keep(self._targets.alive)

    def _finding(self, region: int, target: Target, polygon_name: str) -> Finding:
        left, top, width, height = target.box
        told = LivingTarget(
            bounding_box=BoundingBox(x=left, y=top, w=width, h=height),
            detection_id=Track(target.track),
            polygon_name=polygon_name or UNSET,
        )
        drawing = self._config.drawing([(target.box, f"moving {target.track}")], self._roi)
        return Finding(LIVING, f"region:{region}:track:{target.track}", LivingData(event_set=(told,)), drawing)

    def state(self) -> PlainState:
        """Return all it remembers."""
        return {"targets": self._targets.state(), "regions": self._regions.state()}

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave, of the regions that are the same still."""
        self._targets.restore(state["targets"])
        self._regions.restore(state["regions"])

    def succeed(self, former: Self) -> None:
        """Take up the tracks, and what belongs to the regions that are the same still."""
        if self._targets.succeed(former._targets):
            self._regions.restore(former._regions.state())
