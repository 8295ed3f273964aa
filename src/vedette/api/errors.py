"""The one place where a failure becomes a status and the six-key body."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException
from starlette.requests import Request

from vedette.api.answers import JSONResponse
from vedette.api.vas_errors import BEFORE, speaks_vas, vas_error
from vedette.model.errors import (
    CallerError,
    Forbidden,
    IllegalTransition,
    InvalidParameter,
    MethodNotAllowed,
    NameTaken,
    NotFound,
    Outdated,
    RouteNotFound,
    TooLarge,
    Unauthorized,
    Unavailable,
    VedetteError,
)
from vedette.schemas.masking import hide_userinfo

STATUS: Final[Mapping[type[VedetteError], int]] = {
    Unauthorized: 401,
    Forbidden: 403,
    Outdated: 412,
    IllegalTransition: 500,  # as documented: an operation that the state forbids
    RouteNotFound: 404,
    MethodNotAllowed: 405,
    TooLarge: 413,
    CallerError: 400,
    Unavailable: 503,
    VedetteError: 500,
}
IDENTITY_STATUS: Final[Mapping[type[VedetteError], int]] = {
    NotFound: 404,
    NameTaken: 409,
    IllegalTransition: 409,
}
"""Where an identity service answers otherwise than the API does."""
IDENTITY: Final = ("/v3/", "/v3.0/")
KEYED: Final = ("headers", "common", "attributes")
"""Fields whose own keys are the caller's: an error inside names the field."""
TITLES: Final[Mapping[int, str]] = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
}


def status_of(error: VedetteError) -> int:
    """Return the HTTP status of a failure: that of its nearest kind in `STATUS`."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def identity_status_of(error: VedetteError) -> int:
    """Return the HTTP status of a failure of the identity service."""
    return next((IDENTITY_STATUS[kind] for kind in type(error).__mro__ if kind in IDENTITY_STATUS), status_of(error))


def body(error: VedetteError) -> dict[str, Any]:
    """Return the six keys; never a secret, as no message holds one and addresses are hidden on top."""
    message = hide_userinfo(error.message)
    short = f"Invalid parameter: {error.param}." if isinstance(error, InvalidParameter) and error.param else message
    return {
        "error_code": error.code,
        "error_msg": short,
        "detail": message,
        "params": [error.param] if error.param else [],
        "reason": error.reason,
        "advice": error.advice,
    }


def keystone_body(error: VedetteError) -> dict[str, Any]:
    """Return the six keys and Keystone's `error` beside them, for clients of the identity service."""
    status = identity_status_of(error)
    kept = {"code": status, "message": hide_userinfo(error.message), "title": TITLES.get(status, "Error")}
    return {"error": kept, **body(error)}


def invalid(error: ValidationError) -> InvalidParameter:
    """Return what is wrong with a document: the first field at fault, its whole path in the message."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    said = "there is no such field." if first["type"] == "extra_forbidden" else _sentence(first["msg"])
    return InvalidParameter(f"{_path(first)}: {said}", param=leaf(first["loc"]))


def leaf(loc: tuple[int | str, ...]) -> str:
    """Return the name of the field at fault; an entry of a list, or a caller's own key, gives its field's name."""
    names = []
    for part in loc:
        if isinstance(part, str):
            names.append(part)
        if part in KEYED:
            break
    return names[-1] if names else "body"


def _path(details: ErrorDetails) -> str:
    """Return the path to the field, without keys that are the caller's own."""
    parts = []
    for part in details["loc"]:
        parts.append(str(part))
        if part in KEYED:
            break
    return ".".join(parts) or "body"


def _sentence(text: str) -> str:
    text = text.removeprefix("Value error, ")
    return text[:1].lower() + text[1:] + ("" if text.endswith(".") else ".")


async def render(request: Request, error: Exception) -> JSONResponse:
    """Render a failure of ours: FastAPI's handler of `VedetteError`."""
    if not isinstance(error, VedetteError):
        raise error
    if not isinstance(error, BEFORE) and await speaks_vas(request):  # those came before the body was read to its end
        return JSONResponse(*vas_error(request, error))
    if request.scope["path"].startswith(IDENTITY) and not isinstance(error, RouteNotFound | MethodNotAllowed):
        return JSONResponse(keystone_body(error), identity_status_of(error))
    return JSONResponse(body(error), status_of(error))


async def render_request(request: Request, error: Exception) -> JSONResponse:
    """Render what FastAPI itself finds wrong with a path or a query."""
    if not isinstance(error, RequestValidationError):
        raise error
    first = error.errors()[0]
    return await render(request, InvalidParameter(_sentence(first["msg"]), param=leaf(first["loc"])))


async def render_http(request: Request, error: Exception) -> JSONResponse:
    """Render what the router says: no such path, or not with this method."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 404:
        failure: VedetteError = RouteNotFound("There is no operation with this path.")
    elif status == 405:
        failure = MethodNotAllowed(f"Request method '{request.method}' not supported.")
    else:
        failure = CallerError("The request cannot be read.")
    headers = error.headers if isinstance(error, HTTPException) else None
    return JSONResponse(body(failure), status if status in {404, 405} else status_of(failure), headers)
