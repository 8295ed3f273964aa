"""Whatever fails below a call has a name in our tree."""

import asyncio
import socket
import ssl
from typing import Any

import pytest

from vedette.delivery.posting import poster
from vedette.delivery.posting.connection import Broken, NotHttp
from vedette.delivery.posting.poster import Posters
from vedette.delivery.sinks.base import Delivery
from vedette.delivery.sinks.webhook import WebhookSink
from vedette.model.errors import SinkError, SinkRefused, SinkUnreachable
from vedette.model.guard import GuardPolicy
from vedette.model.ids import EventId, TaskId
from vedette.model.output import WebhookOutput

SECRET = "hunter2"
WHILE_CONNECTING: list[Exception] = [
    OSError(SECRET), ConnectionRefusedError(111, "Connection refused"), ConnectionResetError(SECRET), TimeoutError(SECRET),
    ssl.SSLError(SECRET), ssl.SSLCertVerificationError(SECRET), socket.gaierror(-2, "Name or service not known"),
    UnicodeError(SECRET), ValueError(SECRET),
]  # fmt: skip
WHILE_ASKING: list[Exception] = [Broken(heard=True), Broken(heard=False), NotHttp(SECRET), TimeoutError(SECRET)]


async def error_of(url: str = "http://127.0.0.1:9/") -> SinkError:
    target = WebhookOutput(url, {"a": SECRET})
    async with Posters(GuardPolicy.parse("lan", ["127.0.0.1"])) as posters:
        with pytest.raises(SinkError) as caught:
            await WebhookSink(posters).send(Delivery(EventId("E"), TaskId("t"), 1, {}, None, target))
    assert type(caught.value) in {SinkRefused, SinkUnreachable}
    assert SECRET not in caught.value.message
    return caught.value


def named(error: Exception) -> str:
    return f"{type(error).__name__}-{error}"


@pytest.mark.parametrize("error", WHILE_CONNECTING, ids=named)
async def test_every_failure_to_connect_is_named_and_tells_no_secret(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception that slips through would be taken for a fault of ours, and its text would be shown."""

    async def fail(*_args: Any, **_rest: Any) -> Any:
        raise error

    monkeypatch.setattr(poster.aiohappyeyeballs, "start_connection", fail)
    found = await error_of()
    assert isinstance(
        found,
        SinkRefused
        if isinstance(error, ValueError | UnicodeError) and not isinstance(error, OSError)
        else SinkUnreachable,
    )
    assert not getattr(found, "connected", False)


@pytest.mark.parametrize("error", WHILE_ASKING, ids=named)
async def test_every_failure_of_a_call_is_named_and_counts_as_connected(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody is there: an event that he cannot take is overtaken after a while, one that nobody hears is not."""

    async def fail(*_args: Any, **_rest: Any) -> Any:
        raise error

    async def nowhere(*_args: Any) -> Any:
        return Silent()

    monkeypatch.setattr(poster.Poster, "_connect", nowhere)
    monkeypatch.setattr(Silent, "ask", fail)
    found = await error_of()
    assert isinstance(found, SinkUnreachable)
    assert found.connected


class Silent:
    """A connection on which nothing is said."""

    reusable = False

    async def ask(self, _request: bytes, _deadline: float) -> Any:
        await asyncio.sleep(0)

    def close(self) -> None:
        pass
