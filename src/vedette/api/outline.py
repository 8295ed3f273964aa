"""The OpenAPI document read for people: what the pages of the reference say, without how they look."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from vedette.api.schema_book import REF
from vedette.schemas.common import STORABLE

LONGEST_PATTERN: Final = 160
"""Characters; a longer pattern is left to the document itself."""
DEEPEST: Final = 8
_LIMITS: Final = {
    "minLength": "length {} or more",
    "maxLength": "length {} or less",
    "minimum": "from {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "to {}",
    "exclusiveMaximum": "less than {}",
    "minItems": "{} entries or more",
    "maxItems": "{} entries or fewer",
    "maxProperties": "{} entries or fewer",
    "format": "format {}",
}


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a field of a body.

    Attributes:
        place: `path`, `query` or `header` of a parameter, else empty.
        kind: its type in words.
        limits: each in words; code stands in backticks.
        fields: what it consists of, if it is an object or a list of objects.
    """

    name: str
    place: str
    kind: str
    required: bool
    limits: tuple[str, ...]
    words: str
    fields: tuple["Field", ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """One form a body can have."""

    name: str
    kind: str
    words: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Body:
    """A body: its kinds and examples of it, by a sentence on each."""

    media_type: str
    shapes: tuple[Shape, ...]
    examples: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer by its status."""

    status: str
    words: str
    headers: tuple[tuple[str, str], ...]
    bodies: tuple[Body, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation, in the words of the document."""

    method: str
    path: str
    id: str
    tag: str
    summary: str
    words: str
    is_open: bool
    parameters: tuple[Field, ...]
    body: tuple[Body, ...]
    answers: tuple[Answer, ...]


class Outline:
    """Reads a document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def tags(self) -> Iterator[tuple[str, str, list[Operation]]]:
        """Yield each tag with its sentence and its operations, in the order of the document."""
        listed = list(self._operations())
        for tag in self._document["tags"]:
            yield tag["name"], tag["description"], [found for found in listed if found.tag == tag["name"]]

    def _operations(self) -> Iterator[Operation]:
        for path, item in self._document["paths"].items():
            for method, found in item.items():
                yield Operation(
                    method=method.upper(),
                    path=path,
                    id=found["operationId"],
                    tag=found["tags"][0],
                    summary=found["summary"],
                    words=found["description"],
                    is_open=not found["security"],
                    parameters=tuple(self._parameter(parameter) for parameter in found.get("parameters", [])),
                    body=tuple(self._bodies(found.get("requestBody", {}))),
                    answers=tuple(self._answer(status, answer) for status, answer in found["responses"].items()),
                )

    def _parameter(self, found: Mapping[str, Any]) -> Field:
        return self._field(
            found["name"], found["schema"], found.get("required", False), found.get("description", ""), found["in"]
        )

    def _answer(self, status: str, found: Mapping[str, Any]) -> Answer:
        headers = [(name, self._resolved(header)["description"]) for name, header in found.get("headers", {}).items()]
        return Answer(status, found["description"], tuple(headers), tuple(self._bodies(found)))

    def _bodies(self, found: Mapping[str, Any]) -> Iterator[Body]:
        for media_type, content in found.get("content", {}).items():
            shapes = tuple(self._shape(part) for part in _alternatives(content.get("schema", {})))
            yield Body(media_type, shapes, tuple(_examples(content)))

    def _shape(self, schema: Mapping[str, Any]) -> Shape:
        name = schema.get("$ref", "").removeprefix(REF.format(model=""))
        resolved = self._resolved(schema)
        return Shape(name, self._kind(schema), resolved.get("description", ""), self._fields(schema, 0))

    def _fields(self, schema: Mapping[str, Any], depth: int) -> tuple[Field, ...]:
        """Return the fields of an object, of the entries of a list, or of all alternatives."""
        if depth > DEEPEST:
            return ()
        resolved = self._resolved(schema)
        if "items" in resolved:
            return self._fields(resolved["items"], depth)
        needed = resolved.get("required", [])
        own = tuple(
            self._field(name, part, name in needed, part.get("description", ""), "", depth + 1)
            for name, part in resolved.get("properties", {}).items()
        )
        return own or tuple(
            field
            for part in (*_alternatives(resolved), resolved.get("additionalProperties"))
            if isinstance(part, Mapping) and part is not resolved
            for field in self._fields(part, depth)
        )

    def _field(
        self, name: str, schema: Mapping[str, Any], required: bool, words: str, place: str, depth: int = 0
    ) -> Field:
        said = words or self._resolved(schema).get("description", "")
        limits = tuple(dict.fromkeys(self._limits(schema)))
        return Field(name, place, self._kind(schema), required, limits, said, self._fields(schema, depth))

    def _kind(self, schema: Mapping[str, Any]) -> str:
        """Return the type in words."""
        resolved = self._resolved(schema)
        parts = _alternatives(resolved)
        if len(parts) > 1 or (parts and parts[0] is not resolved):
            return " or ".join(dict.fromkeys(self._kind(part) for part in parts))
        if resolved.get("type") == "array":
            return f"list of {self._kind(resolved.get('items', {}))}"
        if "type" not in resolved and "enum" in resolved:
            return " or ".join(dict.fromkeys("integer" if isinstance(v, int) else "string" for v in resolved["enum"]))
        kind = resolved.get("type", "any value")
        return " or ".join(part for part in kind if part != "null") if isinstance(kind, list) else str(kind)

    def _limits(self, schema: Mapping[str, Any]) -> Iterator[str]:
        """Yield what a value must keep to; what its own fields must is told there."""
        resolved = self._resolved(schema)
        yield from _own_limits(resolved)
        parts = [part for part in _alternatives(resolved) if part is not resolved] + resolved.get("allOf", [])
        for part in [*parts, *([resolved["items"]] if "items" in resolved else [])]:
            if not self._resolved(part).get("properties"):
                yield from self._limits(part)

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what a reference leads to; what stands beside it wins."""
        found = schema
        while "$ref" in found:
            target: Any = self._document
            for step in found["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            found = {**target, **{name: part for name, part in found.items() if name != "$ref"}}
        return found


def _own_limits(schema: Mapping[str, Any]) -> Iterator[str]:
    for word, sentence in _LIMITS.items():
        if word in schema:
            yield sentence.format(schema[word])
    if schema.get("uniqueItems"):
        yield "no two alike"
    if "enum" in schema:
        yield "one of " + ", ".join(f"`{value}`" if value != "" else "empty" for value in schema["enum"])
    if "const" in schema:
        yield f"always `{schema['const']}`"
    if schema.get("pattern") == STORABLE:
        yield "no NUL character"
    elif len(schema.get("pattern", "")) > LONGEST_PATTERN:
        yield "a pattern that stands in the OpenAPI document"
    elif "pattern" in schema:
        yield f"pattern `{schema['pattern']}`"
    if "default" in schema:
        yield f"default `{json.dumps(schema['default'], ensure_ascii=False)}`"


def _alternatives(schema: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the forms a value may have, `null` aside."""
    forms = [part for word in ("anyOf", "oneOf") for part in schema.get(word, [])]
    return [form for form in forms if form.get("type") != "null"] or ([schema] if schema else [])


def _examples(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if "example" in content:
        yield "", _json(content["example"])
    for example in content.get("examples", {}).values():
        yield example.get("summary", ""), _json(example["value"])


def _json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
