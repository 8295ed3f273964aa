"""What a still camera sees when nothing happens: one grey value, its noise, and one earlier value per pixel.

Pictures are small and grey. Detection works in whole numbers on every picture; the model itself is kept in
floating point and adapts a few times a second, so that a picture costs about as much as scaling it down.

The idea of several remembered values per pixel is that of codebooks (Kim, Chalidabhongse, Harwood, Davis: "Real-time
foreground-background segmentation using codebook model", 2005), cut down to two: what is there, and what else
has been there for long or comes back again and again (a parked car, a lamp that flickers, a leaf).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.model.frame import Image

Plane = NDArray[np.float32]

ADAPT_EVERY_S = 0.12
"""The model is touched no more often than this; what it does is weighed by the time that has gone by."""
LEARN_S = 1.2
"""The first pictures are only looked at; the median of a few of them is the first background."""
LEARN_PICTURES = 9
SETTLE_S = 5.0
"""Time constant with which the background follows slow changes."""
SLEEP_S = 45.0
"""What stands still for this long becomes background."""
MEMORY_S = 600.0
"""How long the old background is remembered behind what has fallen asleep on it."""
RETURNS = 5.0
RETURNS_FADE_S = 8.0
"""A second value that came back so often within about this time is background too: something flickers or sways."""
FLOOR = 9.0
"""Grey levels that never count as a change: coding and rounding make about half of it."""
CEILING = 60.0
NOISE_FACTOR = 4.0
EDGE_SHARE = 0.12
"""Part of the contrast around a pixel that is put on its threshold: cameras tremble and codecs ring at edges."""
STRONG, FAINT = 2.2, 0.34
"""A change of so many thresholds is a strong one, or a faint one."""
BROKEN_SHARE = 0.5
"""If more of the picture than this has changed at once, the picture has changed and not the scene."""
RELEARN_S = 0.5
BLACK, CLIPPED = 16, 232
"""Luma of black in nearly all video, and from where on a sensor tells no brighter from bright."""

_STATE = ("bg", "noise", "alt", "support", "returns", "was_changed")


class Masks(NamedTuple):
    """Pixels that have changed (0 or 255), those that have changed strongly, and those that have changed a little at least."""

    changed: Image
    strong: Image
    faint: Image


class Background:
    """The model of one camera's picture.

    Attributes:
        ready: False while the first pictures are only looked at.
        relit_at: time of the last sudden change of the light that was taken up, seconds.
    """

    def __init__(self) -> None:
        self.ready = False
        self._shape: tuple[int, ...] = (0, 0)
        self._samples: list[Image] = []
        self._first = 0.0
        self._last = 0.0
        self._broken_until = -1.0
        self.relit_at = -1e9
        self._unrest, self._lit = 0.0, -1e9
        empty = np.empty((0, 0), np.float32)
        self._bg, self._noise, self._alt, self._support, self._returns = (empty.copy() for _ in range(5))
        self._was_changed: Image = np.empty((0, 0), np.uint8)

    def look(self, picture: Image, time: float) -> Masks | None:
        """Return what has changed, or None while there is nothing to say.

        Args:
            picture: (height, width) grey.
            time: seconds; a step back, or another size, begins anew.
        """
        if picture.shape != self._shape or time < self._last:
            self.__init__()  # type: ignore[misc]  # begin anew is exactly what a new one does
            self._shape, self._first, self._last = picture.shape, time, time
        if not self.ready:
            self._learn(picture, time)
            return None
        light = self._light(picture)
        if light is not None:
            self._relight(picture, *light, time)
        difference = cv2.absdiff(picture, self._bg8)
        changed = _compare(difference, self._limit8, cv2.CMP_GT)
        if self._has_known:
            known = _compare(cv2.absdiff(picture, self._alt8), self._limit8, cv2.CMP_LE)
            changed &= ~(known & self._known8)
        changed = cast(Image, cv2.medianBlur(changed, 3))
        if cv2.countNonZero(changed) > BROKEN_SHARE * changed.size:
            self._broken_until = time + RELEARN_S
        if time < self._broken_until:
            cv2.accumulateWeighted(picture, self._bg, 0.4)
            self._support[:] = 0
            self._returns[:] = 0
            self._render()
            self._last = time
            return None
        strong = changed & _compare(difference, self._strong8, cv2.CMP_GT)
        return Masks(changed, strong, _compare(difference, self._faint8, cv2.CMP_GT))

    def adapt(self, picture: Image, changed: Image, time: float) -> None:
        """Let the model follow the picture; `changed` is what `look` gave."""
        if time - self._last < ADAPT_EVERY_S:
            return
        passed = min(time - self._last, 1.0)
        self._last = time
        rest = _compare(cv2.dilate(changed, _SQUARE), 0, cv2.CMP_EQ)
        grey = picture.astype(np.float32)
        share = 1 - float(np.exp(-passed / SETTLE_S))
        cv2.accumulateWeighted(cv2.absdiff(grey, self._bg), self._noise, share, mask=rest)
        cv2.accumulateWeighted(grey, self._bg, share, mask=rest)
        self._remember(picture, changed, passed)
        self._render()

    def accept(self, where: Image) -> None:
        """Take the present picture for background where the mask is set."""
        self._exchange(where)
        self._support[where > 0] = 0
        self._render()

    def stillness(self) -> Plane:
        """Return for how many seconds a change has looked the same, per pixel; a view."""
        return self._support

    def picture(self) -> Image:
        """Return the background as a picture; a view."""
        return self._bg8

    def level(self) -> float:
        """Return the noise of the whole picture, in grey levels."""
        return self._level

    def state(self) -> dict[str, Any]:
        """Return what it remembers."""
        return {
            "ready": self.ready,
            "shape": list(self._shape),
            "times": [self._first, self._last, self._broken_until, self.relit_at, self._lit, self._unrest],
            "samples": [sample.copy() for sample in self._samples],
            **{name: getattr(self, f"_{name}").copy() for name in _STATE},
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up what `state` gave."""
        self.ready = bool(state["ready"])
        self._shape = tuple(int(side) for side in state["shape"])
        times = (float(at) for at in state["times"])
        self._first, self._last, self._broken_until, self.relit_at, self._lit, self._unrest = times
        self._samples = [np.array(sample) for sample in state["samples"]]
        for name in _STATE:
            setattr(self, f"_{name}", np.array(state[name]))
        if self.ready:
            self._render()

    def _learn(self, picture: Image, time: float) -> None:
        if time - self._first >= len(self._samples) * LEARN_S / (LEARN_PICTURES - 1):
            self._samples.append(picture.copy())
        if len(self._samples) < LEARN_PICTURES:
            return
        stack = np.stack(self._samples)
        self._bg = np.median(stack, axis=0).astype(np.float32)
        spread = np.median(np.abs(stack - self._bg), axis=0).astype(np.float32)
        self._noise = cv2.blur(spread, (5, 5))
        self._alt = self._bg.copy()
        self._support = np.zeros_like(self._bg)
        self._returns = np.zeros_like(self._bg)
        self._was_changed = np.zeros(self._shape, np.uint8)
        self._samples = []
        self._last = time
        self.ready = True
        self._render()

    def _remember(self, picture: Image, changed: Image, passed: float) -> None:
        """Keep the second value of each pixel: how long it has been there, and how often it came back."""
        same = _compare(cv2.absdiff(picture, self._alt8), self._limit8, cv2.CMP_LE)
        again = changed & same
        other = changed & ~same
        cv2.accumulateWeighted(picture, self._alt, 0.2, mask=again)
        one = np.ones_like(self._support)
        self._returns *= np.float32(np.exp(-passed / RETURNS_FADE_S))
        cv2.accumulate(one, self._returns, mask=again & ~self._was_changed)
        one *= np.float32(passed)
        self._support -= one
        cv2.accumulate(2 * one, self._support, mask=again)
        cv2.accumulate(-one, self._support, mask=other)
        np.maximum(self._support, 0, out=self._support)
        fresh = other & _compare(self._support, 0.0, cv2.CMP_LE)
        cv2.copyTo(picture.astype(np.float32), fresh, self._alt)
        cv2.copyTo(np.zeros_like(self._returns), fresh, self._returns)
        self._was_changed = changed.copy()
        asleep = again & _compare(self._support, SLEEP_S, cv2.CMP_GE)
        if cv2.countNonZero(asleep):
            self._exchange(asleep)
            self._support[asleep > 0] = SLEEP_S + MEMORY_S

    def _exchange(self, where: Image) -> None:
        """Let background and second value change places."""
        before = self._bg.copy()
        cv2.copyTo(self._alt, where, self._bg)
        cv2.copyTo(before, where, self._alt)

    def _light(self, picture: Image) -> tuple[float, float] | None:
        """Return gain and offset that turn the background into the present light, or None if nothing is to be done.

        Two medians, over the darker and the brighter half of the picture, give the line: up to half of the
        points of each may lie on something that moves.
        """
        now = picture[_THINNED].astype(np.float32).ravel()
        then = self._bg[_THINNED].clip(0, 255).ravel()
        usable = (now > 4) & (now < 250) & (then > 4) & (then < 250)
        if np.count_nonzero(usable) < max(1, 0.2 * usable.size):
            return None
        now, then = now[usable], then[usable]
        dark = then <= _middle(then)
        if dark.all():
            return None
        low, high = _middle(then[dark]), _middle(then[~dark])
        if high - low > 40:
            rise = _middle(now[~dark] - then[~dark]) - _middle(now[dark] - then[dark])
            gain = 1 + rise / (high - low)
        else:  # too even a picture for a line through two points; light multiplies, so it goes through black
            gain = _middle((now - BLACK) / np.maximum(then - BLACK, 8))
        gain = min(max(gain, 0.5), 2.0)
        offset = _middle(now - np.float32(gain) * then)
        moved = max(abs(gain * level + offset - level) for level in (low, high))
        return (gain, offset) if moved >= 1.0 else None

    def _relight(self, picture: Image, gain: float, offset: float, time: float) -> None:
        clipped = _compare(picture, CLIPPED, cv2.CMP_GE) & _compare(self._bg, CLIPPED, cv2.CMP_GE)
        self._bg = self._bg * np.float32(gain) + np.float32(offset)
        self._alt = self._alt * np.float32(gain) + np.float32(offset)
        cv2.copyTo(picture.astype(np.float32), clipped, self._bg)
        self._unrest *= float(np.exp(self._lit - time))
        self._unrest += abs(gain * 128 + offset - 128)
        self._lit = time
        if self._unrest > 4:
            self.relit_at = time
        self._bg8 = _grey(self._bg)
        self._alt8 = _grey(self._alt)

    def _render(self) -> None:
        """Prepare what every picture is compared with."""
        self._bg8 = _grey(self._bg)
        self._alt8 = _grey(self._alt)
        self._level = _middle(self._noise[::6, ::6].ravel())
        edges = cv2.morphologyEx(self._bg8, cv2.MORPH_GRADIENT, _SQUARE)
        base = cv2.convertScaleAbs(_upper(self._noise, self._level), alpha=NOISE_FACTOR, beta=4.0)
        limit = cv2.addWeighted(base, 1.0, edges, EDGE_SHARE, 0.0)
        self._limit8 = _lower(_upper(limit, FLOOR), CEILING).astype(np.uint8, copy=False)
        self._strong8 = cv2.convertScaleAbs(self._limit8, alpha=STRONG)
        self._faint8 = cv2.convertScaleAbs(self._limit8, alpha=FAINT)
        self._known8 = _compare(self._returns, RETURNS, cv2.CMP_GE) | _compare(self._support, SLEEP_S, cv2.CMP_GE)
        self._has_known = cv2.countNonZero(self._known8) > 0


_THINNED = np.s_[3::7, 3::7]


def _middle(values: NDArray[np.floating[Any]]) -> float:
    """Return the median, the upper one of two."""
    half = len(values) // 2
    return float(np.partition(values, half)[half])


def _grey(plane: Plane) -> Image:
    return plane.clip(0, 255).astype(np.uint8)


_SQUARE = np.ones((3, 3), np.uint8)


# OpenCV's own stubs know neither that a number may stand for a picture nor that these keep or give 8-bit pictures.


def _compare(picture: NDArray[Any], other: Any, how: int) -> Image:
    result: Any = cv2.compare(picture, other, how)
    return cast(Image, result)


def _upper(picture: NDArray[Any], other: Any) -> NDArray[Any]:
    return cv2.max(picture, other)


def _lower(picture: NDArray[Any], other: Any) -> NDArray[Any]:
    return cv2.min(picture, other)
