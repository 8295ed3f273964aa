"""The REST door: routers and middleware in one list each, literals before parameters."""

from collections.abc import Sequence
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any, cast

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.middleware import Middleware
from starlette.exceptions import HTTPException

from vedette.api import (
    access_keys,
    batch_tasks,
    brokers,
    data_streams,
    device_discovery,
    devices,
    edge_pools,
    errors,
    events,
    freezes,
    identity,
    looks,
    message_schemas,
    object_stores,
    operation,
    orders,
    people,
    progress,
    projects,
    reference,
    roles,
    rollouts,
    services,
    streams,
    subscriptions,
    tasks,
    templates,
    vas,
    video_groups,
    video_sources,
    webhooks,
)
from vedette.api.deps import Parts
from vedette.api.middleware import QUIET, BodyLimit, Door
from vedette.api.openapi import DocumentedApp
from vedette.model.errors import VedetteError
from vedette.model.guard import GuardPolicy

ROUTERS = (
    operation.router,
    reference.router,
    identity.router,
    people.router,
    projects.router,
    roles.router,
    access_keys.router,
    tasks.router,
    vas.router,
    batch_tasks.router,
    video_sources.router,
    looks.router,
    video_groups.router,
    services.router,
    rollouts.router,
    edge_pools.router,
    devices.router,
    templates.router,
    streams.router,
    data_streams.router,
    orders.router,
    freezes.router,
    object_stores.router,
    brokers.router,
    subscriptions.router,
    message_schemas.router,
    webhooks.router,
)


def make_app(parts: Parts, *, further: Sequence[APIRouter] = (), large: Sequence[str] = ()) -> FastAPI:
    """Return the ASGI application.

    Args:
        parts: what the app hands in.
        further: routers of other rooms' operations.
        large: beginnings of paths whose bodies may be large and whose requests are not logged one by one.
    """
    app = DocumentedApp(
        title="Vedette",
        version=version("vedette"),
        redirect_slashes=False,
        openapi_url=None,  # api/reference.py serves the document
        docs_url=None,  # the framework's own pages load their scripts from elsewhere
        redoc_url=None,
        middleware=[
            Middleware(Door, metrics=parts.metrics, quiet=(*QUIET, *large)),
            Middleware(BodyLimit, large=large),
        ],
        exception_handlers={
            VedetteError: errors.render,
            HTTPException: errors.render_http,
            RequestValidationError: errors.render_request,
        },
    )
    app.state.parts = parts
    for router in (*ROUTERS, *further):
        app.include_router(router)
    return app


def whole_document() -> dict[str, Any]:
    """Return the OpenAPI document of all operations, without a service that runs."""
    nothing: Any = None
    metrics = SimpleNamespace(metrics=None)
    further = (events.make_router(nothing, nothing, {}), progress.router, device_discovery.make_router(GuardPolicy()))
    return make_app(cast("Parts", metrics), further=further).openapi()
