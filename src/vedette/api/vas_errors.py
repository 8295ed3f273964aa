"""Refusals in the older dialect: which requests speak it, and the one table of its codes."""

import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic_core import from_json
from starlette.requests import Request

from vedette.model.errors import (
    BadSignature,
    CallerError,
    Forbidden,
    IllegalTransition,
    InvalidParameter,
    Malformed,
    MethodNotAllowed,
    NotFound,
    Outdated,
    QuotaReached,
    RouteNotFound,
    TaskNotFound,
    TooLarge,
    Unauthorized,
    Unavailable,
    VedetteError,
)
from vedette.schemas.common import PROJECT_ID, matches
from vedette.schemas.masking import hide_userinfo

CODES: Final[Mapping[type[VedetteError], tuple[int, str]]] = {
    Unauthorized: (401, "IVA.0001"),
    BadSignature: (401, "APIGW.0301"),  # said by the vendor's gateway, before either API
    Malformed: (400, "IVA.0003"),
    CallerError: (400, "IVA.0004"),
    TaskNotFound: (404, "IVA.0005"),
    NotFound: (404, "IVA.0005"),
    VedetteError: (500, "IVA.0006"),
    IllegalTransition: (403, "IVA.0009"),
    Unavailable: (503, "IVA.0010"),
    QuotaReached: (400, "IVA.0012"),
    Forbidden: (403, "IVA.0015"),
    Outdated: (412, Outdated.code),  # an addition of ours, in both dialects
}
"""Status and code of a failure: those of its nearest kind."""
BAD_PROJECT: Final = (400, "IVA.0002")
NO_SERVICE: Final = (404, "IVA.0005")
BEFORE: Final = (RouteNotFound, MethodNotAllowed, TooLarge)
"""Refusals of the door itself, which look the same for everybody; after them there is no body left to wait for."""
TELLING: Final = ("service_config", "timing", "edge_pool_id")
"""A body with one of these fields speaks the older dialect."""
SHARED: Final = re.compile(r"/v2/[^/]+/services/[^/]+/tasks|/v1/[^/]+/infer/services/[^/]+/tasks")
OWN: Final = re.compile(r"/v2/[^/]+/services/[^/]+/tasks/.+")


async def speaks_vas(request: Request) -> bool:
    """Return whether a request speaks the older dialect; on the path that both share its body decides."""
    path = request.scope["path"]
    if SHARED.fullmatch(path) is None:
        return OWN.fullmatch(path) is not None
    if request.method != "POST":
        return True
    try:
        body = from_json(await request.body())
    except (ValueError, TooLarge):
        return False
    return isinstance(body, dict) and any(body.get(name) is not None for name in TELLING)


def vas_error(request: Request, error: VedetteError) -> tuple[dict[str, Any], int]:
    """Return body and status of a failure in the older dialect; those in `BEFORE` look the same in both."""
    status, code = next(CODES[kind] for kind in type(error).__mro__ if kind in CODES)
    param = error.param or ""
    project_id = request.path_params.get("project_id", "")
    if isinstance(error, Unauthorized) and not matches(PROJECT_ID, project_id):
        (status, code), param = BAD_PROJECT, "project_id"
    elif isinstance(error, CallerError) and not isinstance(error, InvalidParameter) and param == "service_name":
        status, code = NO_SERVICE
    message = hide_userinfo(error.message)
    named = message if not param or param in message else f"{param}: {message}"
    return {"error_code": code, "error_msg": named}, status
