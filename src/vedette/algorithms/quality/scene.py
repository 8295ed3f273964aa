"""What the scene was, and whether it still is: another view, something before the lens, dirt on it."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.algorithms.base import PlainState
from vedette.algorithms.quality.limits import USUAL, Limits
from vedette.algorithms.quality.picture import GRID, Floats, Picture, block_deviations, block_means
from vedette.model.look import Fault

Mask = NDArray[np.bool_]
AnyPlane = NDArray[np.integer | np.floating]

LEARN_US: Final = 6_000_000
"""Microseconds of good pictures from which the scene is learnt."""
LEARN_PICTURES: Final = 10
"""Pictures that takes at least."""
FOLLOW_US: Final = 60_000_000
"""Time constant with which the scene follows slow changes, such as dusk; nothing is followed while a fault shows."""
RECENT_US: Final = 2_000_000
"""Time constant of what the camera shows at present."""
ACCEPT_US: Final = 300_000_000
"""After so long another view is the scene: whoever turned the camera wants it so."""

OUTLINES: Final = (80, 48)
"""Width and height of the map of outlines by which views are told apart."""
OUTLINES_LEAST: Final = 0.8
"""Spread of the map below which a view has too few outlines to be known again."""
OUTLINES_SIDE: Final = 11
"""Pixels of the map whose mean is taken off: that one half has more outlines than the other is no likeness."""
OTHER_VIEW: Final = 0.35
"""Correlation with the scene's outlines below which it is another view: 0.61 is the least within a real clip (but for
the bare asphalt of `car-detection`), 0.06 the most between two."""
SETTLED: Final = 0.6
"""Correlation with the outlines of the last seconds from which the new view stands still."""

TEXTURED: Final = 6.0
"""Levels of spread within a block that had something in it."""
FLAT: Final = 3.5
"""Levels of spread within a block that shows nothing."""
FLATTER: Final = 0.4
"""A block's spread against what it was, from which it shows nothing any more."""
COVER_LIGHT: Final = 15.0
"""Levels by which the brightness of a covered block differs from what was there."""
COVER_LIKE: Final = 0.5
"""Correlation of the coarse picture under the cover with what was there: more, and only the light changed."""
COVER_TEXTURED: Final = 0.25
"""Share of the covered blocks that had something in them before."""
COVER_ALL: Final = 0.85
"""Share from which nothing is left that could be compared."""
REST_SAME: Final = 0.4
"""Correlation of the outlines of the rest with what they were."""
DARK_COVER: Final = 50.0
"""Luma up to which a flat region hides something though it was never seen otherwise."""
DARK_COVER_SHARE: Final = 0.5
"""Share of the picture that it takes in one piece."""
REST_LIGHT: Final = 90.0
"""Mean luma of the rest that shows that it is no night."""

SMUDGE_SHARE: Final = (0.12, 0.6)
"""Least and largest share of the picture that a smudge takes in one piece."""
SMUDGE_DETAIL: Final = 0.45
"""Fine detail of a block against what it was, under a smudge."""
SMUDGE_LIKE: Final = 0.75
"""Correlation of the blurred picture under the smudge with what was there: a thing that came or went changes it."""
SMUDGE_LEFT: Final = 16.0
"""Levels that the blurred picture there may differ from a dimmed copy of what was there, in 90 % of the pixels."""
SMUDGE_SPREAD: Final = 4.0
"""Levels of spread of the blurred picture there, below which that cannot be told."""
SMUDGE_SIDE: Final = 9
"""Pixels of the map over which both are blurred before they are compared."""
REST_DETAIL: Final = 0.8
"""Fine detail of the rest against what it was (median): it must have stayed sharp."""
DETAILED: Final = 2.0
"""Levels of fine detail of a block that can be seen to lose it."""


@dataclass(slots=True)
class View:
    """A view, as what is compared of it.

    Attributes:
        outlines: strength of edges.
        coarse: luma, in the same size.
        spread: spread of luma in each block.
        detail: fine detail in each block.
    """

    outlines: Floats
    coarse: Floats
    spread: Floats
    detail: Floats

    def follow(self, other: "View", rate: float) -> None:
        """Move toward another view by a share of the difference."""
        for mine, its in zip(self.maps(), other.maps(), strict=True):
            cv2.accumulateWeighted(its, mine, rate)

    def copy(self) -> "View":
        return View(*(each.copy() for each in self.maps()))

    def maps(self) -> tuple[Floats, ...]:
        return self.outlines, self.coarse, self.spread, self.detail


def view(picture: Picture) -> View:
    """Return what is compared of a picture."""
    luma = picture.luma
    across, down = (cv2.Sobel(luma, cv2.CV_16S, x, 1 - x) for x in (1, 0))
    edges = cv2.add(cv2.convertScaleAbs(across, alpha=0.25), cv2.convertScaleAbs(down, alpha=0.25))
    outlines = np.sqrt(_to(edges, OUTLINES))
    outlines -= cv2.blur(outlines, (OUTLINES_SIDE, OUTLINES_SIDE))
    detail = block_means(cv2.absdiff(luma, cv2.blur(luma, (3, 3))).astype(np.float32))
    return View(outlines, _to(luma, OUTLINES).astype(np.float32), block_deviations(luma), detail)


