"""Rules about a region: something is there, stands there, is missing there, or there is too much of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from vedette.algorithms.base import PlainState
from vedette.algorithms.composed.rows import CategoryRow
from vedette.algorithms.composed.rule_row import RuleRow
from vedette.algorithms.composed.scene import Scene, thing
from vedette.algorithms.composed.told import Thing, Told
from vedette.algorithms.composed.watch import SLACK, Given, Watch
from vedette.algorithms.geometry import Polygon
from vedette.algorithms.rules.spells import Ended, Lasted, Spells
from vedette.algorithms.rules.stay import StayWatch
from vedette.model.event import Box

NOWHERE: Final[Box] = (0, 0, 0, 0)


class RegionRule(Watch):
    """A rule about a region."""

    def __init__(
        self, rule: RuleRow, given: Given, categories: Sequence[CategoryRow], where: str, polygon: Polygon
    ) -> None:
        super().__init__(rule, given, categories, where)
        self.polygon = polygon

    def keep(self, alive: frozenset[int]) -> None:
        """Forget nothing: what was lost is known by its place for a while."""

    def place(self) -> list[float]:
        return [number for corner in self.polygon.corners for number in corner]

    def _spells(self, step_s: float) -> Spells:
        repeat = self._given.number(self.rule.repeat_every) if self._given.holds(self.rule.repeat_when) else 0.0
        return Spells(
            self._given.number(self.rule.seconds),
            self._given.number(self.rule.gone_after),
            self._given.number(self.rule.again_after),
            repeat,
            step_s,
        )


class StillWatch(RegionRule):
    """Something stands in a region for too long; known by its place."""

    def __init__(
        self, rule: RuleRow, given: Given, categories: Sequence[CategoryRow], where: str, polygon: Polygon
    ) -> None:
        super().__init__(rule, given, categories, where, polygon)
        self._watch = StayWatch(polygon, given.number(rule.seconds))
        self._kept: dict[int, Thing] = {}

    def _judge(self, scene: Scene) -> Iterator[Told]:
        seen = {target.track: target for target in scene.targets}
        slack = scene.height * SLACK
        stays = self._watch.update(scene.ids, scene.boxes, scene.points, scene.standings, slack, scene.time)
        if not stays:
            return
        inside = scene.within(self.polygon)
        for stay in stays:
            if not stay.over:
                found = thing(seen[stay.track], self._categories)
                self._kept[stay.number] = replace(found, track=stay.number)
            told = self._kept.pop(stay.number) if stay.over else self._kept[stay.number]
            if not stay.over or self._ends:
                yield Told(
                    f"{self.where}:track:{stay.number}",
                    (told,),
                    region=self.polygon,
                    count=int(inside.sum()),
                    share=scene.share_of(self.polygon, inside),
                    seconds=self._given.number(self.rule.seconds),
                    over=stay.over,
                )

    def state(self) -> PlainState:
        return {"stays": self._watch.state(), "kept": [_row(told) for told in self._kept.values()]}

    def restore(self, state: PlainState) -> None:
        self._watch.restore(state["stays"])
        self._kept = {told.track: told for told in map(_thing, state["kept"])}


class SpellWatch(RegionRule):
    """Something is there, too few are, or too many are: for each target, or for the region."""

    def __init__(
        self,
        rule: RuleRow,
        given: Given,
        categories: Sequence[CategoryRow],
        where: str,
        polygon: Polygon,
        step_s: float,
    ) -> None:
        super().__init__(rule, given, categories, where, polygon)
        self._watch = self._spells(step_s)
        self._by_target = rule.rule == "present" and rule.per == "target"
        self._kept: dict[int, Thing] = {}

    def _judge(self, scene: Scene) -> Iterator[Told]:
        inside = scene.within(self.polygon)
        present = [thing(scene.targets[row], self._categories) for row in np.flatnonzero(inside).tolist()]
        lasted, ended = self._watch.update(self._holds(present), scene.time)
        self._kept |= {told.track if self._by_target else 0: told for told in present}
        told = [(one, False) for one in lasted] + [(one, True) for one in ended if self._ends]
        share = scene.share_of(self.polygon, inside) if told else 0.0
        for one, over in told:
            yield Told(
                f"{self.where}:track:{one.name}" if self._by_target else self.where,
                self._things(one, present, over=over),
                region=self.polygon,
                count=len(present),
                share=share,
                seconds=scene.time - one.since,
                over=over,
            )
        known = self._watch.keys
        self._kept = {key: thing for key, thing in self._kept.items() if key in known}

    def _things(self, one: Lasted | Ended, present: Sequence[Thing], *, over: bool) -> tuple[Thing, ...]:
        """Return the targets it is about; what is over was where it was last seen."""
        if not self._by_target and not over:
            return tuple(present)
        last = self._kept.get(one.key)
        if last is None:
            return ()
        return (replace(last, track=one.name) if self._by_target else last,)

    def _holds(self, present: Sequence[Thing]) -> Mapping[int, Box]:
        """Return of what the rule holds: tracks, or 0 for the region."""
        if self._by_target:
            return {told.track: told.box for told in present}
        number = len(present)
        holds = {
            "present": number > 0,
            "absent": number < self._given.number(self.rule.below),
            "count": number > self._given.number(self.rule.above),
        }[self.rule.rule]
        return {0: NOWHERE} if holds else {}

    def state(self) -> PlainState:
        return {"spells": self._watch.state(), "kept": [[key, *_row(told)] for key, told in self._kept.items()]}

    def restore(self, state: PlainState) -> None:
        self._watch.restore(state["spells"])
        self._kept = {int(key): _thing(row) for key, *row in state["kept"]}


def _row(told: Thing) -> list[Any]:
    return [told.track, told.category, told.number, list(told.box), told.score]


def _thing(row: Sequence[Any]) -> Thing:
    track, category, number, box, score = row
    return Thing(track, category, number, (box[0], box[1], box[2], box[3]), score)
