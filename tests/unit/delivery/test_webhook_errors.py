"""Whatever aiohttp raises has a name in our tree."""

import inspect
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aiohttp import client_exceptions

from vedette.delivery.sinks.base import Delivery
from vedette.delivery.sinks.webhook import WebhookSink
from vedette.model.errors import SinkError, SinkRefused, SinkUnreachable
from vedette.model.ids import EventId, TaskId
from vedette.model.output import WebhookOutput

SECRET = "hunter2"
KEY: Any = SimpleNamespace(host="r.example", port=80, ssl=True, is_ssl=False)
REQUEST: Any = SimpleNamespace(real_url=f"http://r.example/?token={SECRET}")


def made(kind: type[Exception]) -> Exception:
    """Return such an exception with a secret wherever it takes a text."""
    if issubclass(kind, aiohttp.ClientConnectorCertificateError):
        return kind(KEY, Exception(SECRET))
    if issubclass(kind, client_exceptions.UnixClientConnectorError):
        return kind(f"/{SECRET}", KEY, OSError(2, "No such file"))
    if issubclass(kind, aiohttp.ClientConnectorError):
        return kind(KEY, OSError(111, "Connection refused"))
    if issubclass(kind, aiohttp.ClientResponseError):
        return kind(REQUEST, ())
    if issubclass(kind, aiohttp.ServerFingerprintMismatch):
        return kind(b"a", b"b", "r.example", 80)
    return kind(SECRET)


KINDS = sorted(
    {
        kind
        for _, kind in inspect.getmembers(client_exceptions, inspect.isclass)
        if issubclass(kind, aiohttp.ClientError)
    }
    | {TimeoutError, OSError, ConnectionResetError, ValueError, UnicodeError},
    key=lambda kind: kind.__name__,
)


class Session:
    """Fails with what it is given."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def post(self, *_args: Any, **_rest: Any) -> Any:
        raise self._error


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
async def test_every_failure_of_the_layer_below_is_named_and_tells_no_secret(kind: type[Exception]) -> None:
    """An exception that slips through would be taken for a fault of ours, and its text would be shown."""
    target = WebhookOutput("http://r.example/", {"a": SECRET})
    delivery = Delivery(EventId("E"), TaskId("t"), 1, {}, None, target)
    with pytest.raises(SinkError) as caught:
        await WebhookSink(Session(made(kind))).send(delivery)  # type: ignore[arg-type]
    assert type(caught.value) in {SinkRefused, SinkUnreachable}
    assert SECRET not in caught.value.message
