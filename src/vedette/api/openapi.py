"""The OpenAPI document: what the framework gathers, completed with what it cannot know.

The framework knows paths, query parameters and answers. Bodies are read by hand and named with `described.takes`; who
may call, what is refused and which headers go along is read from the dependencies of each operation.
"""

import inspect
import re
from collections.abc import Iterator
from typing import Any, Final

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import RouteContext, iter_route_contexts

from vedette.api import deps, wording
from vedette.api.refusals import dialects, refused
from vedette.api.schema_book import SchemaBook
from vedette.api.wording import (
    IDEMPOTENCY_KEY,
    INTRODUCTION,
    PATH_PARAMETERS,
    QUERY_PARAMETERS,
    REQUEST_ID,
    SECURITY,
    TAGS,
)
from vedette.model.errors import VedetteError
from vedette.schemas.errors import ErrorBody, KeystoneErrorBody
from vedette.schemas.vas_info import VasError

HTTP_METHODS: Final = ("get", "head", "post", "put", "patch", "delete")
SECTION: Final = re.compile(r"^\s*(Args|Raises|Returns|Attributes):\s*$", re.MULTILINE)
OPEN_BUT_REFUSING: Final = frozenset({"KeystoneCreateUserTokenByPassword"})
"""Operations that need no token and refuse with 401 all the same."""


class DocumentedApp(FastAPI):
    """An application whose OpenAPI document is complete."""

    def openapi(self) -> dict[str, Any]:
        """Return the document, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = document(self)
        return self.openapi_schema


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of an application."""
    contexts = [context for context in iter_route_contexts(app.routes) if getattr(context, "include_in_schema", False)]
    made = get_openapi(
        title=app.title,
        version=app.version,
        openapi_version="3.1.0",
        summary="Self-hosted video analysis tasks over REST",
        description=INTRODUCTION,
        routes=contexts,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        servers=[{"url": "/", "description": "The service that this document comes from."}],
    )
    book = SchemaBook(made.setdefault("components", {}).setdefault("schemas", {}))
    for kind in (ErrorBody, KeystoneErrorBody, VasError):
        book.add(kind)
    for context in contexts:
        for method in context.methods or ():
            operation = made["paths"][context.path_format].get(method.lower())
            if operation is not None:
                _complete(operation, context, method, book)
    book.tidy(made["paths"])
    made["components"]["securitySchemes"] = SECURITY
    made["components"]["headers"] = {"X-Request-Id": REQUEST_ID}
    used = {tag for path in made["paths"].values() for operation in path.values() for tag in operation["tags"]}
    unknown = dict.fromkeys(sorted(used - TAGS.keys()), "")
    made["tags"] = [{"name": name, "description": words} for name, words in {**TAGS, **unknown}.items() if name in used]
    return made


def operations(made: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield method, path and operation of a document."""
    for path, item in made["paths"].items():
        for method in HTTP_METHODS:
            if method in item:
                yield method.upper(), path, item[method]


def _complete(operation: dict[str, Any], context: RouteContext, method: str, book: SchemaBook) -> None:
    """Add to an operation what the framework does not know."""
    calls = set(_calls(context.dependant))
    operation["summary"], operation["description"] = _words(context)
    _parameters(operation, str(context.path_format))
    operation.setdefault("parameters", []).extend(wording.READ_BY_HAND.get(operation["operationId"], ()))
    if deps.repeat in calls:
        operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
    if "requestBody" in operation:
        operation["requestBody"] = book.hoist(operation["requestBody"])
    operation["security"] = [{name: []} for name in SECURITY] if deps.caller in calls else []
    answers = operation["responses"]
    answers.pop("422", None)  # the framework's own refusal, which we render as a 400
    for status, answer in answers.items():
        if answer.get("description") in {"Successful Response", None}:
            answer["description"] = "Done." if status != "204" else "Done; the answer is empty."
    for answer in answers.values():
        answer.setdefault("headers", {}).update(wording.GIVEN.get(operation["operationId"], {}))
    path = str(context.path_format)
    refusals = _refusals(operation, method, calls)
    if path.startswith("/v3") and deps.caller in calls:
        refusals += wording.PEOPLE_READ if method in deps.READING else wording.PEOPLE_CHANGED
    answers.update(refused(dialects(operation, path), refusals))
    for answer in answers.values():
        answer.setdefault("headers", {})["X-Request-Id"] = {"$ref": "#/components/headers/X-Request-Id"}
    operation["responses"] = dict(sorted(answers.items()))


def _calls(dependant: Dependant | None) -> Iterator[Any]:
    if dependant is not None:
        yield dependant.call
        for below in dependant.dependencies:
            yield from _calls(below)


def _words(context: RouteContext) -> tuple[str, str]:
    """Return the first sentence of an operation's docstring, and all that is meant for readers."""
    text = inspect.cleandoc(context.description or inspect.getdoc(context.endpoint) or "")
    text = SECTION.split(text)[0].strip()
    first = re.split(r"(?<=\.)\s|;|\n\n|: ", text, maxsplit=1)[0]
    return context.summary or first.rstrip(".;: "), text


def _parameters(operation: dict[str, Any], path: str) -> None:
    """Say of each parameter of the path what it is; those that dependencies read by hand are added."""
    for found in operation.get("parameters", []):
        found.setdefault("description", QUERY_PARAMETERS.get(found["name"], ""))
    queries = [found for found in operation.get("parameters", []) if found["in"] != "path"]
    places = [
        {"name": name, "in": "path", "required": True, **_path_parameter(before, name)}
        for before, name in re.findall(r"([^/]*)/{(\w+)}", path)
    ]
    if places or queries:
        operation["parameters"] = [*places, *queries]


def _path_parameter(before: str, name: str) -> dict[str, Any]:
    """Return what is known of a path's parameter by its name, or by the step before it and its name."""
    known = PATH_PARAMETERS.get(f"{before}/{name}") or PATH_PARAMETERS.get(name)
    return known or {"schema": {"type": "string"}}


def _refusals(operation: dict[str, Any], method: str, calls: set[Any]) -> list[VedetteError]:
    """Return what an operation may be refused with, an example of each kind."""
    known, takes_body = deps.caller in calls, "requestBody" in operation
    parameters = operation.get("parameters", [])
    found = list(wording.INVALID if known or takes_body or parameters else ())
    if takes_body:
        found += wording.MALFORMED
    if known or operation["operationId"] in OPEN_BUT_REFUSING:
        found += (*wording.UNKNOWN_CALLER, *wording.AWAY)
    if deps.administrator in calls or (deps.member in calls and method not in deps.READING):
        found += wording.NO_RIGHT
    if any(parameter["in"] == "path" for parameter in parameters):
        found += wording.NO_ROUTE
    if any(parameter["name"].lower() == "if-match" for parameter in parameters):
        found += wording.OLD_COPY
    return [*found, *wording.UNFORESEEN, *wording.PARTICULAR.get(operation["operationId"], ())]
