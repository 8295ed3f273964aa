"""The rules of a composed service at work: each looks at a scene and says what is to be told."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from vedette.algorithms.base import AlgorithmConfig, PlainState
from vedette.algorithms.composed.rows import CategoryRow, Condition, Values
from vedette.algorithms.composed.rule_row import RuleRow
from vedette.algorithms.composed.scene import Scene, counted, thing
from vedette.algorithms.composed.told import Told
from vedette.algorithms.geometry import Line
from vedette.algorithms.rules.crossing import LineWatch
from vedette.algorithms.rules.standing import Standing

SLACK = 1 / 72
"""Share of the picture's height by which a point must be clear of a line (8 px of 576)."""


@dataclass(frozen=True, slots=True)
class Given:
    """A task's configuration, asked for what rules are bound to."""

    config: AlgorithmConfig

    def number(self, value: Values | None) -> float:
        """Return a number, or the value of the key that gives it."""
        found = getattr(self.config, value) if isinstance(value, str) else value
        return float(found or 0)

    def holds(self, condition: Condition | None) -> bool:
        """Return whether a condition holds; none always does."""
        if condition is None:
            return True
        value = getattr(self.config, condition.key)
        return value in condition.values if condition.values else bool(value)


class Watch(ABC):
    """One rule at one place.

    Args:
        rule: the rule.
        given: what its numbers are bound to.
        categories: of the service.
        where: `region:0` or `line:0`; a part of what its findings are called.
    """

    def __init__(self, rule: RuleRow, given: Given, categories: Sequence[CategoryRow], where: str) -> None:
        self.rule, self.where = rule, where
        self._categories, self._given = categories, given
        self._counts = counted(rule.categories, categories)
        self._having, self._lacking = (counted(names, categories) for names in (rule.having, rule.lacking))
        self._ends = given.holds(rule.over_when)

    def see(self, scene: Scene) -> list[Told]:
        """Take up a picture, and return what is to be told."""
        return list(self._judge(scene.where(self._standings(scene))))

    @abstractmethod
    def _judge(self, scene: Scene) -> Iterator[Told]: ...

    def _standings(self, scene: Scene) -> list[Standing]:
        """Return what the targets count for under this rule."""
        kinds = scene.kinds()
        fits = np.array([self._counts[kind] for kind in kinds.tolist()], np.bool_)
        if (self.rule.having or self.rule.lacking) and self._given.holds(self.rule.having_when):
            for names, wanted, there in (
                (self.rule.having, self._having, True),
                (self.rule.lacking, self._lacking, False),
            ):
                if names:
                    others = np.array([wanted[kind] for kind in kinds.tolist()], np.bool_)
                    fits &= scene.together(others, self.rule.near) == there
        return [
            standing if fit or standing is Standing.UNSURE else Standing.IGNORED
            for standing, fit in zip(scene.standings, fits.tolist(), strict=True)
        ]

    @abstractmethod
    def keep(self, alive: frozenset[int]) -> None:
        """Forget the tracks that will not come back."""

    @abstractmethod
    def place(self) -> list[float]:
        """Return where it is, as numbers: by them its memory is found again under another configuration."""

    @abstractmethod
    def state(self) -> PlainState:
        """Return what it remembers."""

    @abstractmethod
    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave."""


class CrossWatch(Watch):
    """Somebody crosses a line."""

    def __init__(self, rule: RuleRow, given: Given, categories: Sequence[CategoryRow], where: str, line: Line) -> None:
        super().__init__(rule, given, categories, where)
        self._watch = LineWatch(line, given.number(rule.again_after))

    def _judge(self, scene: Scene) -> Iterator[Told]:
        line, seen = self._watch.line, {target.track: target for target in scene.targets}
        slack = scene.height * SLACK
        for crossed in self._watch.update(scene.ids, scene.points, list(scene.standings), slack, scene.time):
            if self.rule.direction in {"both", "to_side1" if crossed.after > 0 else "to_side2"}:
                yield Told(
                    f"{self.where}:track:{crossed.track}",
                    (thing(seen[crossed.track], self._categories),),
                    line=line.name,
                    sides=(line.side_name(crossed.before), line.side_name(crossed.after)),
                )

    def keep(self, alive: frozenset[int]) -> None:
        self._watch.keep(alive)

    def place(self) -> list[float]:
        return [*self._watch.line.start, *self._watch.line.end]

    def state(self) -> PlainState:
        return self._watch.state()

    def restore(self, state: PlainState) -> None:
        self._watch.restore(state)
