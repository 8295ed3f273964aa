"""The reference of the API in Markdown, made from the same document as the page that the service shows."""

from collections.abc import Callable, Iterable, Iterator

from vedette.api.asgi import whole_document
from vedette.api.outline import Answer, Body, Field, Operation, Outline

Table = Callable[[Iterable[str], Iterable[Iterable[str]]], str]
LEAD = (
    "Every operation, as `GET /openapi.json` and the page at `/docs` of a running service say it. What holds for all of "
    "them, and what the published pages leave open, stands in [the rules](api-rules.md); the codes of refusals in "
    "[errors](errors.md). Operations without a word on it need a token or a signature."
)


def api_page(made: str, table: Table) -> str:
    """Return the page.

    Args:
        made: the line that says where the page comes from.
        table: makes a Markdown table.
    """
    parts = ["# The API", made, LEAD]
    for tag, words, operations in Outline(whole_document()).tags():
        rows = ((f"`{found.method} {found.path}`", found.id, found.summary) for found in operations)
        parts += [f"## {tag}", words, table(("operation", "name", "what it does"), rows)]
        for operation in operations:
            parts += _operation(operation, table)
    return "\n\n".join(part for part in parts if part)


def _operation(operation: Operation, table: Table) -> Iterator[str]:
    yield f"### {operation.id}"
    yield f"`{operation.method} {operation.path}`" + (" (open to all)" if operation.is_open else "")
    yield operation.words
    if operation.parameters:
        yield _fields(operation.parameters, table, "parameter")
    for body in operation.body:
        yield from _body("Body", body, table)
    for answer in operation.answers:
        if answer.status < "400":
            yield from _answer(answer, table)
    refusals = "; ".join(
        f"{answer.status} {answer.words.removeprefix('Refused: ').rstrip('.')}"
        for answer in operation.answers
        if answer.status >= "400"
    )
    yield f"Refused with {refusals}." if refusals else ""


def _answer(answer: Answer, table: Table) -> Iterator[str]:
    if not any(shape.fields for body in answer.bodies for shape in body.shapes):
        kinds = ", ".join(_kinds(body) for body in answer.bodies)
        yield f"Answer {answer.status}" + (f": {kinds}." if kinds else ".")
    for body in answer.bodies:
        if any(shape.fields for shape in body.shapes):
            yield from _body(f"Answer {answer.status}", body, table)


def _kinds(body: Body) -> str:
    kinds = " or ".join(shape.kind for shape in body.shapes)
    return kinds if body.media_type == "application/json" else f"`{body.media_type}`"


def _body(title: str, body: Body, table: Table) -> Iterator[str]:
    for position, shape in enumerate(body.shapes):
        yield f"{title}, or:" if position else f"{title}:"
        yield _fields(shape.fields, table, "field")
    for _, text in body.examples:
        yield f"```json\n{text}\n```"


def _fields(fields: Iterable[Field], table: Table, what: str) -> str:
    rows = [
        (f"`{name}`", ", ".join(filter(None, (field.place, field.kind))), "yes" if field.required else "", _said(field))
        for name, field in _flat(fields, "")
    ]
    return table((what, "type", "needed", "what it is"), rows) if rows else ""


def _said(field: Field) -> str:
    words = " ".join(field.words.split())
    limits = "; ".join(field.limits)
    return " ".join(filter(None, (words, limits and f"*{limits[:1].upper()}{limits[1:]}.*")))


def _flat(fields: Iterable[Field], path: str) -> Iterator[tuple[str, Field]]:
    for field in fields:
        yield path + field.name, field
        yield from _flat(field.fields, f"{path}{field.name}.")
