"""Crowds from a high point: how many people are in the regions, or in each cell of a grid."""

from collections.abc import Iterable
from typing import Annotated, Self

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from vedette.algorithms.base import Algorithm, EventKind, Manifest, Models, PlainState, ServiceName
from vedette.algorithms.census import USUAL_ALARM, Census, CensusKeys, Seen, drawing, for_each
from vedette.algorithms.geometry import Polygon
from vedette.algorithms.keys import RegionKeys, key
from vedette.algorithms.parameters import Whole
from vedette.algorithms.rules import Grid, Look, Samples
from vedette.algorithms.rules.density import Counts, per_region, whole_picture
from vedette.model.event import Finding
from vedette.model.frame import Frame
from vedette.model.message import EventData

HIGH_POINT_CROWD = 1769472
MANY_CELLS = 400
"""Of a grid with more cells than this, those without people are left out of the message."""


class HighPointCrowdConfig(RegionKeys, CensusKeys):
    """The task's `config.common`; all keys as documented, and those of the other service for crowds."""

    grid_x_number: Whole = key("Cells side by side; 0 for regions", "水平方向网格数", 0, unit="cells", ge=0, le=500)
    grid_y_number: Whole = key(
        "Cells one above the other; 0 for regions", "垂直方向网格数", 0, unit="cells", ge=0, le=500
    )


Point = tuple[int, int]


class HighPointArea(EventData):
    """One region, or one cell of the grid."""

    crowd_count: Annotated[int, Meta(description="How many people are in it.", ge=0)]
    polygon: Annotated[tuple[Point, ...], Meta(description="Its corners, each [x, y] in pixels.", min_length=3)]


class HighPointCrowdData(EventData):
    """How many people are where."""

    scene_type: Annotated[int, Meta(description="Always 1.", ge=1, le=1)]
    alarm_type: Annotated[
        int, Meta(description="1: somewhere there are more people than the threshold; 0: nowhere.", ge=0, le=1)
    ]
    total_crowd_count: Annotated[int, Meta(description="How many people are in all areas together.", ge=0)]
    event_set: Annotated[
        tuple[HighPointArea, ...],
        Meta(
            description="Each region of the task, or each cell of the grid that has a part in one, row by row; of more "
            f"than {MANY_CELLS} cells those with people."
        ),
    ]


class HighPointCrowd(Algorithm[HighPointCrowdConfig]):
    """Counts people per region or per cell of a grid now and then."""

    manifest = Manifest(
        name="high-point-crowd",
        services=(
            ServiceName("c-highpoint-crowdcount-cloud", "cloud"),
            ServiceName("c-highpoint-crowdcount-edge", "edge"),
        ),
        versions=("1.0", "1.1", "3.0"),
        title_en="High-point crowd counting",
        title_cn="高点人群统计",
        config=HighPointCrowdConfig,
        roles=("objects",),
        events=(EventKind(HIGH_POINT_CROWD, "high-point crowd", HighPointCrowdData),),
        analysis_fps=5.0,
        description=(
            "Counts the people in each region, or in each cell of a grid over the picture, at every sample, and tells "
            "where there are too many; then there is a picture too."
        ),
        function_version="1.0",
        tags=("crowd", "grid", "people counting"),
        released_at=1_795_478_400_000,  # 24 November 2026
    )

    def __init__(self, config: HighPointCrowdConfig, models: Models) -> None:
        self._config = config
        self._detector = models.detector("objects")
        self._census = Census(self._detector)
        self._samples = Samples(config.sampling_time_interval)
        self._polygons = config.roi().polygons
        self._size = (0, 0)
        self._grid: Grid | None = None
        self._shown: NDArray[np.int64] = np.zeros(0, np.int64)

    def note(self) -> str:
        """Return which detector is at work."""
        return f"detector: {self._detector.name}"

    def process(self, frame: Frame) -> Iterable[Finding]:
        """Look where a sample needs it, and tell the sample when it is due."""
        look = self._samples.step(frame.time)
        if look is Look.PASS:
            return ()
        self._fit(frame.width, frame.height)
        seen = self._census.look(frame)
        counts = self._samples.steady(frame.time, self._count(frame, seen))
        return (self._finding(frame, counts, seen),) if look is Look.TELL else ()

    def _fit(self, width: int, height: int) -> None:
        """Lay the grid over a picture of this size."""
        columns, rows = self._config.grid_x_number, self._config.grid_y_number
        if not columns or not rows or self._size == (width, height):
            return
        self._size = width, height
        self._grid = Grid(width, height, columns, rows)
        within = self._grid.within(self._regions(width, height))
        self._shown = np.flatnonzero(within)

    def _regions(self, width: int, height: int) -> tuple[Polygon, ...]:
        return self._polygons or (whole_picture(width, height),)

    def _count(self, frame: Frame, seen: Seen) -> Counts:
        regions = self._regions(frame.width, frame.height)
        if self._grid is None:
            return per_region(regions, seen.feet)
        inside = np.any([polygon.contains(seen.feet) for polygon in regions], axis=0)
        return self._grid.count(seen.feet[inside])

    def _finding(self, frame: Frame, counts: Counts, seen: Seen) -> Finding:
        regions = self._regions(frame.width, frame.height)
        thresholds = self._config.alarm_threshold
        if self._grid is None:
            most = for_each(thresholds, len(counts), USUAL_ALARM)
            areas = [tuple((round(x), round(y)) for x, y in polygon.corners) for polygon in regions]
            told = np.arange(len(counts))
        else:
            most = for_each(thresholds, 1, USUAL_ALARM) * len(counts)
            areas = [tuple((x, y) for x, y in cell) for cell in self._grid.corners().tolist()]
            told = self._shown[counts[self._shown] > 0] if len(self._shown) > MANY_CELLS else self._shown
        alarm = bool((counts > np.array(most)).any())
        data = HighPointCrowdData(
            scene_type=1,
            alarm_type=int(alarm),
            total_crowd_count=int(counts.sum()),
            event_set=tuple(HighPointArea(crowd_count=int(counts[n]), polygon=areas[n]) for n in told.tolist()),
        )
        return Finding(HIGH_POINT_CROWD, "crowd", data, drawing(self._config, seen, regions) if alarm else None)

    def state(self) -> PlainState:
        """Return all it remembers."""
        return {"census": self._census.state(), **self._sampled()}

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave; samples of other regions are not these."""
        self._census.restore(state["census"])
        self._go_on(state)

    def succeed(self, former: Self) -> None:
        """Go on with the samples."""
        self._go_on(former._sampled())

    def _sampled(self) -> PlainState:
        grid = [self._config.grid_x_number, self._config.grid_y_number]
        corners = [[list(corner) for corner in polygon.corners] for polygon in self._polygons]
        return {"areas": [grid, corners], "samples": self._samples.state()}

    def _go_on(self, state: PlainState) -> None:
        self._samples.restore(state["samples"], same_areas=state["areas"] == self._sampled()["areas"])
