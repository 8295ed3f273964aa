"""The OpenAPI document says everything that a client, or a generator of clients, must know."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from service import Client

from vedette.api import wording
from vedette.api.asgi import whole_document
from vedette.api.openapi import operations
from vedette.api.reference_page import page
from vedette.schemas.common import Ipv4, Port, Truth, Url, Wire, matches, of_form, whole
from vedette.schemas.errors import ErrorBody

DOCUMENT = whole_document()
OPERATIONS = {operation["operationId"]: (method, path, operation) for method, path, operation in operations(DOCUMENT)}
BODILESS = {"start", "stop", "{command}", "retry", "probe"}
"""Last steps of the paths whose POST and PUT take no body, as published; and the grant of a role."""
each_operation = pytest.mark.parametrize("name", sorted(OPERATIONS))


def _properties(value: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every property of every schema inside a value."""
    if isinstance(value, dict):
        for name, schema in value.get("properties", {}).items() if isinstance(value.get("properties"), dict) else ():
            yield f"{path}.{name}", schema
        for name, part in value.items():
            if name not in {"example", "examples"}:
                yield from _properties(part, f"{path}.{name}")
    elif isinstance(value, list):
        for part in value:
            yield from _properties(part, path)


@each_operation
def test_an_operation_says_what_it_does(name: str) -> None:
    """In a sentence, under a tag, with a word on each parameter."""
    _, path, operation = OPERATIONS[name]
    assert operation["summary"]
    assert operation["description"]
    assert len(operation["tags"]) == 1
    for parameter in operation.get("parameters", []):
        assert parameter.get("description"), parameter["name"]
        assert parameter["schema"], parameter["name"]
    named = {parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "path"}
    assert named == set(re.findall(r"{(\w+)}", path))


@each_operation
def test_an_operation_says_what_it_answers(name: str) -> None:
    """A schema for each body, and every refusal with an example that keeps to it."""
    _, _, operation = OPERATIONS[name]
    good = {status: answer for status, answer in operation["responses"].items() if status < "400"}
    assert good
    for status, answer in good.items():
        assert answer["description"]
        assert status == "204" or all(media["schema"] for media in answer.get("content", {}).values()), (
            f"{status} has no schema"
        )
    refusals = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
    assert "500" in refusals
    assert bool(operation["security"]) <= ({"401", "503"} <= refusals.keys())
    for answer in refusals.values():
        content = answer["content"]["application/json"]
        assert content["schema"]
        assert content["examples"]


@each_operation
def test_an_operation_that_takes_a_body_says_which(name: str) -> None:
    """With an example that a reader can send."""
    method, path, operation = OPERATIONS[name]
    if method not in {"POST", "PUT", "PATCH"} or path.rpartition("/")[2] in BODILESS or "/roles/{role_id}" in path:
        assert "requestBody" not in operation
        return
    content = operation["requestBody"]["content"]["application/json"]
    assert content["schema"]
    assert content["example"]


def test_no_two_operations_have_one_name() -> None:
    """Generators of clients make a method of each."""
    names = [operation["operationId"] for _, _, operation in operations(DOCUMENT)]
    assert len(names) == len(set(names)) > 40


def test_every_field_is_described() -> None:
    """A field that nobody explains is guessed at."""
    found = list(_properties(DOCUMENT))
    assert len(found) > 200
    schemas = DOCUMENT["components"]["schemas"]
    bare = [(path, schema) for path, schema in found if not schema.get("description")]
    assert [path for path, schema in bare if not schemas[schema.get("$ref", "").split("/")[-1]]["description"]] == []


def test_every_schema_that_is_referred_to_is_there() -> None:
    """And none is there for nothing, so that the list stays readable."""
    text = json.dumps(DOCUMENT)
    used = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    assert used == DOCUMENT["components"]["schemas"].keys()
    assert "$defs" not in text


def test_every_tag_has_a_sentence() -> None:
    """The table of contents is made of them."""
    assert [tag["name"] for tag in DOCUMENT["tags"] if not tag["description"]] == []


def test_the_wording_names_only_operations_that_exist() -> None:
    """A row for an operation that was renamed describes nothing."""
    assert wording.PARTICULAR.keys() | wording.READ_BY_HAND.keys() | wording.GIVEN.keys() <= OPERATIONS.keys()


