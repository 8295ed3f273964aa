"""One picture, as the rules of a composed service see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette.algorithms.composed.rows import CategoryRow
from vedette.algorithms.composed.told import Thing
from vedette.algorithms.geometry import Points, Polygon
from vedette.algorithms.rules.standing import Ids, Standing
from vedette.algorithms.targets import Target
from vedette.model.event import Box

TOGETHER = 0.5
"""A thing lies together with a target if so much of it lies in the target's box."""
COVER_CELLS = 32
"""The share of a region that boxes cover is counted on a grid of so many cells each way."""


@dataclass(frozen=True, slots=True)
class Scene:
    """The targets of one picture, in columns.

    Attributes:
        targets: n of them.
        points: (n, 2) pixels: what stands for each target in regions and at lines.
        boxes: (n, 4) left, top, right, bottom in pixels.
        standings: what each counts for.
        height: of the picture, pixels.
        time: seconds.
    """

    targets: Sequence[Target]
    points: Points
    boxes: Points
    standings: Sequence[Standing]
    height: int
    time: float

    @classmethod
    def of(cls, targets: Sequence[Target], height: int, time: float, *, centre: bool) -> "Scene":
        """Return the scene of some targets; `centre`: the middle of a box stands for it, else the middle of its foot."""
        sides = np.array([target.box for target in targets], np.float64).reshape(-1, 4)
        boxes = np.concatenate([sides[:, :2], sides[:, :2] + sides[:, 2:]], axis=1)
        feet = np.array([target.foot for target in targets], np.float64).reshape(-1, 2)
        points = (boxes[:, :2] + boxes[:, 2:]) / 2 if centre else feet
        return cls(targets, points, boxes, [target.standing for target in targets], height, time)

    @property
    def ids(self) -> Ids:
        """(n,) tracks."""
        return np.array([target.track for target in self.targets], np.int64)

    def kinds(self) -> NDArray[np.int64]:
        """(n,) categories."""
        return np.array([target.category for target in self.targets], np.int64)

    def where(self, standings: Sequence[Standing]) -> "Scene":
        """Return the same scene with other standings."""
        return Scene(self.targets, self.points, self.boxes, standings, self.height, self.time)

    def within(self, polygon: Polygon) -> NDArray[np.bool_]:
        """Return which of the n targets count, and stand in a region."""
        counted = np.array([standing is Standing.COUNTED for standing in self.standings], np.bool_)
        return counted & polygon.contains(self.points) if len(self.targets) else counted

    def share_of(self, polygon: Polygon, chosen: NDArray[np.bool_]) -> float:
        """Return which share of a region the chosen targets' boxes cover, 0..1, counted on a grid."""
        corners = np.array(polygon.corners)
        least, most = corners.min(axis=0), corners.max(axis=0)
        steps = (np.arange(COVER_CELLS) + 0.5) / COVER_CELLS
        grid = np.stack(np.meshgrid(*(least + np.outer(steps, most - least)).T), axis=-1).reshape(-1, 2)
        grid = grid[polygon.contains(grid)]
        boxes = self.boxes[chosen]
        if not len(grid) or not len(boxes):
            return 0.0
        inside = (grid[:, None] >= boxes[None, :, :2]) & (grid[:, None] <= boxes[None, :, 2:])
        covered = np.logical_or.reduce(np.logical_and.reduce(inside, axis=2), axis=1)
        return float(np.mean(covered))

    def together(self, others: NDArray[np.bool_], near: float) -> NDArray[np.bool_]:
        """Return with which of the n targets one of the others lies together.

        Args:
            others: (n,) which targets are looked for.
            near: share of its size by which a target's box is grown.
        """
        n = len(self.targets)
        if not n or not others.any():
            return np.zeros(n, np.bool_)
        size = self.boxes[:, 2:] - self.boxes[:, :2]
        left_top, right_bottom = self.boxes[:, :2] - near * size, self.boxes[:, 2:] + near * size
        there = self.boxes[others]
        common = np.minimum(right_bottom[:, None], there[None, :, 2:]) - np.maximum(
            left_top[:, None], there[None, :, :2]
        )
        shared = np.clip(common, 0, None).prod(axis=2)
        lies = shared >= TOGETHER * np.maximum((there[:, 2:] - there[:, :2]).prod(axis=1), 1e-9)[None]
        lies[others] &= ~np.eye(int(others.sum()), dtype=np.bool_)  # nothing lies together with itself
        return np.asarray(lies.any(axis=1))


def thing(target: Target, categories: Sequence[CategoryRow], box: Box | None = None) -> Thing:
    """Return a target as it is told of; `box`: where it was, if it is not there any more."""
    row = categories[target.category]
    number = target.category if row.number is None else row.number
    return Thing(target.track, row.name, number, box or target.box, round(target.score, 3))


def counted(kinds: Sequence[str], categories: Sequence[CategoryRow]) -> Mapping[int, bool]:
    """Return for each category, by its place, whether it is among the named; no name means all."""
    return {n: not kinds or row.name in kinds for n, row in enumerate(categories)}
