"""The running service answers as its own OpenAPI document says, whatever it is asked."""

import os
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi import checks
from service import CLOUD, Client, Service

from vedette.api.asgi import whole_document
from vedette.api.openapi import operations

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "3"))
"""Requests of each kind and operation; a search by hand asks for more."""
DOCUMENT = whole_document()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
ELSEWHERE = ("/events/stream", "/deliveries", "/progress", "/history", "/discover")
"""Ends of paths whose operations need the data plane, which this door is without, send to the network around it, or do
not end."""
OPERATIONS = {
    operation["operationId"]: (method, path)
    for method, path, operation in operations(DOCUMENT)
    if not any(f"{part}/" in f"{path}/" for part in ELSEWHERE)
}
CHECKS: list[Callable[..., Any]] = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
WITHOUT_LIMITS = frozenset(
    {
        "DeletePermanentAccessKey",
        "KeystoneDeleteUser",
        "KeystoneShowDomain",
        "KeystoneShowPermission",
        "KeystoneShowUser",
        "KeystoneShowVersion",
        "ShowHealth",
        "ShowMetrics",
        "ShowOpenApi",
        "ShowPermanentAccessKey",
        "ShowReadiness",
        "ShowReference",
        "ShowUser",
    }
)
"""Operations that take nothing, or a name in the path that may be any."""
each_operation = pytest.mark.parametrize("name", sorted(OPERATIONS))
each_mode = pytest.mark.parametrize(
    "mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["valid", "invalid"]
)


@pytest.fixture(scope="module")
def caller(service: Service) -> Client:
    """Somebody whose project the requests are about."""
    return service.client()


def _asked(case: Case, caller: Client) -> Any:
    """Send a request about the caller's own project, and mostly about a service that exists."""
    places = case.path_parameters
    if "project_id" in places:
        places["project_id"] = caller.account.project_id
    if "service_name" in places and len(str(places["service_name"])) % 2:
        places["service_name"] = CLOUD
    return case.call(base_url=caller.base, headers={"X-Auth-Token": caller.account.token})


@each_mode
@each_operation
def test_the_service_answers_as_its_document_says(name: str, mode: GenerationMode, caller: Client) -> None:
    """No failure but the documented ones, no status and no body outside the document."""
    method, path = OPERATIONS[name]
    if mode is GenerationMode.NEGATIVE and name in WITHOUT_LIMITS:
        return

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def search(data: st.DataObject) -> None:
        case = data.draw(SCHEMA[path][method].as_strategy(generation_mode=mode))
        response = _asked(case, caller)
        if response.status_code >= 500:
            assert response.json()["error_code"] == "VIAS.00010012", response.text
        case.validate_response(response, checks=CHECKS)

    search()


@each_operation
def test_nobody_comes_in_without_a_token(name: str, caller: Client) -> None:
    """What the document calls secured is."""
    method, path = OPERATIONS[name]
    secured = bool(DOCUMENT["paths"][path][method.lower()]["security"])
    url = path.replace("{project_id}", caller.account.project_id).replace("{service_name}", CLOUD)
    answer = caller.call(method, url.replace("{", "").replace("}", ""), {}, X_Auth_Token="")
    assert (answer.status == 401) == (secured or name == "KeystoneCreateUserTokenByPassword") or answer.status == 400
    assert not (secured and answer.status < 400)
