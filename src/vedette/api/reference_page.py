"""The OpenAPI document as one page of HTML: made here, with no script, and nothing fetched from anywhere."""

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, Final

from vedette.api.outline import Answer, Body, Field, Operation, Outline
from vedette.api.reference_style import STYLE

_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page's Content-Security-Policy: its own style and nothing else."""

COMMON: Final = "X-Request-Id"
"""The header of every answer, told once."""


def page(document: Mapping[str, Any]) -> str:
    """Return the page."""
    info, tags = document["info"], list(Outline(document).tags())
    title = escape(f"{info['title']} API {info['version']}")
    contents = "".join(_contents(name, operations) for name, _, operations in tags)
    sections = "".join(_section(name, words, operations) for name, words, operations in tags)
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><title>{title}</title><style>{STYLE}</style></head><body>'
        f"<header><h1>{title}</h1>{_prose(info['description'])}"
        '<p>The same for programs: <a href="openapi.json">openapi.json</a> (OpenAPI 3.1).</p></header>'
        f'<div class="columns"><nav aria-label="Contents">{contents}</nav><main>{sections}</main></div>'
        "</body></html>\n"
    )


def _contents(tag: str, operations: Iterable[Operation]) -> str:
    rows = "".join(
        f'<li><a href="#{_anchor(operation.id)}">{_method(operation.method)} {escape(operation.summary)}</a></li>'
        for operation in operations
    )
    return f'<details open><summary><a href="#{_anchor(tag)}">{escape(tag)}</a></summary><ul>{rows}</ul></details>'


def _section(tag: str, words: str, operations: Iterable[Operation]) -> str:
    inside = "".join(_operation(operation) for operation in operations)
    return f'<section id="{_anchor(tag)}"><h2>{escape(tag)}</h2>{_prose(words)}{inside}</section>'


def _operation(operation: Operation) -> str:
    parts = [
        f'<article id="{_anchor(operation.id)}"><h3><a href="#{_anchor(operation.id)}">{escape(operation.summary)}</a></h3>',
        f'<p class="route">{_method(operation.method)} <code>{_path(operation.path)}</code></p>',
        f'<p class="facts"><code>{escape(operation.id)}</code>{" · open to all" if operation.is_open else ""}</p>',
        _prose(operation.words),
    ]
    if operation.parameters:
        parts.append(f"<h4>Parameters</h4>{_fields(operation.parameters)}")
    parts += [f"<h4>Body</h4>{_body(body)}" for body in operation.body]
    good = [answer for answer in operation.answers if answer.status < "400"]
    bad = [answer for answer in operation.answers if answer.status >= "400"]
    parts += ["<h4>Answers</h4>", *map(_answer, good)]
    if bad:
        parts += ["<details><summary>Refusals: ", ", ".join(answer.status for answer in bad), "</summary>"]
        parts += [*map(_answer, bad), "</details>"]
    return "".join([*parts, "</article>"])


def _answer(answer: Answer) -> str:
    headers = "".join(
        f"<li><code>{escape(name)}</code> {_inline(words)}</li>" for name, words in answer.headers if name != COMMON
    )
    return (
        f'<div class="answer"><p><strong class="status">{escape(answer.status)}</strong> {_inline(answer.words)}</p>'
        + (f'<ul class="fields">{headers}</ul>' if headers and answer.status < "400" else "")
        + "".join(_body(body, folded=answer.status >= "400") for body in answer.bodies)
        + "</div>"
    )


def _body(body: Body, *, folded: bool = False) -> str:
    parts = []
    if body.media_type != "application/json":
        parts.append(f'<p class="facts">{escape(body.media_type)}</p>')
    for position, shape in enumerate(body.shapes):
        parts.append("<p>Or:</p>" if position else "")
        if shape.name or shape.kind != "object":
            parts.append(f'<p class="facts">{escape(" · ".join(filter(None, (shape.name, shape.kind))))}</p>')
        parts.append("" if folded else _inline(shape.words) and f"<p>{_inline(shape.words)}</p>")
        parts.append("" if folded else _fields(shape.fields))
    for summary, text in body.examples:
        parts.append(f"<figure><figcaption>{_inline(summary or 'Example')}</figcaption>")
        parts.append(f'<pre tabindex="0"><code>{escape(text)}</code></pre></figure>')
    return "".join(parts)


def _fields(fields: Iterable[Field]) -> str:
    rows = "".join(_field(field) for field in fields)
    return f'<ul class="fields">{rows}</ul>' if rows else ""


def _field(field: Field) -> str:
    kind = " · ".join(filter(None, (field.place, field.kind)))
    limits = "; ".join(_inline(limit) for limit in field.limits)
    return (
        f'<li><code class="name">{escape(field.name)}</code> <span class="kind">{escape(kind)}</span>'
        + (' <strong class="needed">required</strong>' if field.required else "")
        + (f" <span>{_inline(field.words)}</span>" if field.words else "")
        + (f'<div class="limits">{limits}</div>' if limits else "")
        + _fields(field.fields)
        + "</li>"
    )


def _prose(text: str) -> str:
    """Return paragraphs and lists of a text in plain Markdown."""
    return "".join(_paragraph(block) for block in re.split(r"\n\s*\n", text.strip()) if block)


def _paragraph(block: str) -> str:
    if not block.lstrip().startswith("* "):
        return f"<p>{_inline(block)}</p>"
    items = re.split(r"^\s*\* ", block, flags=re.MULTILINE)[1:]
    return f"<ul>{''.join(f'<li>{_inline(item)}</li>' for item in items)}</ul>"


def _inline(text: str) -> str:
    """Return a line of text, what stands in backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _path(path: str) -> str:
    """Return a path that may break after each slash."""
    return escape(path).replace("/", "/<wbr>")


def _method(method: str) -> str:
    return f'<b class="method {escape(method.lower())}">{escape(method)}</b>'


def _anchor(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")
