"""What the pictures in a row show: shaking, panning, flicker, a frozen picture."""

from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import cv2
import numpy as np

from vedette.algorithms.base import PlainState
from vedette.algorithms.quality.limits import USUAL, Limits
from vedette.algorithms.quality.picture import TINY, Bytes, Floats, Picture, block_means
from vedette.model.look import Fault

WINDOW_US: Final = 8_000_000
"""Microseconds over which shaking, panning and flicker are judged."""
MOST_STEPS: Final = 80
"""At most so many pairs of pictures are kept, however fast they come."""

STEP: Final = 0.5
"""Pixels of the tiny picture (0.3 % of the width) from which the camera moved between two pictures."""
STEP_MOST: Final = 0.30
"""Share of the width and height beyond which a shift is not believed: too little of both pictures overlaps."""
EXPLAINED: Final = 0.6
"""A part of the picture moved with the camera if the shift leaves less than this of its difference."""
PART_DIFFERS: Final = 3.0
"""Levels of difference from which a part of the picture has a say."""
PARTS: Final = (10, 6)
"""Columns and rows of parts."""
PARTS_DIFFER: Final = 10
"""Parts that differ at least where anything large moved; else the camera stood still."""
PARTS_LEAST: Final = 24
"""Parts of 60 that must have a say; the cars of `car-detection`, on bare asphalt, fill up to 20."""
PARTS_AGREE: Final = 0.7
"""Share of them that the shift must explain."""

SHAKE_LEAST: Final = 6
"""Pairs of pictures below which shaking is not judged."""
SHAKE_SHARE: Final = 0.5
"""Share of pairs between which a shaking camera moved."""
SHAKE_TURNS: Final = 4
"""Turns back, within the window, of a shaking camera."""
SHAKE_NET: Final = 0.4
"""Way gained against way made: below this it went to and fro."""
PAN_LEAST: Final = 4
"""Steps in a row of a panning camera."""
PAN_NET: Final = 0.85
"""Way gained against way made of a panning camera."""
PAN_WAY: Final = 0.06
"""Way gained by a panning camera, as share of the picture's width."""

FLASH: Final = 15.0
"""Levels by which the light jumps in one block."""
FLASH_SHARE: Final = 0.6
"""Share of blocks that jump the same way."""
FLASH_LEAST: Final = 4
"""Jumps within the window, each the other way than the one before."""

FREEZE_LIVELY: Final = 3
"""A stream that showed noise in every picture before is frozen after this part of the time."""
LIVELY_SHARE: Final = 0.2
"""Share of pixels that change from picture to picture where an encoder keeps the sensor's noise."""
LIVELY_US: Final = 10_000_000
"""Microseconds for which a stream must have been lively."""

_WINDOW: Final = np.outer(np.hanning(TINY[1]), np.hanning(TINY[0])).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Step:
    """What happened between two pictures.

    Attributes:
        time_us: of the second one.
        shift: pixels of the tiny picture by which everything moved; None: not known.
        flash: 1 or -1 if all became brighter or darker at once, else 0.
    """

    time_us: int
    shift: tuple[float, float] | None
    flash: int


