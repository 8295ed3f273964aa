"""Every operation of the REST door stands in the reference."""

import importlib
import pkgutil
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter

from vedette import api
from vedette.api import device_discovery, events
from vedette.api.asgi import whole_document
from vedette.api.openapi import operations
from vedette.api.workers import WorkerDoor

REFERENCE = Path(__file__).resolve().parents[2] / "docs/reference"
PAGES = (REFERENCE / "api.md").read_text() + (REFERENCE / "api-rules.md").read_text()


def _routers() -> list[APIRouter]:
    """Return the routers of all modules of the room, and those that are made with parts."""
    nothing: Any = None
    modules = [importlib.import_module(f"vedette.api.{found.name}") for found in pkgutil.iter_modules(api.__path__)]
    ready = [module.router for module in modules if isinstance(getattr(module, "router", None), APIRouter)]
    made = [
        events.make_router(nothing, nothing, {}),
        device_discovery.make_router(nothing),
        WorkerDoor(nothing, nothing, nothing, "", storing=nothing, sessions=nothing, on_events=nothing).router,
    ]
    return ready + made


def _operations(*, inner: bool) -> set[str]:
    """Return method and path of every operation; those that the OpenAPI document leaves out only if `inner`."""
    routes: list[Any] = [route for router in _routers() for route in router.routes if inner or route.include_in_schema]
    return {f"{method} {route.path.rstrip('/')}" for route in routes for method in route.methods}


@pytest.mark.parametrize("operation", sorted(_operations(inner=True)))
def test_every_operation_is_documented(operation: str) -> None:
    """An operation nobody can read of is used by nobody, or by the wrong people."""
    assert f"`{operation}`" in PAGES


def test_the_document_holds_every_operation_and_no_other() -> None:
    """A router that the document forgets is in no generated client."""
    documented = {f"{method} {path}" for method, path, _ in operations(whole_document())}
    assert documented == _operations(inner=False)


def test_the_operations_are_found() -> None:
    """Else the tests above say nothing."""
    assert len(_operations(inner=True)) > 80
