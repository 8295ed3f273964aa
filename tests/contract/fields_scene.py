"""What the rows of test_every_field.py are made of: a kind, a look, and two values that must look different."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from fields_stage import Receiver
from service import Answer, Client, Service

from vedette.algorithms.base import ServiceName
from vedette.algorithms.builtin.intrusion import Intrusion
from vedette.algorithms.registry import Registry
from vedette.algorithms.registry import Service as Published


class Kind(StrEnum):
    """What a row shows of its field."""

    EFFECT = "effect"
    """It changes what the service does, lists or refuses."""
    LABEL = "label"
    """It is there to be read: it comes back as it was sent."""
    UNSERVED = "unserved"
    """It belongs to an output that this release takes and does not serve (decision 0006): it is kept for later."""


@dataclass
class Scene:
    """A project of its own, with somebody in it who minds the installation."""

    service: Service
    receiver: Receiver
    client: Client

    @property
    def ours(self) -> str:
        return f"/vedette/v1/{self.client.account.project_id}"

    def get(self, path: str) -> Any:
        answer = self.client.call("GET", path)
        assert answer.status == 200, answer.text
        return answer.json

    def done(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.client.call(method, path, body)
        assert answer.status in {200, 201}, answer.text
        return answer.json

    def write(self, unit: Callable[..., Any], *given: Any) -> Any:
        return self.service.run(self.service.db.write(unit, *given))

    def read(self, unit: Callable[..., Any], *given: Any) -> Any:
        return self.service.run(self.service.db.read(unit, *given))


@dataclass(frozen=True)
class Row:
    """A field, and two values of it that must make a difference.

    Attributes:
        kind: what the difference is.
        look: sends a value in a project of its own, and returns what came of it: the same for the same value.
    """

    kind: Kind
    look: Callable[[Scene, Any], Any]
    one: Any
    other: Any


Rows = dict[str, Row]


def refusal(answer: Answer) -> Any:
    """Return what a refusal says, for whom it does not matter who asked."""
    said = answer.json
    return answer.status, said.get("error_code"), tuple(said.get("params", ())), said["error_msg"]


def dig(document: Any, path: str) -> Any:
    """Return what stands at `a.0.b`, or None."""
    for step in path.split("."):
        if document is None:
            return None
        document = document[int(step)] if step.isdigit() else document.get(step)
    return document


def key_of(path: str) -> str:
    """Return the name of a place in a body without the positions: `input.data.0.url` is `input.data.url`."""
    return re.sub(r"\.\d+", "", path)


# -- the fields of the document


def fields(document: Mapping[str, Any]) -> set[str]:
    """Return every query parameter (`Operation?name`) and every body field (`Operation:a.b`) of an OpenAPI document."""
    found: set[str] = set()
    for methods in document["paths"].values():
        for operation in methods.values():
            name = operation["operationId"]
            for parameter in operation.get("parameters", ()):
                if (said := _resolved(document, parameter))["in"] == "query":
                    found.add(f"{name}?{said['name']}")
            for content in operation.get("requestBody", {}).get("content", {}).values():
                found |= {f"{name}:{path}" for path in _properties(document, content["schema"], ())}
    return found


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in schema:
        place: Any = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            place = place[step]
        schema = place
    return schema


def _properties(document: Mapping[str, Any], schema: Mapping[str, Any], above: tuple[int, ...]) -> Iterator[str]:
    schema = _resolved(document, schema)
    if id(schema) in above:  # a schema that holds itself
        return
    above = (*above, id(schema))
    within = [one for word in ("anyOf", "oneOf", "allOf") for one in schema.get(word, ())]
    within += [schema[word] for word in ("items", "additionalProperties") if isinstance(schema.get(word), dict)]
    for one in within:
        yield from _properties(document, one, above)
    for name, below in schema.get("properties", {}).items():
        yield name
        yield from (f"{name}.{path}" for path in _properties(document, below, above))


# -- what the installation has


def many_services() -> Registry:
    """Return the published services, and ten more: with two nobody would see a page end."""
    known, more = Registry.load().services(), []
    for n in range(10):
        name = ServiceName(f"c-counting-{n}-cloud", "cloud")
        manifest = replace(
            Intrusion.manifest, name=f"counting-{n}", services=(name,), title_en=f"Counting {n}", title_cn=f"Counting {n}",
            company=f"Maker {n}", function_version=f"{n + 5}.0", released_at=1_700_000_000_000 + (n * 7 % 10),
        )  # fmt: skip
        more.append(Published(name, type(f"Counting{n}", (Intrusion,), {"manifest": manifest})))
    return Registry([*known, *more])
