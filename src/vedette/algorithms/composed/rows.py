"""The tables of a service's manifest: categories, keys, events and rules."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, model_validator

from vedette.algorithms.composed.fields import SOURCES, TARGET

STRICT = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Scalar = StrictBool | int | float | str


def _condition(value: object) -> object:
    return {"key": value} if isinstance(value, str) else value


class Condition(BaseModel):
    """Holds when a key has one of some values; without values, when it is on.

    Attributes:
        key: its name.
        values: the values (`is` in the file).
    """

    model_config = STRICT

    key: Word
    values: tuple[Scalar, ...] = Field((), alias="is")


Values = Annotated[float, Field(ge=0, le=1_000_000)] | Word
"""A number, or the name of the key that gives it."""
Seconds = Values
When = Annotated[Condition, BeforeValidator(_condition)]
BOUND = "bound"
"""Marks what may be the name of a key."""


class CategoryRow(BaseModel):
    """What the service tells apart.

    Attributes:
        classes: names of the model's classes, in any case; empty: all of them.
        number: `category` on the wire; None: its place in the list, from 0.
        when: it counts only then.
        least_score: how sure the detector must be; 0.5 is the threshold of any model.
        least_size: smallest longer side of a box, pixels.
    """

    model_config = STRICT

    name: Word
    classes: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    number: int | None = None
    when: Annotated[When | None, BOUND] = None
    least_score: Annotated[Values, BOUND] = 0.0
    least_size: Annotated[Values, BOUND] = 0.0


class KeyRow(BaseModel):
    """A key of `config.common`."""

    model_config = STRICT

    name: Word
    type: Literal["switch", "whole", "number", "choice"]
    title_en: Annotated[str, Field(min_length=1, max_length=200)]
    title_cn: Annotated[str, Field(min_length=1, max_length=200)]
    default: Scalar
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    unit: str = ""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.type == "choice") is not bool(self.choices):
            raise ValueError(f"{self.name}: a choice, and nothing else, has choices")
        bounded = self.type in {"whole", "number"}
        if not bounded and (self.least is not None or self.most is not None):
            raise ValueError(f"{self.name}: only numbers have least and most")
        if bounded and (self.least is None or self.most is None or self.least > self.most):
            raise ValueError(f"{self.name}: a number needs least and most, in this order")
        return self


class FieldRow(BaseModel):
    """A key of the message.

    Attributes:
        name: as it stands in the message.
        source: what it tells (`is` in the file); None: what its name says.
        value: it is always this.
    """

    model_config = STRICT

    name: Word
    source: str | None = Field(None, alias="is")
    value: Scalar | None = None
    description: str = ""

    @model_validator(mode="after")
    def _is_known(self) -> Self:
        if self.value is not None and self.source is not None:
            raise ValueError(f"{self.name} has either `is` or `value`")
        if self.value is None and self.tells not in SOURCES:
            raise ValueError(f"nothing is known as {self.tells}; known are {', '.join(sorted(SOURCES))}")
        return self

    @property
    def tells(self) -> str:
        """The name of its source."""
        return self.source or self.name


def _field(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


Fields = tuple[Annotated[FieldRow, BeforeValidator(_field)], ...]


class EventRow(BaseModel):
    """A kind of event, and what its message says.

    Attributes:
        number: `event_type`.
        entries: the key (`list` in the file) of `data` whose entries have `fields`.
        fields: keys of each entry: one entry for each target, or for the region where no key is about a target.
        data: keys that stand in `data` itself.
        ends: whether the message has an `alarm_type`, and a second one may say that it is over.
        picture: whether it has one.
    """

    model_config = STRICT

    number: Annotated[int, Field(ge=1, le=2**63 - 1)]
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
    description: Annotated[str, Field(max_length=500)] = ""
    entries: Word = Field("event_set", alias="list")
    fields: Fields = ()
    data: Fields = ()
    ends: StrictBool = False
    picture: StrictBool = True

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.fields and not self.data:
            raise ValueError(f"the message of {self.name} has no fields")
        within = [row.name for row in self.data] + ([self.entries] if self.fields else [])
        if len(set(within)) < len(within) or len({row.name for row in self.fields}) < len(self.fields):
            raise ValueError(f"the message of {self.name} has a field twice")
        alone = [row.name for row in self.data if row.value is None and SOURCES[row.tells].about == TARGET]
        if alone:
            raise ValueError(f"{', '.join(alone)} is about a target and belongs to `fields`")
        return self

    @property
    def is_of_targets(self) -> bool:
        """Whether entries are made for targets."""
        return any(row.value is None and SOURCES[row.tells].about == TARGET for row in self.fields)
