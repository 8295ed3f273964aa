"""Every failure has a status and the six keys."""

import json

import pytest
from fastapi.exceptions import RequestValidationError
from starlette.requests import Request

from vedette.api.errors import STATUS, body, leaf, render_request, status_of
from vedette.model import errors
from vedette.model.errors import (
    CallerError,
    IllegalTransition,
    InvalidParameter,
    SourceRefused,
    Unavailable,
    VedetteError,
)

ALL = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, VedetteError)]
KEYS = {"error_code", "error_msg", "detail", "params", "reason", "advice"}


@pytest.mark.parametrize("kind", ALL)
def test_every_failure_becomes_an_answer(kind: type[VedetteError]) -> None:
    """What is added to the tree is answered by its nearest kind."""
    failure = kind("It failed.")
    assert 400 <= status_of(failure) < 600
    assert set(body(failure)) == KEYS
    assert (status_of(failure) < 500) == (issubclass(kind, CallerError) and not issubclass(kind, IllegalTransition))


def test_the_documented_statuses_are_kept() -> None:
    """An operation that the state forbids is a 500 in the published table."""
    assert STATUS[IllegalTransition] == 500
    assert status_of(Unavailable("away")) == 503


def test_an_address_in_a_message_loses_its_credentials() -> None:
    """Whoever wrote the message did not think of it."""
    assert "pw" not in str(body(SourceRefused("rtsp://u:pw@h/a refused us")))


def test_at_most_one_parameter_is_named() -> None:
    """As documented."""
    assert body(InvalidParameter("no", param="name"))["params"] == ["name"]
    assert body(InvalidParameter("no"))["params"] == []


@pytest.mark.parametrize(
    ("loc", "name"),
    [
        (("name",), "name"),
        (("input", "data", 0, "url"), "url"),
        (("schedule", "periods", 0, 1), "periods"),
        (("output", "webhook", "headers", "X-Key"), "headers"),
        (("config", "common", "a", "b"), "common"),
        (("output", "obs", "data_category", 3), "data_category"),
        ((), "body"),
    ],
)
def test_the_field_at_fault_is_the_last_one_that_is_documented(loc: tuple[int | str, ...], name: str) -> None:
    """A caller's own keys, and places in lists, give the field they stand in."""
    assert leaf(loc) == name


async def test_what_the_framework_finds_wrong_has_the_six_keys_too() -> None:
    """Its own 422 is no documented answer."""
    scope = {"type": "http", "path": "/v2/p/tasks", "method": "GET", "headers": []}
    found = [{"loc": ("query", "limit"), "msg": "Input should be a valid integer", "type": "int_parsing"}]
    answer = await render_request(Request(scope), RequestValidationError(found))
    told = json.loads(bytes(answer.body))
    assert (answer.status_code, set(told), told["params"]) == (400, KEYS, ["limit"])
