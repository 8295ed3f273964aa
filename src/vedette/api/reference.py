"""The OpenAPI document, for programs and as a page for people. Both are open, and made once."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from vedette.api.answers import JSONResponse
from vedette.api.reference_page import POLICY, page

CACHED: Final = "no-cache"
"""Keep it, and ask each time whether it still holds."""

HELD: Final[dict[int | str, dict[str, Any]]] = {304: {"description": "What `If-None-Match` names still holds."}}

router = APIRouter(tags=["Operation"])


@dataclass(frozen=True, slots=True)
class Made:
    """A document as it is sent."""

    content: bytes
    etag: str


@router.get("/openapi.json", operation_id="ShowOpenApi", response_model=dict[str, Any], responses=HELD)
async def openapi(request: Request) -> Response:
    """Show this document: every operation of the service, in OpenAPI 3.1."""
    return _answer(request, _made(request.app)[0], {"Content-Type": JSONResponse.media_type or ""})


@router.get("/docs", operation_id="ShowReference", response_class=HTMLResponse, responses=HELD)
async def reference(request: Request) -> Response:
    """Show this document as a page for people."""
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    return _answer(request, _made(request.app)[1], headers)


def _made(app: FastAPI) -> tuple[Made, Made]:
    """Return the document and its page."""
    found: tuple[Made, Made] | None = getattr(app.state, "reference", None)
    if found is None:
        document = app.openapi()
        found = _sealed(json.dumps(document, ensure_ascii=False, separators=(",", ":"))), _sealed(page(document))
        app.state.reference = found
    return found


def _sealed(text: str) -> Made:
    content = text.encode()
    return Made(content, f'"{hashlib.sha256(content).hexdigest()[:32]}"')


def _answer(request: Request, made: Made, headers: dict[str, str]) -> Response:
    headers |= {"ETag": made.etag, "Cache-Control": CACHED}
    held = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if held & {made.etag, "*"}:
        return Response(status_code=304, headers={k: v for k, v in headers.items() if k != "Content-Type"})
    return Response(made.content, headers=headers)
