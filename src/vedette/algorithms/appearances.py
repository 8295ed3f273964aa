"""What appears in the regions of a task, each told once, when it is seen best: what services that list things share."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from vedette.algorithms.base import Detector, PlainState
from vedette.algorithms.geometry import Polygon, Roi
from vedette.algorithms.regions import Regions
from vedette.algorithms.road import boxes_in_picture
from vedette.algorithms.rules.best_shot import BestShots, Shot
from vedette.algorithms.targets import Kinds, Targets
from vedette.model.event import Box
from vedette.model.frame import Frame

WAIT_S: Final = 2.0
"""Seconds for which a better picture is waited for, where the task says nothing."""


@dataclass(frozen=True, slots=True)
class Appearance:
    """Something that is to be told now.

    Attributes:
        subject: names it in the picture.
        polygon: the region it is in.
        category: what it is.
        box: left, top, width, height.
        seen: whether it is in this picture; else it was lost before it was told.
    """

    subject: str
    polygon: Polygon
    track: int
    category: int
    box: Box
    score: float
    seen: bool


class Appearances:
    """Follows what a task asks for, and says of each thing once per region when it is seen best.

    Args:
        detector: the eyes.
        kinds: what is told apart.
        asked: categories that count.
        roi: the regions.
        wait_s: seconds for which a better picture is waited for.

    Raises:
        ModelError: the detector knows no classes, and they are needed.
    """

    def __init__(self, detector: Detector, kinds: Kinds, asked: frozenset[int], roi: Roi, wait_s: float) -> None:
        self._targets = Targets(detector, kinds, asked)
        self._regions = Regions(roi.polygons, lambda polygon: BestShots(polygon, wait_s))

    def look(self, frame: Frame, sizes: tuple[float, float]) -> Iterator[Appearance]:
        """Yield what is to be told of the next picture.

        Args:
            frame: the picture.
            sizes: least and greatest longer side of a box that counts, pixels.
        """
        self._regions.fit(frame)
        targets = self._targets.look(frame, *sizes)
        ids = np.array([target.track for target in targets], np.int64)
        boxes = boxes_in_picture(targets, frame.width, frame.height)
        kinds = [target.category for target in targets]
        scores = [target.score for target in targets]
        standings = [target.standing for target in targets]
        size = frame.width, frame.height
        for n, rule in enumerate(self._regions):
            for shot in rule.update(ids, boxes, kinds, scores, standings, size, frame.time):
                yield _appearance(n, rule.polygon, shot)
        self._regions.keep(self._targets.alive)

    def rest(self, last: Frame) -> Iterator[Appearance]:
        """Yield what was to be told later, after the last picture of all."""
        for n, rule in enumerate(self._regions):
            for shot in rule.rest(last.time):
                yield _appearance(n, rule.polygon, shot)

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


def _appearance(n: int, polygon: Polygon, shot: Shot) -> Appearance:
    left, top, right, bottom = (round(side) for side in shot.box)
    box = left, top, right - left, bottom - top
    return Appearance(f"region:{n}:track:{shot.track}", polygon, shot.track, shot.kind, box, shot.score, shot.seen)
