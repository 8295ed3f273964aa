"""Calls the user's address with one event: the documented message, whole, with the user's own headers.

Receivers in the field read `Content-Length` bytes and know nothing of chunks, so the body is made first and sent in
one piece. The contract is that of the published manual: any 2xx is done.
"""

import asyncio
import base64
import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

import aiohttp

from vedette.delivery import signing
from vedette.delivery.guard import Exempted
from vedette.delivery.retry_after import retry_after_s
from vedette.delivery.sinks.base import Delivery
from vedette.delivery.sinks.headers import headers
from vedette.delivery.terms import TermsOf, usual
from vedette.model.errors import SinkBusy, SinkGone, SinkRefused, SinkUnreachable
from vedette.model.output import WebhookOutput
from vedette.store.json_text import JsonText

TIMEOUT_S = 15.0
"""For the whole call, from the look-up of the name to the status."""
CONNECT_SHARE = 2 / 3
"""Of that time, for the connection alone."""
READ_CAP = 65_536
"""Bytes of an answer that are read so that the connection can be used again; a longer answer costs the connection."""
READ_S = 2.0
"""Seconds for those bytes: the status has been told, and nothing more is of interest."""

_BUSY: Final = frozenset({408, 425, 429})


class WebhookSink:
    """Sends deliveries as HTTP POST.

    Args:
        session: a guarded session (`delivery.guard`); the maker closes it.
        clock: seconds since the epoch, for signatures and `Retry-After` dates.
        terms: what a project says of its webhooks.
        exempted: sessions for projects that may reach more.
        kinds: number and name of the events that algorithms tell.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        timeout_s: float = TIMEOUT_S,
        clock: Callable[[], float] = time.time,
        terms: TermsOf = usual,
        exempted: Exempted | None = None,
        kinds: Mapping[int, str] | None = None,
    ) -> None:
        self._session, self._exempted = session, exempted
        self._terms, self._kinds = terms, kinds or {}
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=timeout_s * CONNECT_SHARE)
        self._clock = clock

    async def send(self, delivery: Delivery) -> None:
        """Post the event; see `Sink.send` for what is raised."""
        target = delivery.target
        if not isinstance(target, WebhookOutput) or not target.url.lower().startswith(("http://", "https://")):
            raise SinkRefused("Only http and https addresses can be called.")
        terms = await self._terms(delivery.project_id)
        body, sent = encode(delivery), headers(target.headers, delivery, self._kinds)
        if terms.keys:
            sent |= signing.headers(delivery.event_id, int(self._clock()), body, terms.keys)
        session = self._exempted.session(terms.allow) if self._exempted and terms.allow else self._session
        try:
            await self._post(session, target.url, body, sent)
        except aiohttp.ClientConnectionError as error:
            if isinstance(error, aiohttp.ClientConnectorError):
                raise SinkUnreachable(_told(error)) from error
            await self._again(session, target.url, body, sent)

    async def _again(self, session: aiohttp.ClientSession, url: str, body: bytes, headers: dict[str, str]) -> None:
        """Repeat at once: the receiver had closed a kept connection just when it was used, which is nobody's fault."""
        try:
            await self._post(session, url, body, headers)
        except aiohttp.ClientConnectionError as error:
            connected = not isinstance(error, aiohttp.ClientConnectorError)
            raise SinkUnreachable(_told(error), connected=connected) from error

    async def _post(self, session: aiohttp.ClientSession, url: str, body: bytes, headers: dict[str, str]) -> None:
        try:
            async with session.post(
                url, data=body, headers=headers, timeout=self._timeout, allow_redirects=False
            ) as answer:
                self._judge(answer)
                await _drain(answer)
        except TimeoutError as error:
            connected = not isinstance(error, aiohttp.ConnectionTimeoutError)
            raise SinkUnreachable(f"No answer within {self._timeout.total:g} s.", connected=connected) from error
        except aiohttp.ClientSSLError as error:
            raise SinkUnreachable(_told(error)) from error
        except aiohttp.InvalidURL as error:
            raise SinkRefused("The address of the webhook is not valid.") from error
        except aiohttp.ClientConnectionError:
            raise
        except aiohttp.ClientError as error:
            raise SinkUnreachable(f"The answer is not HTTP: {type(error).__name__}.", connected=True) from error
        except OSError as error:
            raise SinkUnreachable(f"The connection failed ({type(error).__name__}).") from error
        except ValueError as error:
            raise SinkRefused("The address or a header of the webhook cannot be sent.") from error

    def _judge(self, answer: aiohttp.ClientResponse) -> None:
        status = answer.status
        if 200 <= status < 300:
            return
        if status == 410:
            raise SinkGone("The destination answered 410: it is gone for good.")
        if status in _BUSY or status >= 500:
            wait = retry_after_s(answer.headers.get("Retry-After"), self._clock())
            raise SinkBusy(f"The destination answered {status}.", retry_after_s=wait)
        if 300 <= status < 400:
            raise SinkRefused(f"The destination answered {status}; redirects are not followed.")
        raise SinkRefused(f"The destination answered {status}.")


def encode(delivery: Delivery) -> bytes:
    """Return the body: the message, and the picture as `image_base64` where there is one."""
    message = delivery.message
    if isinstance(message, JsonText):
        body = message.text.encode()
    else:
        body = json.dumps(dict(message), ensure_ascii=False, separators=(",", ":")).encode()
    if delivery.picture is None:
        return body
    # put in at the end, unread: what is large is copied, and not looked at for what JSON would have to escape
    comma = b"," if len(body) > len(b"{}") else b""
    return b"".join((body[:-1], comma, b'"image_base64":"', base64.b64encode(delivery.picture), b'"}'))


async def _drain(answer: aiohttp.ClientResponse) -> None:
    if answer.content.is_eof():  # all of it came with the status
        return
    with suppress(
        aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError
    ):  # the status counts; what follows it does not
        async with asyncio.timeout(READ_S):
            await answer.content.readexactly(READ_CAP + 1)
    if not answer.content.at_eof():
        answer.close()


def _told(error: aiohttp.ClientError) -> str:
    """Say what happened; host and port are named, never the path or a header."""
    if not isinstance(error, aiohttp.ClientConnectorError):
        return f"The connection broke ({type(error).__name__})."
    where, why = f"{error.host}:{error.port}", error.os_error.strerror or type(error.os_error).__name__
    if isinstance(error, aiohttp.ClientSSLError):
        return f"The TLS connection to {where} failed ({why})."
    return f"Nobody answers at {where} ({why})."
