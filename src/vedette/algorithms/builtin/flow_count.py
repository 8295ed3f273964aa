"""People flow: who crosses a line, who is in a region, and where people spend their time, told every few seconds.

The messages are statistics: they have no picture of the event, and come whether or not anything has happened.
"""

import base64
from collections.abc import Iterable, Iterator
from typing import Self

import numpy as np
from msgspec import UNSET

from vedette.algorithms.base import Algorithm, EventKind, Manifest, Models, PlainState, ServiceName
from vedette.algorithms.colours import LOWER, UPPER, Part, main_colours
from vedette.algorithms.flow_messages import (
    Clothes,
    HeatData,
    LineFlow,
    LineFlowData,
    Point,
    RegionFlow,
    RegionFlowData,
)
from vedette.algorithms.geometry import Line, Points, Polygon
from vedette.algorithms.keys import RegionKeys, key
from vedette.algorithms.parameters import Switch, Whole
from vedette.algorithms.rules import FixtureWatch, HeatMap, Intervals, LineCount, RegionCount, Standing
from vedette.algorithms.rules.density import in_picture, whole_picture
from vedette.algorithms.targets import PERSON, Following, Kinds, Targets, columns
from vedette.model.event import Box, Finding
from vedette.model.frame import Frame

LINE, REGION, HEAT = 131073, 131074, 131075

PEOPLE = Kinds(("person",), {"person": PERSON}, unknown=PERSON)
"""Where no model is installed, whatever moves counts as one."""
SLACK = 1 / 72
"""Share of the picture's height by which a foot must be clear of an edge or a line (8 px of 576)."""


_Worn = dict[tuple[int, str, str], int]
"""Of one line: to which side (as the sign of `Line.signed`), colours of upper and lower clothes -> how many."""


class FlowCountConfig(RegionKeys):
    """The task's `config.common`; all keys as documented."""

    line_detection_sw: Switch = key("Count at lines", "过线人流量统计开关", True)
    line_count_interval: Whole = key(
        "Interval of line counts", "过线人流量统计周期", 2, unit="seconds", ge=1, le=86_400
    )
    region_detection_sw: Switch = key("Count in regions", "区域人流量统计开关", True)
    region_count_interval: Whole = key(
        "Interval of region counts", "区域人流量统计周期", 2, unit="seconds", ge=1, le=86_400
    )
    heatmap_detection_sw: Switch = key("Heat map", "热力图检测开关", False)
    heatmap_detection_interval: Whole = key(
        "Interval of heat maps", "热力图检测周期", 60, unit="seconds", ge=1, le=86_400
    )
    heatmap_point_interval: Whole = key(
        "Pictures from one update of the heat map to the next", "热点图更新周期", 4, unit="pictures", ge=1, le=10_000
    )
    attribute_detection_sw: Switch = key("Count crossings by colour of clothes", "属性检测开关", False)


