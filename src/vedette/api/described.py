"""What the OpenAPI document says of a body: operations read their bodies by hand, so the framework cannot know.

An operation names its body with `openapi_extra=takes(Kind, example)` and its answer with `response_model=`; it answers
with a `JSONResponse` of its own, so the model only describes.
"""

from typing import Any

from pydantic import BaseModel

REF = "#/components/schemas/{model}"


def takes(kind: type[BaseModel], example: Any, *, required: bool = True) -> dict[str, Any]:
    """Return what an operation adds to its description: the body it takes, with an example."""
    schema = kind.model_json_schema(ref_template=REF)
    return {
        "requestBody": {"required": required, "content": {"application/json": {"schema": schema, "example": example}}}
    }
