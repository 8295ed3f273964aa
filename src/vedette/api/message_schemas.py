"""What messages look like, as JSON Schema: an addition of ours."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path

from vedette.algorithms.messages import MEDIA_TYPE, message_schema
from vedette.api.answers import JSONResponse
from vedette.api.deps import Member, PartsOf
from vedette.model.errors import InvalidParameter, NotFound
from vedette.schemas.common import matches
from vedette.schemas.message_schemas import EVENT_TYPE, MessageSchemaList

router = APIRouter(tags=["Events"])

SCHEMAS: Final = "/vedette/v1/{project_id}/message-schemas"
SCHEMA: Final = "/vedette/v1/{project_id}/message-schemas/{event_type}"
ONE: Final[dict[str, Any]] = {"content": {MEDIA_TYPE: {"schema": {"type": "object"}}}}


class SchemaResponse(JSONResponse):
    """A JSON Schema."""

    media_type = MEDIA_TYPE


async def event_type(_member: Member, event_type: Annotated[str, Path()]) -> int:
    """Return the event type of the path, checked after the caller.

    Raises:
        InvalidParameter: it is no number.
    """
    if not matches(EVENT_TYPE, event_type):
        raise InvalidParameter(f"event_type: it does not have the form ^{EVENT_TYPE}$.", param="event_type")
    return int(event_type)


@router.get(SCHEMAS, operation_id="ListMessageSchemas", response_model=MessageSchemaList)
async def listed(_member: Member, parts: PartsOf) -> JSONResponse:
    """List the schemas of the messages of all kinds of events that this installation can tell.

    The same types make the messages, so nothing in a message is left out of its schema. `image_base64` comes where the
    picture travels in the message.
    """
    kinds = parts.registry.event_kinds()
    shown = [{"event_type": kind.number, "kind": kind.name, "schema": message_schema(kind)} for kind in kinds]
    return JSONResponse({"count": len(shown), "message_schemas": shown})


@router.get(SCHEMA, operation_id="ShowMessageSchema", responses={200: ONE}, response_class=SchemaResponse)
async def show(number: Annotated[int, Depends(event_type)], parts: PartsOf) -> SchemaResponse:
    """Show the schema of the messages of one kind of event, as a document for a validator."""
    kind = next((kind for kind in parts.registry.event_kinds() if kind.number == number), None)
    if kind is None:
        raise NotFound("No algorithm of this installation tells events of this type.", param="event_type")
    return SchemaResponse(message_schema(kind))
