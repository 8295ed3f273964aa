"""What a message is made of: the documented envelope, and what an algorithm declares to stand in its `data`.

The message and its JSON Schema come from the same types, so that neither can say what the other does not.
"""

from typing import Annotated, Final, Generic, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType


class EventData(Struct, kw_only=True, forbid_unknown_fields=True):
    """Base of all that stands in `data`: a field is a key of the message, and one that is `UNSET` is left out."""


class Track:
    """The number of a track of this run; in the message it is an id that no other run has.

    The id is the same along the whole track, and in every replay of the run.
    """

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Track) and self.number == other.number

    def __hash__(self) -> int:
        return hash(self.number)

    def __repr__(self) -> str:
        return f"Track({self.number})"


class Mark:
    """A thing of this run that has an id, such as one capture of a face; in the message it is an id of its own.

    Args:
        kind: what it is, such as `face`.
        numbers: which of them; the same numbers are the same id, in every replay of the run.
    """

    __slots__ = ("kind", "numbers")

    def __init__(self, kind: str, *numbers: int) -> None:
        self.kind, self.numbers = kind, numbers

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mark) and (self.kind, self.numbers) == (other.kind, other.numbers)

    def __hash__(self) -> int:
        return hash((self.kind, self.numbers))

    def __repr__(self) -> str:
        return f"Mark({', '.join(map(repr, (self.kind, *self.numbers)))})"


class ObjectName:
    """The name of an object that an output to a bucket writes for this event, below the path of that output.

    Args:
        ending: such as `.json`.
    """

    __slots__ = ("ending",)

    def __init__(self, ending: str) -> None:
        self.ending = ending

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ObjectName) and self.ending == other.ending

    def __hash__(self) -> int:
        return hash(self.ending)

    def __repr__(self) -> str:
        return f"ObjectName({self.ending!r})"


class BoundingBox(EventData):
    """A rectangle in the picture, in pixels; x goes to the right and y down, from the top left corner."""

    x: Annotated[int, Meta(description="Left edge.")]
    y: Annotated[int, Meta(description="Upper edge.")]
    w: Annotated[int, Meta(description="Width.", ge=0)]
    h: Annotated[int, Meta(description="Height.", ge=0)]


D = TypeVar("D", bound=EventData)


_JPEG: Final = {"contentEncoding": "base64", "contentMediaType": "image/jpeg"}


class Envelope(Struct, Generic[D], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One event, as receivers are told of it."""

    event_type: Annotated[int, Meta(description="Which kind of event it is.", ge=0)]
    task_id: Annotated[str, Meta(description="The task that tells it.", min_length=1)]
    stream_id: Annotated[str, Meta(description="The camera or the file in which it was seen.")]
    message_id: Annotated[
        str,
        Meta(
            description="Of this event alone, the same in every repeat and after a replay.",
            pattern="^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$",
        ),
    ]
    timestamp: Annotated[int, Meta(description="When it happened, in seconds since 1970 (UTC).", ge=0)]
    alarm_type: (
        Annotated[
            int, Meta(description="0: something is wrong; 1: what an earlier message told of is over.", ge=0, le=1)
        ]
        | UnsetType
    ) = UNSET
    data: D
    image_base64: (
        Annotated[
            str,
            Meta(
                description=(
                    "The picture. In calls of webhooks and records of streams, where the event has one and the output "
                    "wants it; the event center and the objects of a bucket have it beside the message."
                ),
                extra_json_schema=_JPEG,
            ),
        ]
        | UnsetType
    ) = UNSET
    origin_image_base64: (
        Annotated[
            str,
            Meta(
                description=(
                    "The whole picture, where `image_base64` is a part of it and the output wants both; travels as that "
                    "does."
                ),
                extra_json_schema=_JPEG,
            ),
        ]
        | UnsetType
    ) = UNSET
