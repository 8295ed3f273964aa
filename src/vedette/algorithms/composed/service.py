"""The algorithm of composed services: one class; what they differ in stands in their plans."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar, Final, Self

from vedette.algorithms.base import Algorithm, AlgorithmConfig, Models, PlainState
from vedette.algorithms.composed.eyes import eyes, kinds
from vedette.algorithms.composed.manifest import ServiceManifest
from vedette.algorithms.composed.message import Message
from vedette.algorithms.composed.region_watch import SpellWatch, StillWatch
from vedette.algorithms.composed.scene import Scene
from vedette.algorithms.composed.told import Told
from vedette.algorithms.composed.watch import CrossWatch, Given, Watch
from vedette.algorithms.geometry import Roi, whole
from vedette.algorithms.rules.standing import Standing
from vedette.algorithms.targets import Following, Target, Targets
from vedette.model.event import Finding
from vedette.model.frame import Frame

_TINY: Final = 1e-6
"""Seconds: times of pictures are no round numbers."""


class Composed(Following, Algorithm[AlgorithmConfig]):
    """Follows what a model sees, and tells what the rules of its plan say.

    Attributes:
        plan: the service, as it was written down.
        messages: its events, by name.
    """

    plan: ClassVar[ServiceManifest]
    messages: ClassVar[Mapping[str, Message]]

    def __init__(self, config: AlgorithmConfig, models: Models) -> None:
        made: Any = config  # its class was made of the plan
        self._config = made
        self._given = Given(config)
        self._detector = eyes(self.plan, models)
        rows = self.plan.categories
        asked = frozenset(n for n, row in enumerate(rows) if self._given.holds(row.when))
        self._targets = Targets(self._detector, kinds(self.plan, self._detector), asked)
        self._scores = [self._given.number(row.least_score) for row in rows]
        self._sizes = [self._given.number(row.least_size) for row in rows]
        self._step = self._given.number(self.plan.every)
        self._roi: Roi = made.roi()
        self._rules = [(n, rule) for n, rule in enumerate(self.plan.rules) if self._given.holds(rule.when)]
        self._next, self._size = 0.0, [0, 0]
        self._watches = list(self._made())

    def note(self) -> str:
        """Return which detector is at work."""
        return f"detector: {self._detector.name}"

    def process(self, frame: Frame) -> Iterable[Finding]:
        """Follow the targets, and tell what the rules make of them."""
        if frame.time < self._next - _TINY:
            return []
        if self._step:
            self._next = frame.time + self._step
        if self._size != [frame.width, frame.height]:
            self._size = [frame.width, frame.height]
            if not self._roi.polygons:
                self._watches = list(self._made())
        targets = [self._judged(target) for target in self._targets.look(frame, *self._limits(frame))]
        scene = Scene.of(targets, frame.height, frame.time, centre=self.plan.place == "centre")
        findings: list[Finding] = []
        for watch in self._watches:
            ends = self.messages[watch.rule.event].row.ends
            findings += [self._finding(watch, told) for told in watch.see(scene) if ends or not told.over]
            watch.keep(self._targets.alive)
        return findings

    def _limits(self, frame: Frame) -> tuple[float, float]:
        sizes: tuple[float, float] = (0.0, float("inf"))
        return sizes if self.plan.sizes is None else self._config.sizes(frame.height, self.plan.sizes)

    def _judged(self, target: Target) -> Target:
        """Return a target that does not count if it is too unsure or too small for its category."""
        small = max(target.box[2:]) < self._sizes[target.category] or target.score < self._scores[target.category]
        if small and target.standing is Standing.COUNTED:
            return replace(target, standing=Standing.IGNORED)
        return target

    def _finding(self, watch: Watch, told: Told) -> Finding:
        message = self.messages[watch.rule.event]
        drawing = None
        if message.row.picture:
            boxes = ((one.box, one.category) for one in told.things)
            drawing = self._config.drawing(boxes, self._roi)
        over = told.over if message.row.ends else None
        return Finding(message.row.number, told.subject, message.tell(told), drawing, over)

    def _made(self) -> Iterator[Watch]:
        """Yield the rules at the places of the task; without regions, at the whole picture."""
        regions = self._roi.polygons
        if not regions and self._size != [0, 0]:
            regions = (whole(*self._size),)
        rows, given = self.plan.categories, self._given
        for n, rule in self._rules:
            if rule.rule == "cross":
                for m, line in enumerate(self._roi.lines):
                    yield CrossWatch(rule, given, rows, f"rule:{n}:line:{m}", line)
                continue
            for m, region in enumerate(regions):
                where = f"rule:{n}:region:{m}"
                if rule.regions and region.name not in rule.regions:
                    continue
                if rule.rule == "still":
                    yield StillWatch(rule, given, rows, where, region)
                else:
                    yield SpellWatch(rule, given, rows, where, region, self._step)

    def state(self) -> PlainState:
        """Return all it remembers."""
        return {"targets": self._targets.state(), **self._watched()}

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave, of the rules, lines and regions that are the same still."""
        self._targets.restore(state["targets"])
        self._go_on(state)

    def succeed(self, former: Self) -> None:
        """Take up the tracks, and what belongs to the rules, lines and regions that are the same still."""
        if self._targets.succeed(former._targets):
            self._go_on(former._watched())

    def _watched(self) -> PlainState:
        return {
            "size": self._size,
            "next": self._next,
            "watches": [[_name(watch), watch.place(), watch.state()] for watch in self._watches],
        }

    def _go_on(self, state: PlainState) -> None:
        """Take up the rules by what they are and where, whatever their order."""
        if state["size"] != [0, 0]:
            self._size = list(state["size"])
            self._watches = list(self._made())
        self._next = state["next"] if self._step else 0.0
        for watch in self._watches:
            for name, place, known in state["watches"]:
                if name == _name(watch) and place == watch.place():
                    watch.restore(known)
                    break


def _name(watch: Watch) -> str:
    """Return what a rule is known by in a checkpoint: its number among the rules, and what kind it is."""
    return f"{watch.where.split(':')[1]}:{watch.rule.rule}"