class Motion:
    """Follows the pictures of a source in a row."""

    def __init__(self, limits: Limits = USUAL) -> None:
        self._freeze_us = limits.freeze_us
        self._steps: deque[Step] = deque(maxlen=MOST_STEPS)
        self._tiny: Floats | None = None
        self._blocks: Floats | None = None
        self._sample: Bytes | None = None
        self._last_us = 0
        self._same_since: int | None = None
        self._lively_since: int | None = None
        self._was_lively = False

    @property
    def moving(self) -> bool:
        """Whether the camera moved just now."""
        return bool(self._steps) and _moves(self._steps[-1])

    def evidence(self, picture: Picture) -> set[Fault]:
        """Return what this picture and those before it show."""
        blocks = block_means(picture.luma)
        if self._tiny is not None and self._blocks is not None:
            shift = shift_of(self._tiny, picture.tiny)
            self._steps.append(Step(picture.time_us, shift, flash(self._blocks, blocks)))
        frozen = self._frozen(picture)
        self._tiny, self._blocks, self._sample, self._last_us = picture.tiny, blocks, picture.sample, picture.time_us
        while self._steps and picture.time_us - self._steps[0].time_us > WINDOW_US:
            self._steps.popleft()
        steps = list(self._steps)
        found = {Fault.SCREEN_FREEZE} if frozen else set()
        if _flickers(steps):
            return found | {Fault.SCREEN_SPLASH}
        if _shakes(steps):
            return found | {Fault.SCREEN_JITTER}
        return found | {Fault.SCREEN_MOVEMENT} if _pans(steps) else found

    def _frozen(self, picture: Picture) -> bool:
        before, now = self._sample, picture.time_us
        if before is None or before.shape != picture.sample.shape:
            self._same_since = self._lively_since = None
            return False
        if np.array_equal(before, picture.sample):
            if self._same_since is None:
                self._same_since = self._last_us
                lively = self._lively_since
                self._was_lively = lively is not None and self._last_us - lively >= LIVELY_US
            self._lively_since = None
            return now - self._same_since >= self._freeze_us // (FREEZE_LIVELY if self._was_lively else 1)
        self._same_since = None
        changed = np.count_nonzero(before != picture.sample) / picture.sample.size
        if changed < LIVELY_SHARE:
            self._lively_since = None
        elif self._lively_since is None:
            self._lively_since = now
        return False

    def state(self) -> PlainState:
        """Return all it remembers."""
        return {
            "steps": [[step.time_us, step.shift and list(step.shift), step.flash] for step in self._steps],
            "tiny": self._tiny,
            "blocks": self._blocks,
            "sample": self._sample,
            "last": self._last_us,
            "same": self._same_since,
            "lively": self._lively_since,
            "was_lively": self._was_lively,
        }

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave."""
        steps = (Step(at, None if shift is None else (shift[0], shift[1]), way) for at, shift, way in state["steps"])
        self._steps = deque(steps, maxlen=MOST_STEPS)
        self._tiny, self._blocks, self._sample = state["tiny"], state["blocks"], state["sample"]
        self._last_us, self._same_since = state["last"], state["same"]
        self._lively_since, self._was_lively = state["lively"], state["was_lively"]


def shift_of(before: Floats, now: Floats) -> tuple[float, float] | None:
    """Return the shift that explains the difference of two pictures: (0, 0) if they hardly differ, None if none does.

    The shift is found by phase correlation (Kuglin and Hines, 1975) and then tried: most parts of the picture that
    differ, or would if it were true, must agree with it. So neither a passing person nor a lorry passes for a moving camera.
    """
    before, now = before - before.mean(), now - now.mean()
    plain = np.abs(now - before)
    differ = _parts(plain) >= PART_DIFFERS
    if np.count_nonzero(differ) < PARTS_DIFFER:
        return 0.0, 0.0
    (x, y), _ = cv2.phaseCorrelate(before, now, _WINDOW)
    if abs(x) > STEP_MOST * TINY[0] or abs(y) > STEP_MOST * TINY[1]:
        return None
    move = np.array([[1, 0, x], [0, 1, y]], np.float32)
    moved = cv2.warpAffine(before, move, TINY, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=1e4)
    seen = moved < 5e3
    seen[:2] = seen[-2:] = False
    seen[:, :2] = seen[:, -2:] = False
    inside = seen.astype(np.float32)
    weight, was, left = _parts(inside), _parts(plain * inside), _parts(np.abs(now - moved) * inside)
    due = _parts(np.abs(moved - before) * inside)
    heard = (np.maximum(was, due) >= PART_DIFFERS * weight) & (weight > 0.3)
    count = np.count_nonzero(heard)
    if count < PARTS_LEAST or np.count_nonzero(left[heard] < EXPLAINED * was[heard]) < PARTS_AGREE * count:
        return None
    return float(x), float(y)


def _parts(plane: Floats) -> Floats:
    return cv2.resize(plane, PARTS, interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)


def flash(before: Floats, now: Floats) -> int:
    """Return 1 or -1 if most of the picture became brighter or darker at once, else 0."""
    change = now - before
    need = FLASH_SHARE * change.size
    if np.count_nonzero(change >= FLASH) >= need:
        return 1
    return -1 if np.count_nonzero(change <= -FLASH) >= need else 0


def _moves(step: Step) -> bool:
    return step.shift is not None and float(np.hypot(*step.shift)) >= STEP


def _flickers(steps: list[Step]) -> bool:
    flashes = [step.flash for step in steps if step.flash]
    turns = sum(one != other for one, other in pairwise(flashes))
    return turns >= FLASH_LEAST - 1


def _shakes(steps: list[Step]) -> bool:
    known = [step.shift for step in steps if step.shift is not None]
    moves = np.array([step.shift for step in steps if _moves(step)], np.float64).reshape(-1, 2)
    if len(known) < SHAKE_LEAST or len(moves) < SHAKE_SHARE * len(steps):
        return False
    turns = np.count_nonzero((moves[1:] * moves[:-1]).sum(axis=1) < 0)
    way = float(np.hypot(moves[:, 0], moves[:, 1]).sum())
    return int(turns) >= SHAKE_TURNS and float(np.hypot(*moves.sum(axis=0))) < SHAKE_NET * way


def _pans(steps: list[Step]) -> bool:
    row: list[tuple[float, float]] = []
    for step in reversed(steps):
        if step.shift is None or not _moves(step):
            break
        row.append(step.shift)
    if len(row) < PAN_LEAST:
        return False
    moves = np.array(row)
    way, net = float(np.hypot(moves[:, 0], moves[:, 1]).sum()), float(np.hypot(*moves.sum(axis=0)))
    return max(PAN_NET * way, PAN_WAY * TINY[0]) <= net