class FlowCount(Following, Algorithm[FlowCountConfig]):
    """Counts people at lines and in regions, and draws where they spend their time."""

    manifest = Manifest(
        name="flow-count",
        services=(ServiceName("c-flowcount-cloud", "cloud"), ServiceName("c-flowcount-edge", "edge")),
        versions=("1.0", "1.1", "3.0"),
        title_en="People flow counting",
        title_cn="人流量统计",
        config=FlowCountConfig,
        roles=("objects",),
        events=(
            EventKind(LINE, "line flow", LineFlowData),
            EventKind(REGION, "region flow", RegionFlowData),
            EventKind(HEAT, "heat map", HeatData),
        ),
        description=(
            "Counts who crosses lines, by direction, and who is in regions, and draws a heat map of where people spend "
            "their time; a message at the end of each interval, of which the last one of a file may be shorter. `entered`, "
            "`left` and `polygon_name` of regions, the attributes of lines and the `grid` of heat maps are ours."
        ),
        function_version="1.0",
        tags=("people counting", "line crossing", "occupancy", "heat map"),
        released_at=1_795_478_400_000,  # 24 November 2026
    )

    def __init__(self, config: FlowCountConfig, models: Models) -> None:
        self._config = config
        self._detector = models.detector("objects")
        self._targets = Targets(self._detector, PEOPLE)
        self._fixtures = FixtureWatch()
        self._roi = config.roi()
        self._lines = [LineCount(line) for line in self._roi.lines] if config.line_detection_sw else []
        self._worn: list[_Worn] = [{} for _ in self._lines]
        self._regions: list[RegionCount] = []
        if config.region_detection_sw:
            self._regions = [RegionCount(polygon) for polygon in self._roi.polygons]
        self._heat = HeatMap(config.heatmap_point_interval)
        self._line_end = Intervals(config.line_count_interval)
        self._region_end = Intervals(config.region_count_interval)
        self._heat_end = Intervals(config.heatmap_detection_interval)
        self._size = [0, 0]

    def note(self) -> str:
        """Return which detector is at work."""
        if self._detector.knows_classes:
            return f"detector: {self._detector.name}"
        return f"detector: {self._detector.name} (no model installed; whatever moves is counted)"

    def process(self, frame: Frame) -> Iterable[Finding]:
        """Count, and tell of the intervals that have ended."""
        self._fit(frame.width, frame.height)
        targets, alive = self._targets.look(frame), self._targets.alive
        ids, feet, _ = columns(targets)
        things = self._fixtures.update(((one.track, one.box, one.score) for one in targets), frame.time)
        self._fixtures.keep(alive)
        standings = [Standing.IGNORED if one.track in things else one.standing for one in targets]
        slack = frame.height * SLACK
        inside = in_picture(feet, frame.width, frame.height)
        seen = {target.track: target for target in targets}
        for line, worn in zip(self._lines, self._worn, strict=True):
            crossed = line.update(ids, feet, standings, slack, frame.time)
            line.keep(alive)
            if self._config.attribute_detection_sw:
                for event in crossed:
                    outfit = _outfit(frame, event.after, seen[event.track].box)
                    worn[outfit] = worn.get(outfit, 0) + 1
        for region in self._regions:
            region.update(ids, inside, standings, slack, frame.time)
            region.keep(alive)
        if self._config.heatmap_detection_sw and self._heat.due(frame.time):
            counted = np.array([standing is Standing.COUNTED for standing in standings], np.bool_)
            self._heat.add(self._of_interest(inside[counted]), frame.width, frame.height)
        over = [end.over(frame.time) for end in self._interval_ends]
        return list(self._told(frame, *over))

    def finish(self, last: Frame) -> Iterable[Finding]:
        """Tell of the intervals that have begun."""
        return list(self._told(last, *(end.begun(last.time) for end in self._interval_ends)))

    def _told(self, frame: Frame, lines: bool, regions: bool, heat: bool) -> Iterator[Finding]:
        if lines and self._lines:
            told = tuple(self._line_flow(n, line) for n, line in enumerate(self._lines))
            data = LineFlowData(interval=self._config.line_count_interval, event_set=told)
            yield Finding(LINE, "lines", data, None)
        if regions and self._regions:
            flows = tuple(_region_flow(n, region, frame.time) for n, region in enumerate(self._regions))
            yield Finding(
                REGION, "regions", RegionFlowData(interval=self._config.region_count_interval, event_set=flows), None
            )
        if heat and self._config.heatmap_detection_sw:
            yield Finding(HEAT, "heat", self._heat_data(frame), None)

    def _line_flow(self, number: int, count: LineCount) -> LineFlow:
        line = count.line
        to_side1, to_side2 = count.take()
        worn, self._worn[number] = self._worn[number], {}
        wanted = self._config.attribute_detection_sw
        return LineFlow(
            line=(_whole(line.start), _whole(line.end)),
            line_id=number,
            side1_count=to_side1,
            side2_count=to_side2,
            side1_name=line.side1,
            side2_name=line.side2,
            side1_attributes=_clothes(worn, 1) if wanted else UNSET,
            side2_attributes=_clothes(worn, -1) if wanted else UNSET,
        )

    def _heat_data(self, frame: Frame) -> HeatData:
        from vedette.algorithms.heat_picture import heat_pictures  # noqa: PLC0415 - the service's process has no OpenCV

        dwell = self._heat.take()
        over, alone = heat_pictures(dwell, frame.bgr())
        return HeatData(
            interval=self._config.heatmap_detection_interval,
            heat_image_base64=base64.b64encode(over).decode(),
            heatpoint_image_base64=base64.b64encode(alone).decode(),
            grid=tuple(tuple(row) for row in dwell.round(2).tolist()),
        )

    def _of_interest(self, feet: Points) -> Points:
        """Return the feet in one of the regions; all of them where none is marked."""
        regions = self._roi.polygons
        return feet[np.any([polygon.contains(feet) for polygon in regions], axis=0)] if regions else feet

    def _fit(self, width: int, height: int) -> None:
        """Where nothing is marked the region is the whole picture, whose size may change."""
        if self._roi.is_whole and self._config.region_detection_sw and self._size != [width, height]:
            self._size = [width, height]
            self._regions = [RegionCount(whole_picture(width, height))]

    def state(self) -> PlainState:
        """Return all it remembers."""
        return {"targets": self._targets.state(), **self._counted()}

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave, of the lines and regions that are the same still."""
        self._targets.restore(state["targets"])
        self._go_on(state)

    def succeed(self, former: Self) -> None:
        """Take up the tracks, and what belongs to the lines and regions that are the same still."""
        if self._targets.succeed(former._targets):
            self._go_on(former._counted())

    def _counted(self) -> PlainState:
        return {
            "size": self._size,
            "fixtures": self._fixtures.state(),
            "lines": [
                [_ends(count.line), count.state(), [[*outfit, number] for outfit, number in worn.items()]]
                for count, worn in zip(self._lines, self._worn, strict=True)
            ],
            "regions": [[_corners(count.polygon), count.state()] for count in self._regions],
            "heat": self._heat.state() if self._config.heatmap_detection_sw else None,
            "ends": [end.state() for end in self._interval_ends],
        }

    def _go_on(self, state: PlainState) -> None:
        if state["size"] != [0, 0]:
            self._fit(*state["size"])
        earlier = {tuple(ends): (known, worn) for ends, known, worn in state["lines"]}
        for n, line in enumerate(self._lines):
            if tuple(_ends(line.line)) in earlier:
                known, worn = earlier[tuple(_ends(line.line))]
                line.restore(known)
                self._worn[n] = {(side, upper, lower): number for side, upper, lower, number in worn}
        for region in self._regions:
            known = next((known for corners, known in state["regions"] if corners == _corners(region.polygon)), None)
            if known is not None:
                region.restore(known)
        self._fixtures.restore(state["fixtures"])
        if state["heat"] is not None:
            self._heat.restore(state["heat"])
        for end, known in zip(self._interval_ends, state["ends"], strict=True):
            end.restore(known)

    @property
    def _interval_ends(self) -> tuple[Intervals, Intervals, Intervals]:
        return self._line_end, self._region_end, self._heat_end


def _outfit(frame: Frame, side: int, box: Box) -> tuple[int, str, str]:
    def main(part: Part) -> str:
        return next((colour.name for colour in main_colours(frame.bgr(), box, part, most=1)), "")

    return side, main(UPPER), main(LOWER)


def _clothes(worn: _Worn, side: int) -> tuple[Clothes, ...]:
    return tuple(
        Clothes(upper_color=upper, lower_color=lower, count=number)
        for (to, upper, lower), number in sorted(worn.items())
        if to == side
    )


def _region_flow(number: int, count: RegionCount, time: float) -> RegionFlow:
    flow = count.take(time)
    return RegionFlow(
        polygon=tuple(_whole(corner) for corner in count.polygon.corners),
        region_id=number,
        count=flow.present,
        entered=flow.entered,
        left=flow.left,
        polygon_name=count.polygon.name or UNSET,
    )


def _whole(point: tuple[float, float]) -> Point:
    return round(point[0]), round(point[1])


def _ends(line: Line) -> list[float]:
    return [*line.start, *line.end]


def _corners(polygon: Polygon) -> list[list[float]]:
    return [list(corner) for corner in polygon.corners]
