"""The documents in which the schemas of messages are published: an addition of ours."""

from typing import Any, Final

from pydantic import Field

from vedette.schemas.common import Wire

EVENT_TYPE: Final = "[0-9]{1,19}"


class MessageSchema(Wire):
    """What the message of one kind of event looks like."""

    event_type: int
    """The number of the kind, as in the message."""
    kind: str
    """Its name."""
    schema_: dict[str, Any] = Field(alias="schema")
    """The JSON Schema (draft 2020-12) of the whole message."""


class MessageSchemaList(Wire):
    """What the messages of all events of this installation look like."""

    count: int
    """How many kinds of events there are."""
    message_schemas: list[MessageSchema]
    """The kinds, by number."""
