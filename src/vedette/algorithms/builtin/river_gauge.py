"""River gauge: what a calibrated gauge in the water reads.

A model finds the part of the gauge that stands out of the water; the middle of its lower edge is the water line, and the
marks of the calibration say what the gauge reads there.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from statistics import median
from typing import Annotated, Final

import numpy as np
from msgspec import UNSET, Meta, UnsetType
from pydantic import field_validator

from vedette.algorithms.base import Algorithm, EventKind, Manifest, Models, PlainState, ServiceName
from vedette.algorithms.gauge import Gauge
from vedette.algorithms.geometry import Polygon, whole
from vedette.algorithms.keys import PictureKeys, RegionKeys, key
from vedette.algorithms.parameters import Number, Switch
from vedette.model.event import Box, Drawing, Finding
from vedette.model.frame import Frame
from vedette.model.message import BoundingBox, EventData

LEVEL: Final = 33816579
ROLE: Final = "water_gauges"
_TINY: Final = 1e-6
"""Seconds: times of pictures are no round numbers."""


class RiverGaugeConfig(RegionKeys, PictureKeys):
    """The task's `config.common`; all keys as documented."""

    report_interval: Number = key(
        "Time from one report to the next", "上报间隔", 1.0, unit="seconds", ge=0.1, le=86_400
    )
    calibration_info: str = key("Marks on the gauge, with what it reads there", "水尺标定信息", "")
    render_calibration_sw: Switch = key("Draw the marks", "标定渲染开关", False)

    @field_validator("calibration_info")
    @classmethod
    def _is_sound(cls, text: str) -> str:
        Gauge.parse(text)
        return text


class GaugeReading(EventData):
    """One gauge."""

    water_level: Annotated[float, Meta(description="What the gauge reads at the water, in the unit of its marks.")]
    bounding_box: BoundingBox
    confidence: Annotated[float, Meta(description="How sure the model is; 0.5 is its threshold.", ge=0, le=1)]
    polygon_name: Annotated[str, Meta(description="The region's name, if it has one.", min_length=1)] | UnsetType = (
        UNSET
    )


class GaugeData(EventData):
    """What the gauges read, one for each region in which one is seen."""

    event_set: Annotated[tuple[GaugeReading, ...], Meta(description="The gauges.", min_length=1)]


class RiverGauge(Algorithm[RiverGaugeConfig]):
    """Tells the water level at each interval: the median of what was read in it."""

    manifest = Manifest(
        name="river_gauge",
        services=(ServiceName("cali-water-ruler-river-edge", "edge"),),
        versions=("1.0", "1.1", "3.0"),
        title_en="River gauge",
        title_cn="河道标定水尺检测",
        config=RiverGaugeConfig,
        roles=(ROLE,),
        needs=(ROLE,),
        events=(EventKind(LEVEL, "water_level", GaugeData),),
        analysis_fps=2.0,
        description=(
            "What a gauge in the water reads, by marks that are drawn on it once. The message, but for its event type, "
            "is ours."
        ),
        function_version="1.0",
        tags=("water", "level", "gauge"),
        released_at=1_795_478_400_000,  # 24 November 2026
    )

    def __init__(self, config: RiverGaugeConfig, models: Models) -> None:
        self._config, self._roi = config, config.roi()
        self._gauge = Gauge.parse(config.calibration_info)
        self._detector = models.detector(ROLE)
        self._readings: dict[int, list[float]] = {}
        self._last: dict[int, tuple[Box, float]] = {}
        self._due = config.report_interval

    def note(self) -> str:
        """Return which model is at work, and whether the gauge is calibrated."""
        lack = "" if self._gauge.marks else " (no calibration_info, so nothing can be read)"
        return f"detector: {self._detector.name}{lack}"

    def process(self, frame: Frame) -> Iterable[Finding]:
        """Read the gauges, and tell at the end of each interval what they read."""
        if not self._gauge.marks:
            return
        for n, box, score in self._look(frame):
            line = box[0] + box[2] / 2, float(box[1] + box[3])
            self._readings.setdefault(n, []).append(self._gauge.read(line))
            self._last[n] = box, score
        if frame.time < self._due - _TINY:
            return
        interval = self._config.report_interval
        self._due += interval * (1 + int((frame.time - self._due + _TINY) / interval))
        told = tuple(self._reading(n) for n in sorted(self._readings))
        self._readings = {}
        if told:
            yield Finding(LEVEL, "gauges", GaugeData(event_set=told), self._drawing(told))

    def _look(self, frame: Frame) -> Iterator[tuple[int, Box, float]]:
        """Yield for each region the gauge that the model is surest of."""
        found = self._detector(frame)
        if not len(found):
            return
        middles = ((found.boxes[:, :2] + found.boxes[:, 2:]) / 2).astype(np.float64)
        for n, polygon in enumerate(self._regions(frame)):
            inside = np.flatnonzero(polygon.contains(middles))
            if len(inside):
                best = int(inside[np.argmax(found.scores[inside])])
                left, top, right, bottom = (round(float(side)) for side in found.boxes[best])
                yield n, (left, top, right - left, bottom - top), float(found.scores[best])

    def _regions(self, frame: Frame) -> tuple[Polygon, ...]:
        return self._roi.polygons or (whole(frame.width, frame.height),)

    def _reading(self, n: int) -> GaugeReading:
        box, score = self._last[n]
        name = self._roi.polygons[n].name if self._roi.polygons else ""
        return GaugeReading(
            water_level=round(median(self._readings[n]), 2),
            bounding_box=BoundingBox(x=box[0], y=box[1], w=box[2], h=box[3]),
            confidence=round(score, 3),
            polygon_name=name or UNSET,
        )

    def _drawing(self, told: tuple[GaugeReading, ...]) -> Drawing:
        boxes = [
            ((one.bounding_box.x, one.bounding_box.y, one.bounding_box.w, one.bounding_box.h), f"{one.water_level:g}")
            for one in told
        ]
        drawing = self._config.drawing(boxes, self._roi)
        if not self._config.render_calibration_sw:
            return drawing
        return replace(drawing, lines=(*drawing.lines, *((mark.start, mark.end) for mark in self._gauge.marks)))

    def state(self) -> PlainState:
        """Return what has been read in the interval that has begun."""
        return {
            "detector": self._detector.state(),
            "places": self._places(),
            "readings": {str(n): list(values) for n, values in self._readings.items()},
            "last": {str(n): [*box, score] for n, (box, score) in self._last.items()},
            "due": self._due,
        }

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave; of other regions or another calibration only the time of the next report."""
        self._detector.restore(state["detector"])
        self._due = state["due"]
        if list(state["places"]) == self._places():
            self._readings = {int(n): list(values) for n, values in state["readings"].items()}
            self._last = {int(n): ((x, y, w, h), score) for n, (x, y, w, h, score) in state["last"].items()}

    def _places(self) -> list[str]:
        return [self._config.target_roi, self._config.calibration_info]
