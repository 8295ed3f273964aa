"""Puts events into streams of a DIS of the operator's choice: one signed call for each, its entry's result looked at.

DIS takes what is repeated twice; `message_id` tells a reader so. Answers that speak of now or of keys are tried again by
the schedule, those that speak of the request are not.
"""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import pybase64

from vedette.delivery.sdk_signature import DATE, authorization, stamp
from vedette.delivery.sinks.base import Delivery
from vedette.delivery.sinks.webhook import encode
from vedette.model.errors import SinkBusy, SinkError, SinkRefused, SinkUnreachable
from vedette.model.output import DisOutput

TIMEOUT_S: Final = 30.0
READ_CAP: Final = 65_536
"""Bytes of an answer that are read; one entry has a few hundred."""
LATER: Final = frozenset({401, 407, 408, 429, 441})
"""Besides 5xx: of keys that are being changed, and of too much."""
LATER_CODES: Final = frozenset({"DIS.4303", "DIS.5250"})
"""Of an entry: too much at the moment, and a failure of the service."""


@dataclass(frozen=True, slots=True)
class DisEndpoint:
    """Where the streams are, and with which key they are written.

    Attributes:
        prefix: stands before the names of streams.
        tls_verify: whether the certificate is verified.
    """

    url: str
    project_id: str
    access_key: str
    secret_key: str = field(repr=False)
    prefix: str = ""
    tls_verify: bool = True


class DisSink:
    """Sends deliveries to DIS.

    Args:
        session: a guarded session; the maker closes it.
        clock: seconds since the epoch, for signatures.
    """

    def __init__(
        self, session: aiohttp.ClientSession, endpoint: DisEndpoint, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._session, self._endpoint, self._clock = session, endpoint, clock
        self._base = f"{endpoint.url.rstrip('/')}/v2/{endpoint.project_id}"
        self._host = urlsplit(self._base).netloc

    async def send(self, delivery: Delivery) -> None:
        """Put the event; see `Sink.send` for what is raised."""
        target = delivery.target
        if not isinstance(target, DisOutput):
            raise SinkRefused("The output is no data stream.")
        record = {"data": pybase64.b64encode_as_string(encode(delivery)), "partition_key": delivery.task_id}
        body = json.dumps({"stream_name": self._endpoint.prefix + target.stream_name, "records": [record]}).encode()
        status, text = await self._ask("POST", "/records", body)
        if (failure := self._failure(status, text)) is not None:
            raise failure

    async def check(self, stream_name: str) -> None:
        """See whether there is a stream of the name.

        Raises:
            SinkError: it cannot be seen.
        """
        status, text = await self._ask("GET", f"/streams/{self._endpoint.prefix}{stream_name}", b"")
        if status != 200:
            raise self._failure(status, text) or SinkRefused(f"{self._host} answered {status}.")

    async def _ask(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        url = self._base + path
        try:
            async with self._session.request(
                method,
                url,
                data=body or None,
                headers=self._headers(method, url, body),
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
                allow_redirects=False,
                ssl=self._endpoint.tls_verify,
            ) as answer:
                text = await answer.content.read(READ_CAP)
                while len(text) < READ_CAP and (more := await answer.content.read(READ_CAP - len(text))):
                    text += more
                return answer.status, text
        except TimeoutError as error:
            raise SinkUnreachable(f"{self._host} did not answer within {TIMEOUT_S:g} s.") from error
        except (aiohttp.ClientError, asyncio.IncompleteReadError, OSError) as error:
            raise SinkUnreachable(f"{self._host} cannot be reached ({type(error).__name__}).") from error

    def _headers(self, method: str, url: str, body: bytes) -> dict[str, str]:
        signed = {
            "Content-Type": "application/json",
            "Host": self._host,
            "X-Project-Id": self._endpoint.project_id,
            DATE: stamp(self._clock()),
        }
        keys = self._endpoint.access_key, self._endpoint.secret_key
        return signed | {"Authorization": authorization(method, urlsplit(url).path, signed, body, *keys)}

    def _failure(self, status: int, text: bytes) -> SinkError | None:
        """Return what is wrong with an answer, or None if the one entry is there."""
        if status in LATER or status >= 500:
            return SinkBusy(f"{self._host} answered {status}.")
        if status != 200:
            return SinkRefused(f"{self._host} answered {status}{_code(text)}.")
        try:
            (entry,) = json.loads(text)["records"]
            code, number = entry.get("error_code"), entry.get("sequence_number")
        except (ValueError, KeyError, TypeError, AttributeError):
            code = number = None
        if not code:
            return None if number else SinkBusy(f"{self._host} answered 200 without a result of the record.")
        failed = f"{self._host} did not take the record ({str(code)[:40]})."
        return SinkBusy(failed) if code in LATER_CODES else SinkRefused(failed)


def _code(text: bytes) -> str:
    """Return the error's code in an answer, in either spelling, for a message."""
    try:
        said: Any = json.loads(text)
        code = said.get("errorCode") or said.get("error_code")
    except (ValueError, AttributeError):
        return ""
    return f" ({str(code)[:40]})" if code else ""
