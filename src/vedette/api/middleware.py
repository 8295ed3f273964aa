"""What every request passes: an id, a bound on its body, a line in the log, and a net for what nobody foresaw."""

import re
import time
import uuid
from collections.abc import Sequence
from typing import Final

import structlog
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vedette.api.answers import JSONResponse
from vedette.api.errors import body, status_of
from vedette.model.errors import TooLarge, VedetteError
from vedette.telemetry import logs
from vedette.telemetry.metrics import Metrics

MAX_BODY: Final = 1024 * 1024
"""Bytes; the largest document that keeps all limits is well below, but for batch tasks."""
MAX_BATCH: Final = 32 * 1024 * 1024
"""Bytes; a batch task may name 10,000 sources, each with a region of 2,048 characters."""
BATCH_PATH: Final = re.compile(r"/v2/[^/]+/batch-tasks(/[^/]+)?")
MAX_HANDED_OVER: Final = 256 * 1024 * 1024
"""Bytes; what a worker hands over holds pictures."""
MAX_POURED: Final = 8 * 1024 * 1024
"""Bytes of a refused body that are read and thrown away: who still sends hears no answer, but a broken connection."""
QUIET: Final = ("/healthz", "/readyz", "/metrics")
METHODS: Final = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"})
_log = logs.get(__name__)


class Door:
    """The outermost layer: request id, access log, counters; an unforeseen failure becomes a 500 without innards."""

    def __init__(self, app: ASGIApp, metrics: Metrics, quiet: Sequence[str] = QUIET) -> None:
        self._app = app
        self._metrics = metrics
        self._quiet = tuple(quiet)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = uuid.uuid4().hex
        status = 0
        begin = time.perf_counter()

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message.setdefault("headers", []).append((b"x-request-id", request_id.encode()))
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, told)
            except ClientDisconnect:
                _log.info("the caller went away", route=_route(scope))
            except Exception:  # the process boundary: whatever it is, the caller gets an answer and the log the cause
                _log.exception("request failed", method=scope["method"], route=_route(scope))
                if status:
                    raise
                failure = VedetteError("The service met a failure that nobody foresaw.")
                await JSONResponse(body(failure), status_of(failure))(scope, receive, told)
            self._note(scope, status, time.perf_counter() - begin)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = _route(scope)
        method = scope["method"] if scope["method"] in METHODS else "other"
        self._metrics.http_requests.labels(method, route, str(status)).inc()
        self._metrics.http_seconds.labels(route).observe(seconds)
        say = _log.debug if scope["path"].startswith(self._quiet) else _log.info
        say("request", method=method, route=route, path=scope["path"][:200], status=status, ms=round(seconds * 1000, 1))


class BodyLimit:
    """Refuses bodies beyond a bound, whether they declare their length or not."""

    def __init__(self, app: ASGIApp, large: Sequence[str] = ()) -> None:
        self._app = app
        self._large = tuple(large)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit(scope["path"])
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isdecimal() and int(declared) > limit:
            if "expect" not in Headers(scope=scope):  # who asks first has sent nothing yet
                await _pour_away(receive)
            await _refuse(scope, receive, send, limit)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            if taken <= limit:  # else somebody asks again, and there is nothing left to come
                message = await receive()
                taken += len(message.get("body", b""))
                if taken <= limit:
                    return message
                await _pour_away(receive, message)
            raise TooLarge(f"A body may have {limit} bytes.")

        await self._app(scope, counted, send)

    def _limit(self, path: str) -> int:
        if self._large and path.startswith(self._large):
            return MAX_HANDED_OVER
        return MAX_BATCH if BATCH_PATH.fullmatch(path) else MAX_BODY


async def _pour_away(receive: Receive, message: Message | None = None) -> None:
    """Read what is left of a body after this part of it, as far as that is bearable."""
    poured = 0
    while poured < MAX_POURED and (message is None or message.get("more_body")):
        message = await receive()
        poured += len(message.get("body", b""))


async def _refuse(scope: Scope, receive: Receive, send: Send, limit: int) -> None:
    failure = TooLarge(f"A body may have {limit} bytes.")
    response = JSONResponse(body(failure), status_of(failure), {"connection": "close"})
    await response(scope, receive, send)


def _route(scope: Scope) -> str:
    """Return the route's template: never a caller's own text."""
    return getattr(scope.get("route"), "path", "unknown")
