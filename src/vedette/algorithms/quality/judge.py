"""The judge of one source: takes pictures, and says what is wrong with them."""

from typing import Final

from vedette.algorithms.base import PlainState
from vedette.algorithms.quality import still
from vedette.algorithms.quality.limits import USUAL, Limits
from vedette.algorithms.quality.motion import Motion
from vedette.algorithms.quality.picture import Bytes, reduce
from vedette.algorithms.quality.scene import Scene
from vedette.model.look import Fault

PICTURES_LEAST: Final = 3
"""Pictures before anything is said; what one picture shows must show in so many in a row."""
GAP_US: Final = 10_000_000
"""Microseconds without a picture after which the next one does not follow the last."""
STEP_MOST_US: Final = 1_000_000
"""Most that one picture counts, so that two pictures far apart do not make a lasting fault."""

LAST_US: Final = {
    Fault.SCENE_UPHEAVAL: 4_000_000,
    Fault.OCCLUDE: 4_000_000,
    Fault.SCREEN_SMUDGE: 6_000_000,
    Fault.BLURRY: 3_000_000,
    Fault.SCREEN_SPLASH: 0,
    Fault.SCREEN_JITTER: 1_000_000,
    Fault.SCREEN_MOVEMENT: 0,
    Fault.SCREEN_FREEZE: 0,
}
"""Microseconds for which each must show until it is told; the others: `PICTURES_LEAST` pictures."""
GONE_US: Final = 3_000_000
"""Microseconds for which a fault must be away until it is no longer told, so that a verdict does not flicker."""

EXPLAINED_BY: Final = {
    Fault.BLACK_SCREEN: frozenset(Fault) - {Fault.BLACK_SCREEN},
    Fault.GRAY_SCREEN: frozenset(Fault) - {Fault.GRAY_SCREEN, Fault.BLACK_SCREEN},
    Fault.SNOW_NOISE: frozenset(Fault) - {Fault.SNOW_NOISE, Fault.BLACK_SCREEN, Fault.GRAY_SCREEN},
    Fault.ABNORMAL_LIGHT: frozenset(
        {Fault.COLOR_DISTORTION, Fault.BLURRY, Fault.SCENE_UPHEAVAL, Fault.OCCLUDE, Fault.SCREEN_SMUDGE}
    ),
    Fault.COLOR_DISTORTION: frozenset({Fault.SCREEN_SMUDGE}),
    Fault.BLURRY: frozenset({Fault.SCENE_UPHEAVAL, Fault.OCCLUDE, Fault.SCREEN_SMUDGE}),
    Fault.OCCLUDE: frozenset({Fault.SCREEN_SMUDGE}),
    Fault.SCREEN_SPLASH: frozenset({Fault.ABNORMAL_LIGHT, Fault.SCENE_UPHEAVAL, Fault.OCCLUDE, Fault.SCREEN_SMUDGE}),
    Fault.SCREEN_JITTER: frozenset({Fault.SCENE_UPHEAVAL, Fault.SCREEN_SMUDGE}),
    Fault.SCREEN_MOVEMENT: frozenset({Fault.SCENE_UPHEAVAL, Fault.OCCLUDE, Fault.SCREEN_SMUDGE}),
}
"""What is not told beside a fault, because that explains it."""


class Judge:
    """Judges the pictures of one source.

    One thread hands pictures in; any other may ask for the verdict at the same time. What is kept is a few small
    pictures and maps, about 1 MB, however long it watches.

    Args:
        limits: what counts as a fault.
    """

    def __init__(self, limits: Limits = USUAL) -> None:
        self._limits = limits
        self._motion = Motion(limits)
        self._scene = Scene(limits)
        self._grain: still.Grain | None = None
        self._levels: dict[Fault, _Level] = {fault: _Level(fault) for fault in Fault}
        self._last_us: int | None = None
        self._pictures = 0
        self._verdict: tuple[Fault, ...] | None = None

    def see(self, bgr: Bytes, time_us: int) -> None:
        """Take a picture of any size, blue first; 2 to 5 a second are enough.

        Args:
            bgr: the picture; it is neither kept nor changed.
            time_us: its time in microseconds on any clock that goes forward; a jump back starts the comparison of pictures
                in a row anew.
        """
        picture = reduce(bgr, time_us)
        step_us = 0 if self._last_us is None else time_us - self._last_us
        if step_us < 0 or step_us > GAP_US:
            self._motion, self._grain, step_us = Motion(self._limits), None, 0
        step_us = min(step_us, STEP_MOST_US)
        grain = still.grain(picture)
        found = still.evidence(picture, grain, self._grain, self._limits)
        found |= self._motion.evidence(picture)
        if not found:
            found |= self._scene.evidence(picture, step_us, self._motion.moving)
        self._grain, self._last_us = grain, time_us
        self._pictures += 1
        for fault, level in self._levels.items():
            level.note(fault in found, step_us)
        if self._pictures >= PICTURES_LEAST:
            told = {fault for fault, level in self._levels.items() if level.told}
            self._verdict = tuple(fault for fault in Fault if fault in told and not _explained(fault, told))

    def faults(self) -> tuple[Fault, ...] | None:
        """Return what is wrong, or None before enough pictures came."""
        return self._verdict

    def state(self) -> PlainState:
        """Return all it remembers; nothing may be shown to it meanwhile."""
        return {
            "motion": self._motion.state(),
            "scene": self._scene.state(),
            "grain": None if self._grain is None else self._grain.state(),
            "levels": {fault.value: level.state() for fault, level in self._levels.items()},
            "last": self._last_us,
            "pictures": self._pictures,
            "verdict": None if self._verdict is None else [fault.value for fault in self._verdict],
        }

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave."""
        self._motion.restore(state["motion"])
        self._scene.restore(state["scene"])
        self._grain = None if state["grain"] is None else still.Grain.of(state["grain"])
        for fault, level in self._levels.items():
            level.restore(state["levels"][fault.value])
        self._last_us, self._pictures = state["last"], state["pictures"]
        verdict = state["verdict"]
        self._verdict = None if verdict is None else tuple(Fault(value) for value in verdict)


class _Level:
    """How firmly one fault shows: it comes and goes with delay."""

    def __init__(self, fault: Fault) -> None:
        self._need_us = LAST_US.get(fault, 0)
        self._need_pictures = 1 if fault in LAST_US else PICTURES_LEAST
        self._shown_us = self._away_us = self._pictures = 0
        self.told = False

    def note(self, shows: bool, step_us: int) -> None:
        if shows:
            self._shown_us += step_us if self._pictures else 0
            self._pictures += 1
            self._away_us = 0
            self.told = self.told or (self._shown_us >= self._need_us and self._pictures >= self._need_pictures)
        else:
            self._away_us += step_us
            self._shown_us = max(0, self._shown_us - step_us)
            self._pictures = 0
            self.told = self.told and self._away_us < GONE_US

    def state(self) -> list[int]:
        return [self._shown_us, self._away_us, self._pictures, int(self.told)]

    def restore(self, state: list[int]) -> None:
        self._shown_us, self._away_us, self._pictures = state[:3]
        self.told = bool(state[3])


def _explained(fault: Fault, told: set[Fault]) -> bool:
    return any(fault in EXPLAINED_BY.get(other, ()) for other in told)
