"""The JSON Schema of a message, from the same types of which the message is made."""

from typing import Any, Final

import msgspec

from vedette.algorithms.base import EventKind
from vedette.model.message import Envelope, Mark, ObjectName, Track

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
MEDIA_TYPE: Final = "application/schema+json"
_ID: Final = {"type": "string", "format": "uuid"}


def message_schema(kind: EventKind) -> dict[str, Any]:
    """Return the schema of the whole message of a kind of event, in the dialect 2020-12.

    Raises:
        TypeError: the kind declares something that no message can hold.
    """
    envelope: Any = Envelope
    (top,), parts = msgspec.json.schema_components(
        (envelope[kind.data],), schema_hook=_of_ours, ref_template="#/$defs/{name}"
    )
    body = parts.pop(top["$ref"].rpartition("/")[2])
    told = body["properties"]["event_type"]["description"]
    body["properties"]["event_type"] = {"description": told, "const": kind.number}
    if kind.ends:
        body["required"].append("alarm_type")
    else:
        del body["properties"]["alarm_type"]
    if not kind.cuts:
        del body["properties"]["origin_image_base64"]
    return {"$schema": DIALECT, **body, "title": f"Message of an event: {kind.name}", "$defs": parts}


def _of_ours(kind: type) -> dict[str, Any]:
    if kind in {Track, Mark}:
        return dict(_ID)
    if kind is ObjectName:
        return {"type": "string"}
    raise NotImplementedError(f"A message cannot hold {kind.__name__}.")
