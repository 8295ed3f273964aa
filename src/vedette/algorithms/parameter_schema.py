"""The JSON Schema of a service's parameters, from the same declaration as the XML."""

from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from vedette.algorithms.base import Manifest
from vedette.algorithms.messages import DIALECT

DIGITS: Final = r"^\s*[+-]?(\d+\.?\d*|\.\d+)\s*$"
"""A number as text, which is taken for the number."""
SWITCH: Final = (0, 1, False, True, "0", "1", "false", "true")


def config_schema(manifest: Manifest) -> dict[str, Any]:
    """Return the schema of `config.common`, in the dialect 2020-12.

    A key that is not declared is kept and has no effect, so none is forbidden; null is absence.
    """
    fields = manifest.config.model_fields
    required = sorted(name for name, field in fields.items() if field.is_required())
    schema: dict[str, Any] = {
        "$schema": DIALECT,
        "title": f"Parameters of {manifest.title_en}",
        "type": "object",
        "properties": {name: _key(name, field) for name, field in fields.items()},
        "additionalProperties": True,
    }
    return schema | ({"required": required} if required else {})


def leaves(annotation: Any) -> tuple[Any, ...]:
    """Return the plain types a value may have; of a choice the choice itself."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return leaves(get_args(annotation)[0])
    if origin in {Union, UnionType}:
        return tuple(leaf for part in get_args(annotation) for leaf in leaves(part))
    return (annotation,)


def _key(name: str, field: Any) -> dict[str, Any]:
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    shown: dict[str, Any] = {"title": field.title or name, "x-title-cn": str(extra.get("title_cn", name))}
    if field.description:
        shown["description"] = field.description
    if extra.get("unit"):
        shown["x-unit"] = extra["unit"]
    if not field.is_required() and field.default is not None:
        shown["default"] = int(field.default) if isinstance(field.default, bool) else field.default
    return shown | _type(field)


def _type(field: Any) -> dict[str, Any]:
    kinds = leaves(field.annotation)
    choice = next((kind for kind in kinds if get_origin(kind) is Literal), None)
    if choice is not None:
        return {"enum": [*get_args(choice), None]}
    if bool in kinds:
        return {"enum": [*SWITCH, None], "x-type": "switch"}
    number = next((word for kind, word in ((float, "number"), (int, "integer")) if kind in kinds), None)
    if number is None:
        return {"type": ["string", "null"]} if str in kinds else {}
    return {"type": [number, "string", "null"], "pattern": DIGITS, **_limits(field.metadata)}


def _limits(metadata: list[Any]) -> dict[str, Any]:
    words = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}
    return {
        word: getattr(rule, name)
        for rule in metadata
        for name, word in words.items()
        if getattr(rule, name, None) is not None
    }