def test_refusals_are_given_as_they_are_sent() -> None:
    """The examples are made by the code that renders the refusals."""
    content = OPERATIONS["ShowTaskInfo"][2]["responses"]["400"]["content"]["application/json"]
    for example in content["examples"].values():
        ErrorBody.model_validate(example["value"])
    assert content["examples"]["TaskNotFound"]["value"]["error_code"] == "VIAS.00010007"


class _Sample(Wire):
    event_center: Truth
    port: Port
    ip: Ipv4
    url: Url
    name: "str"


@pytest.mark.parametrize(
    ("field", "taken", "refused"),
    [
        ("event_center", ["true", "1", "FALSE"], ["yes", ""]),
        ("port", ["8554", "0"], ["65536", "99999", ""]),
        ("ip", ["10.0.0.1"], ["10.0.0.256", "10.0.0", "::1"]),
        (
            "url",
            ["rtsp://a:b@[::1]:554/x", "http://[1:2:3:4:5:6:7:8]", "rtsps://x.y/z"],
            ["gopher://x/y", "http://[1:2]/"],
        ),
    ],
)
def test_the_schema_takes_what_the_service_takes(field: str, taken: list[str], refused: list[str]) -> None:
    """A form made from the schema alone sends bodies that are accepted."""
    schema = _Sample.model_json_schema()["properties"][field]
    patterns = [part["pattern"] for part in (schema, *schema.get("anyOf", [])) if "pattern" in part]
    assert all(any(re.search(pattern, text) for pattern in patterns) for text in taken)
    assert not any(any(re.search(pattern, text) for pattern in patterns) for text in refused)


def test_patterns_match_in_full_and_have_no_named_groups() -> None:
    """JSON Schema searches where we match, and its expressions are those of ECMAScript."""
    assert whole("(?P<ip>[0-9]+)|x") == "^(?:([0-9]+)|x)$"
    assert matches("[a-z]+", "abc")
    assert of_form("[a-z]+").says == {"pattern": "^[a-z]+$"}
    assert "(?P<" not in json.dumps(DOCUMENT)


def test_the_document_and_its_page_are_open_and_cached(client: Client) -> None:
    """Whoever has them already is told so, without a body."""
    for path, kind in (("/openapi.json", "application/json"), ("/docs", "text/html; charset=utf-8")):
        first = client.call("GET", path, X_Auth_Token="")
        assert first.status == 200
        assert first.headers["content-type"] == kind
        again = client.call("GET", path, X_Auth_Token="", If_None_Match=first.headers["etag"])
        assert (again.status, again.text) == (304, "")


def test_the_page_calls_nobody(client: Client) -> None:
    """No script, no other host; what it may load is said in a header."""
    answer = client.call("GET", "/docs")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert re.findall(r"<(?:script|img|link|iframe)\b|\bsrc=|@import|url\(", answer.text) == []
    assert set(re.findall(r'href="([^"#]+)', answer.text)) == {"openapi.json"}


def test_the_page_names_every_operation(client: Client) -> None:
    """With its method and path."""
    text = client.call("GET", "/docs").text.replace("<wbr>", "")
    assert "one of `" not in text, "an empty word among the values breaks the marks around them"
    served = client.call("GET", "/openapi.json").json
    for method, path, operation in operations(served):
        assert f'id="{operation["operationId"]}"' in text
        assert f"{method}</b> <code>{path}</code>" in text


def test_nothing_of_a_document_becomes_markup() -> None:
    """A name with angle brackets is shown, and does nothing."""
    evil = "<script>alert(1)</script>\"'"
    media = {
        "schema": {"type": "object", "properties": {evil: {"type": "string", "description": evil}}},
        "example": evil,
    }
    operation = {
        "operationId": evil,
        "tags": [evil],
        "summary": evil,
        "description": evil,
        "security": [],
        "requestBody": {"content": {evil: media}},
        "responses": {"200": {"description": evil, "content": {evil: media}}},
    }
    made = page(
        {
            "info": {"title": evil, "version": evil, "description": evil},
            "tags": [{"name": evil, "description": evil}],
            "paths": {f"/{evil}": {"get": operation}},
        }
    )
    assert "<script" not in made
    assert "&lt;script&gt;" in made
