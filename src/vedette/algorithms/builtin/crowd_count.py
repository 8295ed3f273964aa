"""Crowds: how many people are in each region, told at every sample, with a picture where they are too many."""

from collections.abc import Iterable
from typing import Annotated, Self

import numpy as np
from msgspec import UNSET, Meta, UnsetType

from vedette.algorithms.base import Algorithm, Detector, EventKind, Manifest, Models, PlainState, ServiceName
from vedette.algorithms.census import USUAL_ALARM, Census, CensusKeys, Seen, Thresholds, drawing, for_each
from vedette.algorithms.geometry import Polygon
from vedette.algorithms.keys import RegionKeys, key
from vedette.algorithms.parameters import Switch
from vedette.algorithms.rules import Look, Samples
from vedette.algorithms.rules.density import covered, per_region, whole_picture
from vedette.model.event import Finding
from vedette.model.frame import Frame
from vedette.model.message import EventData

CROWD = 524288
BANNERS = "banners"
"""The role of a model that sees banners; there may be none."""
BANNER_BELIEVED = 0.4
"""Score from which a banner counts."""
USUAL_BANNERS = 2

QUIET, PEOPLE_ALARM, BANNER_ALARM = 0, 1, 2
"""`alarm_type` within `data`."""


class CrowdCountConfig(RegionKeys, CensusKeys):
    """The task's `config.common`; all keys as documented."""

    banner_detection_sw: Switch = key("Count banners", "横幅检测开关", True)
    banner_threshold: Thresholds = key(
        "Banners beyond which the alarm is a graver one, for each region",
        "横幅告警阈值",
        str(USUAL_BANNERS),
        unit="banners",
    )
    density_sw: Switch = key("Tell the density", "密度检测开关", False)


Point = tuple[int, int]


class CrowdRegion(EventData):
    """One region."""

    crowd_count: Annotated[int, Meta(description="How many people are in it.", ge=0)]
    banner_count: Annotated[int, Meta(description="How many banners are in it; 0 where nobody looks.", ge=0)]
    polygon: Annotated[tuple[Point, ...], Meta(description="Its corners, each [x, y] in pixels.", min_length=3)]
    density: (
        Annotated[
            float, Meta(description="The share of the region that people cover, 0 to 1; with `density_sw`.", ge=0, le=1)
        ]
        | UnsetType
    ) = UNSET


class CrowdData(EventData):
    """How many people are in the regions."""

    scene_type: Annotated[int, Meta(description="Always 1.", ge=1, le=1)]
    alarm_type: Annotated[
        int,
        Meta(
            description="0: in no region are there more people than its threshold; 1: in one there are; 2: and more "
            "banners than its threshold too.",
            ge=0,
            le=2,
        ),
    ]
    event_set: Annotated[tuple[CrowdRegion, ...], Meta(description="Each region of the task.", min_length=1)]


class CrowdCount(Algorithm[CrowdCountConfig]):
    """Counts the people in each region now and then."""

    manifest = Manifest(
        name="crowd-count",
        services=(ServiceName("c-crowdcount-cloud", "cloud"), ServiceName("c-crowdcount-edge", "edge")),
        versions=("1.0", "1.1", "3.0"),
        title_en="Crowd counting",
        title_cn="高密度人群统计",
        config=CrowdCountConfig,
        roles=("objects",),
        events=(EventKind(CROWD, "crowd", CrowdData),),
        analysis_fps=5.0,
        description=(
            "Counts the people in each region at every sample, and tells where there are too many; then there is a "
            "picture too. Banners are counted where a model of the role `banners` is installed. `density` is ours."
        ),
        function_version="1.0",
        tags=("crowd", "density", "people counting"),
        released_at=1_795_478_400_000,  # 24 November 2026
    )

    def __init__(self, config: CrowdCountConfig, models: Models) -> None:
        self._config = config
        self._detector = models.detector("objects")
        self._census = Census(self._detector)
        wanted = config.banner_detection_sw
        self._banners: Detector | None = models.detector(BANNERS) if wanted and models.has(BANNERS) else None
        self._samples = Samples(config.sampling_time_interval)
        self._polygons = config.roi().polygons

    def note(self) -> str:
        """Return which detectors are at work."""
        note = f"detector: {self._detector.name}"
        if self._banners is not None:
            return f"{note}; banners: {self._banners.name}"
        return f"{note}; no model of the role {BANNERS} is installed" if self._config.banner_detection_sw else note

    def process(self, frame: Frame) -> Iterable[Finding]:
        """Look where a sample needs it, and tell the sample when it is due."""
        look = self._samples.step(frame.time)
        if look is Look.PASS:
            return ()
        polygons = self._polygons or (whole_picture(frame.width, frame.height),)
        seen = self._census.look(frame)
        counts = self._samples.steady(frame.time, per_region(polygons, seen.feet))
        return (self._finding(frame, polygons, counts.tolist(), seen),) if look is Look.TELL else ()

    def _finding(self, frame: Frame, polygons: tuple[Polygon, ...], counts: list[int], seen: Seen) -> Finding:
        config = self._config
        banners = self._count_banners(frame, polygons)
        most = for_each(config.alarm_threshold, len(polygons), USUAL_ALARM)
        most_banners = for_each(config.banner_threshold, len(polygons), USUAL_BANNERS)
        crowded = [count > limit for count, limit in zip(counts, most, strict=True)]
        waved = [banner > limit for banner, limit in zip(banners, most_banners, strict=True)]
        alarm = BANNER_ALARM if any(crowded) and any(waved) else PEOPLE_ALARM if any(crowded) else QUIET
        regions = tuple(
            CrowdRegion(
                crowd_count=count,
                banner_count=banner,
                polygon=tuple((round(x), round(y)) for x, y in polygon.corners),
                density=round(covered(polygon, seen.boxes), 3) if config.density_sw else UNSET,
            )
            for polygon, count, banner in zip(polygons, counts, banners, strict=True)
        )
        data = CrowdData(scene_type=1, alarm_type=alarm, event_set=regions)
        return Finding(CROWD, "crowd", data, None if alarm == QUIET else drawing(config, seen, polygons))

    def _count_banners(self, frame: Frame, polygons: tuple[Polygon, ...]) -> list[int]:
        if self._banners is None:
            return [0] * len(polygons)
        found = self._banners(frame)
        boxes = found.boxes[found.scores >= BANNER_BELIEVED].astype(np.float64)
        return [int(count) for count in per_region(polygons, (boxes[:, :2] + boxes[:, 2:]) / 2)]

    def state(self) -> PlainState:
        """Return all it remembers."""
        banners = None if self._banners is None else self._banners.state()
        return {"census": self._census.state(), "banners": banners, **self._sampled()}

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave; samples of other regions are not these."""
        self._census.restore(state["census"])
        if self._banners is not None and state["banners"] is not None:
            self._banners.restore(state["banners"])
        self._go_on(state)

    def succeed(self, former: Self) -> None:
        """Go on with the samples."""
        self._go_on(former._sampled())

    def _sampled(self) -> PlainState:
        corners = [[list(corner) for corner in polygon.corners] for polygon in self._polygons]
        return {"regions": corners, "samples": self._samples.state()}

    def _go_on(self, state: PlainState) -> None:
        self._samples.restore(state["samples"], same_areas=state["regions"] == self._sampled()["regions"])