class Scene:
    """Learns the scene of a source, and compares."""

    def __init__(self, limits: Limits = USUAL) -> None:
        self._limits = limits
        self._known: View | None = None
        self._recent: View | None = None
        self._learnt_us = self._pictures = self._other_us = 0

    def evidence(self, picture: Picture, step_us: int, moving: bool) -> set[Fault]:
        """Return what is wrong with this good picture against the scene.

        Args:
            picture: one that shows no fault by itself.
            step_us: microseconds since the last one.
            moving: whether the camera moves; then nothing is compared.
        """
        now = view(picture)
        if self._recent is None:
            self._recent = now.copy()
        alike = likeness(now.outlines, self._recent.outlines)
        self._recent.follow(now, min(1.0, step_us / RECENT_US))
        if moving:
            return set()
        if self._known is None or self._learnt_us < LEARN_US or self._pictures < LEARN_PICTURES:
            self._learn(now, step_us, alike)
            return {Fault.OCCLUDE} if _dark_cover(now) else set()
        found = self._compare(now, alike)
        self._other_us = self._other_us + step_us if Fault.SCENE_UPHEAVAL in found else 0
        if self._other_us >= ACCEPT_US:
            self._known = None
        elif not found:
            self._known.follow(now, min(1.0, step_us / FOLLOW_US))
        return found

    def _learn(self, now: View, step_us: int, alike: float) -> None:
        if self._known is None or alike < SETTLED:
            self._known, self._learnt_us, self._pictures = now.copy(), 0, 1
            return
        self._pictures += 1
        self._learnt_us += step_us
        self._known.follow(now, 1 / self._pictures)

    def _compare(self, now: View, alike: float) -> set[Fault]:
        known = self._known
        assert known is not None
        if _covered(known, now, self._limits.cover) or _dark_cover(now):
            return {Fault.OCCLUDE}
        if float(known.outlines.std()) >= OUTLINES_LEAST:
            other = likeness(now.outlines, known.outlines) < OTHER_VIEW
            if other:
                return {Fault.SCENE_UPHEAVAL} if alike >= SETTLED else set()
        return {Fault.SCREEN_SMUDGE} if _smudged(known, now) else set()

    def state(self) -> PlainState:
        """Return all it remembers."""
        known, recent = (None if each is None else list(each.maps()) for each in (self._known, self._recent))
        return {
            "known": known,
            "recent": recent,
            "learnt": self._learnt_us,
            "pictures": self._pictures,
            "other": self._other_us,
        }

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave."""
        self._known, self._recent = (
            None if (maps := state[name]) is None else View(*(np.array(each, np.float32) for each in maps))
            for name in ("known", "recent")
        )
        self._learnt_us, self._pictures, self._other_us = state["learnt"], state["pictures"], state["other"]


def likeness(one: AnyPlane, other: AnyPlane, where: Mask | None = None) -> float:
    """Return the correlation of two maps; 0 if one of them shows nothing."""
    a, b = (one.ravel(), other.ravel()) if where is None else (one[where], other[where])
    if not a.size:
        return 0.0
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / norm if norm > 1e-3 * a.size else 0.0


def _covered(known: View, now: View, share_least: float) -> bool:
    change = np.abs(_to(now.coarse, GRID[::-1]) - _to(known.coarse, GRID[::-1]))
    flat = now.spread < np.maximum(FLAT, FLATTER * known.spread)
    lost = known.spread >= np.maximum(TEXTURED, 2 * now.spread)
    piece = largest(flat & (lost | (change >= COVER_LIGHT)))
    share = float(piece.mean())
    if share < share_least or float((known.spread[piece] >= TEXTURED).mean()) < COVER_TEXTURED:
        return False
    if likeness(now.coarse, known.coarse, _wide(piece)) >= COVER_LIKE:
        return False
    return share >= COVER_ALL or likeness(now.outlines, known.outlines, _wide(~piece)) >= REST_SAME


def _dark_cover(now: View) -> bool:
    light = _to(now.coarse, GRID[::-1])
    piece = largest((light < DARK_COVER) & (now.spread < FLAT))
    rest = ~piece
    if np.count_nonzero(piece) < DARK_COVER_SHARE * piece.size or np.count_nonzero(rest) < 0.15 * rest.size:
        return False
    return bool(light[rest].mean() >= REST_LIGHT and np.median(now.spread[rest]) >= TEXTURED)


def _smudged(known: View, now: View) -> bool:
    able = known.detail >= DETAILED
    lost = able & (now.detail < SMUDGE_DETAIL * known.detail)
    filled = cv2.morphologyEx(lost.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    piece = largest(filled > 0)
    share = np.count_nonzero(piece) / piece.size
    rest = able & ~piece
    if not SMUDGE_SHARE[0] <= share <= SMUDGE_SHARE[1] or np.count_nonzero(rest) < 0.08 * rest.size:
        return False
    if float(np.median(now.detail[rest] / known.detail[rest])) < REST_DETAIL:
        return False
    where = _wide(piece)
    was, seen = (cv2.blur(each.coarse, (SMUDGE_SIDE, SMUDGE_SIDE))[where] for each in (known, now))
    if was.std() < SMUDGE_SPREAD or likeness(seen, was) < SMUDGE_LIKE:
        return False
    slope = ((seen - seen.mean()) * (was - was.mean())).mean() / was.var()
    left = np.abs(seen - seen.mean() - slope * (was - was.mean()))
    return bool(np.percentile(left, 90) <= SMUDGE_LEFT)


def largest(mask: Mask) -> Mask:
    """Return the largest connected piece of a mask."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    if count < 2:
        return np.zeros_like(mask)
    piece: Mask = labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    return piece


def _wide(blocks: Mask) -> Mask:
    wide: Mask = cv2.resize(blocks.astype(np.uint8), OUTLINES, interpolation=cv2.INTER_NEAREST) > 0
    return wide


def _to(plane: AnyPlane, size: tuple[int, int]) -> Floats:
    return cv2.resize(plane, size, interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)
