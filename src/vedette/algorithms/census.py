"""Counts people in areas of the picture at sample times: what the services for crowds share."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator

from vedette.algorithms.base import AlgorithmConfig, Detector, PlainState
from vedette.algorithms.geometry import Points, Polygon
from vedette.algorithms.keys import key
from vedette.algorithms.parameters import Switch, Whole
from vedette.algorithms.rules.density import in_picture
from vedette.algorithms.targets import PERSON, Kinds
from vedette.model.event import Drawing
from vedette.model.frame import Frame

PEOPLE = Kinds(("person",), {"person": PERSON})
"""What merely moves is no measure of a crowd, which may stand still."""
BELIEVED = 0.5
"""Score from which a detection counts: no track makes up for what is missed, and a crowd hides itself."""
USUAL_ALARM = 50
"""People in a region beyond which there is an alarm, where the task says nothing."""
MOST = 1_000_000


def _numbers(value: Any) -> Any:
    """Take a whole number, or several as text with spaces between them."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("must be a whole number, or several with spaces between them")  # noqa: TRY004  Pydantic collects ValueError, and lets TypeError pass
    parts = str(value).replace(",", " ").split()
    if not parts or not all(part.isascii() and part.isdigit() and int(part) <= MOST for part in parts):
        raise ValueError(f"must be whole numbers from 0 to {MOST} with spaces between them")
    return " ".join(parts)


Thresholds = Annotated[str, BeforeValidator(_numbers)]
"""A whole number for each region, in their order, as text: `25 30 20`."""


class CensusKeys(AlgorithmConfig):
    """When to count, and from how many on it is an alarm."""

    alarm_threshold: Thresholds = key(
        "People beyond which there is an alarm, for each region", "人数告警阈值", str(USUAL_ALARM), unit="people"
    )
    sampling_time_interval: Whole = key(
        "Time from sample to sample", "采样时间间隔", 8, unit="seconds", ge=1, le=86_400
    )
    visualization_output_sw: Switch = key("Draw people and regions", "可视化输出开关", True)
    image_compression_ratio: Whole = key("JPEG quality", "图片压缩率", 90, ge=20, le=100)


def for_each(thresholds: str, count: int, usual: int) -> list[int]:
    """Return a threshold for each of so many regions: those given in order, then the usual one; surplus is dropped."""
    given = [int(part) for part in thresholds.split()][:count]
    return given + [usual] * (count - len(given))


@dataclass(frozen=True, slots=True)
class Seen:
    """People in a picture.

    Attributes:
        boxes: (n, 4) left, top, right, bottom in pixels.
        feet: (n, 2) where they stand, within the picture.
    """

    boxes: Points
    feet: Points


class Census:
    """Sees people in single pictures.

    Args:
        detector: the eyes.
        kinds: what counts; everything of any of its categories does.

    Raises:
        ModelError: the detector knows no classes.
    """

    def __init__(self, detector: Detector, kinds: Kinds = PEOPLE) -> None:
        self._detector = detector
        self._wanted = kinds.of_labels(detector) >= 0

    def look(self, frame: Frame) -> Seen:
        """Return who is in the picture."""
        found = self._detector(frame)
        sure = found.where(np.flatnonzero(self._wanted[found.classes] & (found.scores >= BELIEVED)))
        return Seen(sure.boxes.astype(np.float64), in_picture(sure.feet.astype(np.float64), frame.width, frame.height))

    def state(self) -> PlainState:
        """Return what its detector remembers."""
        return self._detector.state()

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave."""
        self._detector.restore(state)


def drawing(config: CensusKeys, seen: Seen, polygons: Iterable[Polygon]) -> Drawing:
    """Return what is drawn on the picture of an alarm: people and regions, if they are asked for."""
    if not config.visualization_output_sw:
        return Drawing(quality=config.image_compression_ratio)
    boxes = [(round(left), round(top), round(right), round(bottom)) for left, top, right, bottom in seen.boxes.tolist()]
    return Drawing(
        boxes=tuple(
            ((left, top, max(1, right - left), max(1, bottom - top)), "") for left, top, right, bottom in boxes
        ),
        polygons=tuple(polygon.corners for polygon in polygons),
        quality=config.image_compression_ratio,
    )
