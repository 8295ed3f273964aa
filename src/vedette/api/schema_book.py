"""The schemas that an OpenAPI document refers to: each once, under a name of its own, without idle words."""

from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode

REF: Final = "#/components/schemas/{model}"
_PREFIX: Final = REF.format(model="")
IDLE: Final = ("HTTPValidationError", "ValidationError")
"""The framework's own, which no operation answers with."""


def named(kind: type[BaseModel], mode: JsonSchemaMode = "validation") -> dict[str, Any]:
    """Return a reference to a model, which brings its definition along until a `SchemaBook` takes it."""
    schema = kind.model_json_schema(mode=mode, ref_template=REF)
    inner = schema.pop("$defs", {})
    return {"$ref": REF.format(model=kind.__name__), "$defs": {kind.__name__: schema} | inner}


class SchemaBook:
    """The document's `components.schemas`.

    Args:
        schemas: what is there already; it is completed in place.
    """

    def __init__(self, schemas: dict[str, Any]) -> None:
        self._schemas = schemas
        for name in IDLE:
            schemas.pop(name, None)
        for name, schema in schemas.items():
            schemas[name] = _plain(schema)

    def add(self, kind: type[BaseModel]) -> None:
        """Put a model in, as answers have it."""
        self.hoist(named(kind, "serialization"))

    def hoist(self, value: Any) -> Any:
        """Return a part of the document whose inner `$defs` were moved in here."""
        inner = {name: _plain(_bare(schema)) for name, schema in _inner_defs(value)}
        taken = {name: self._free(name, schema) for name, schema in inner.items()}
        for name, schema in inner.items():
            self._schemas[taken[name]] = _renamed(schema, taken)
        return _plain(_renamed(_bare(value), taken))

    def tidy(self, paths: Any) -> None:
        """Take idle words out of what the framework wrote into the operations."""
        for name, value in paths.items():
            paths[name] = _plain(value)

    def _free(self, name: str, schema: dict[str, Any]) -> str:
        """Return the name under which a schema is kept; another one of the same name keeps its own."""
        free = name
        while free in self._schemas and self._schemas[free] != schema:
            free += "Sent" if free == name else "2"
        return free


def _inner_defs(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        found = list(value.get("$defs", {}).items())
        return found + [pair for name, part in value.items() if name != "$defs" for pair in _inner_defs(part)]
    if isinstance(value, list):
        return [pair for part in value for pair in _inner_defs(part)]
    return []


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _bare(part) for name, part in value.items() if name != "$defs"}
    return [_bare(part) for part in value] if isinstance(value, list) else value


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {
            key: _PREFIX + names.get(part.removeprefix(_PREFIX), part.removeprefix(_PREFIX))
            if key == "$ref" and isinstance(part, str) and part.startswith(_PREFIX)
            else _renamed(part, names)
            for key, part in value.items()
        }
    return [_renamed(part, names) for part in value] if isinstance(value, list) else value


def _plain(schema: Any, *, named: bool = False) -> Any:
    """Return a schema without the titles and empty defaults that pydantic makes up.

    Args:
        schema: the part to look at.
        named: its keys are names of fields, not keywords.
    """
    if isinstance(schema, list):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: part if key in {"example", "examples", "const", "enum"} and not named else _plain(part, named=_names(key))
        for key, part in schema.items()
        if named or not ((key == "title" and isinstance(part, str)) or (key == "default" and part is None))
    }


def _names(key: str) -> bool:
    return key in {"properties", "$defs"}
