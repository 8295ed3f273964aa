"""How an event of a manifest becomes the data of a message."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from vedette.algorithms.base import EventKind
from vedette.algorithms.composed.fields import SOURCES
from vedette.algorithms.composed.rows import EventRow, FieldRow
from vedette.algorithms.composed.told import Thing, Told
from vedette.model.message import EventData


@dataclass(frozen=True, slots=True)
class Message:
    """An event of a manifest, with the types that it is told in.

    Attributes:
        data: what stands in `data`.
        entry: what stands in its list; None where it has none.
    """

    row: EventRow
    data: type[EventData]
    entry: type[EventData] | None

    @classmethod
    def of(cls, row: EventRow, about: str) -> "Message":
        """Make the types of an event; `about` is what the service does, in a sentence."""
        sentence = row.description or about
        title = "".join(part.capitalize() for part in row.name.replace("-", "_").split("_"))
        fields = [_field(one) for one in row.data]
        entry = None
        if row.fields:
            entry = _struct(f"{title}Entry", sentence, [_field(one) for one in row.fields])
            listed = Annotated[tuple[entry, ...], Meta(description="What it is about.")]  # type: ignore[valid-type]
            fields.append((row.entries, listed))
        return cls(row, _struct(f"{title}Data", sentence, fields), entry)

    @property
    def kind(self) -> EventKind:
        """The kind of event, as an algorithm declares it."""
        return EventKind(self.row.number, self.row.name, self.data, ends=self.row.ends)

    def tell(self, told: Told) -> EventData:
        """Return the data that tells something."""
        given = _values(self.row.data, told, None)
        if self.entry is not None:
            things: Sequence[Thing | None] = told.things if self.row.is_of_targets else (None,)
            given[self.row.entries] = tuple(self.entry(**_values(self.row.fields, told, one)) for one in things)
        return self.data(**given)


def _values(rows: Iterable[FieldRow], told: Told, thing: Thing | None) -> dict[str, Any]:
    return {row.name: row.value if row.value is not None else SOURCES[row.tells].get(told, thing) for row in rows}


def _struct(name: str, sentence: str, fields: list[Any]) -> type[EventData]:
    """Make a class of data; its fields are keys of the message."""
    made: Any = msgspec.defstruct(
        name, fields, bases=(EventData,), namespace={"__doc__": sentence}, kw_only=True, forbid_unknown_fields=True
    )
    kind: type[EventData] = made
    return kind


def _field(row: FieldRow) -> tuple[str, Any] | tuple[str, Any, Any]:
    """Return a field as `defstruct` takes it."""
    if row.value is not None:
        return row.name, Annotated[type(row.value), Meta(description=row.description or "Always the same.")]
    kind = SOURCES[row.tells].type
    if row.description:
        kind = Annotated[kind, Meta(description=row.description)]
    if UnsetType in getattr(SOURCES[row.tells].type, "__args__", ()):
        return row.name, kind, UNSET
    return row.name, kind
