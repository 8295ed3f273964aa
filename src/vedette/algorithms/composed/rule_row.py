"""The table of a rule in a service's manifest."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from vedette.algorithms.composed.fields import CROSSING, REGION, SOURCES, TARGET
from vedette.algorithms.composed.rows import BOUND, STRICT, EventRow, Seconds, Values, When, Word


class RuleRow(BaseModel):
    """What has to come to pass for an event.

    Attributes:
        rule: present: something is there; still: and does not move; absent: too few are there; count: too many are;
            cross: something crosses a line.
        event: the event it tells.
        per: of `present`: one event for each target, or one for the region.
        categories: what counts; empty: all.
        having: only targets that lie together with one of these categories (`with` in the file).
        lacking: only targets that lie together with none of them (`without` in the file).
        having_when: `having` and `lacking` hold only then; None: always.
        near: by which share of its size a target's box is grown before it is looked what lies in it.
        regions: names of the regions it is about; empty: all.
        seconds: how long it must last.
        gone_after: seconds after which it counts as over.
        again_after: seconds in which the same thing is not told again.
        repeat_every: seconds after which it is told again while it lasts; 0: it is told once.
        above: of `count`: more than so many.
        below: of `absent`: fewer than so many.
        direction: of `cross`.
        when: the rule holds only then.
        over_when: that it is over is told only then; None: wherever the event has `ends`.
    """

    model_config = STRICT

    rule: Literal["present", "still", "absent", "count", "cross"]
    event: str
    per: Literal["target", "region"] = "target"
    categories: tuple[Word, ...] = ()
    having: tuple[Word, ...] = Field((), alias="with")
    lacking: tuple[Word, ...] = Field((), alias="without")
    having_when: Annotated[When | None, BOUND] = None
    near: Annotated[float, Field(ge=0, le=5)] = 0.1
    regions: tuple[str, ...] = ()
    seconds: Annotated[Seconds, BOUND] = 0.0
    gone_after: Annotated[Seconds, BOUND] = 5.0
    again_after: Annotated[Seconds, BOUND] = 0.0
    repeat_every: Annotated[Seconds, BOUND] = 0.0
    repeat_when: Annotated[When | None, BOUND] = None
    above: Annotated[Values | None, BOUND] = None
    below: Annotated[Values, BOUND] = 1
    direction: Literal["both", "to_side1", "to_side2"] = "both"
    when: Annotated[When | None, BOUND] = None
    over_when: Annotated[When | None, BOUND] = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.rule == "count") is not (self.above is not None):
            raise ValueError("a rule `count`, and no other, needs `above`")
        for name, kinds in _ONLY.items():
            if name in self.model_fields_set and self.rule not in kinds:
                raise ValueError(f"a rule `{self.rule}` has no `{name}`")
        return self

    def faults_with(self, event: EventRow) -> list[str]:
        """Return what the message of an event says that the rule cannot know."""
        rows = [row for row in (*event.fields, *event.data) if row.value is None]
        said = [row.name for row in rows if SOURCES[row.tells].about not in _KNOWS[self.rule]]
        faults = [f"the rule {self.rule} cannot tell {', '.join(said)}"] if said else []
        if self.over_when is not None and not event.ends:
            faults.append(f"over_when needs an event with `ends = true`, and {event.name} has none")
        if self.rule == "cross" and event.ends:
            faults.append(f"a crossing is never over, and {event.name} has `ends = true`")
        return faults


_KNOWS = {
    "present": {TARGET, REGION},
    "still": {TARGET, REGION},
    "count": {TARGET, REGION},
    "absent": {REGION},
    "cross": {TARGET, CROSSING},
}
_ONLY = {
    "per": {"present"},
    "below": {"absent"},
    "direction": {"cross"},
    "seconds": {"present", "still", "absent", "count"},
    "regions": {"present", "still", "absent", "count"},
    "gone_after": {"present", "absent", "count"},
    "again_after": {"present", "absent", "count", "cross"},
    "repeat_every": {"present", "absent", "count"},
    "over_when": {"present", "still", "absent", "count"},
}
