"""What the OpenAPI document says of a body: operations read their bodies by hand, so the framework cannot know.

An operation names its body with `openapi_extra=takes(Kind, example)` and its answer with `response_model=`; it answers
with a `JSONResponse` of its own, so the model only describes.
"""

from typing import Any

from pydantic import BaseModel

from vedette.api.schema_book import named


def takes(
    kind: type[BaseModel], example: Any, *, required: bool = True, or_else: type[BaseModel] | None = None
) -> dict[str, Any]:
    """Return what an operation adds to its description: the body it takes, with an example.

    Args:
        kind: the body.
        example: a body that is accepted.
        required: whether the operation needs one.
        or_else: another body that the operation takes as well.
    """
    schema = named(kind) if or_else is None else {"anyOf": [named(kind), named(or_else)]}
    return {
        "requestBody": {"required": required, "content": {"application/json": {"schema": schema, "example": example}}}
    }
