"""Writes objects to stores behind http(s): with one request, or in parts where an S3 object is large.

The requests are signed in their address, as those that read are. `Content-MD5` lets the store see that all bytes came.
"""

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape, unescape
from typing import Final

import aiohttp
from yarl import URL

from vedette.delivery.bodies import Body, digest_of, piece, size_of, whole
from vedette.delivery.refusals import Place, refusal
from vedette.delivery.retry_after import retry_after_s
from vedette.media.signing import Act, signed
from vedette.media.store_codes import ANSWER
from vedette.model.errors import SinkError, SinkRefused, SinkUnreachable, SourceRefused
from vedette.model.objects import StoreKind

PART: Final = 8 << 20
"""S3 objects of more bytes than this go in parts of this size. Azure and GCS take any object in one request."""
TIMEOUT_S: Final = 60.0
"""For one request, from the look-up of the name to the end of the answer; of a larger body, for each 8 MiB of it."""
_AT_ONCE: Final = 1 << 20
"""Bytes that are handed to the connection in one go; larger bodies piece by piece, so that others get their turn."""
_UPLOAD: Final = re.compile(rb"<UploadId>\s*([^<\s]+)\s*</UploadId>")
_WRITE: Final = Act("PUT")


@dataclass(frozen=True, slots=True)
class _Answer:
    body: bytes
    etag: str


class Uploads:
    """Writes one object after the other.

    Args:
        session: a guarded session (`delivery.guard`); the maker closes it.
        part: bytes of a part.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        timeout_s: float = TIMEOUT_S,
        part: int = PART,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._session, self._part, self._clock = session, part, clock
        self._timeout_s = timeout_s

    async def put(self, place: Place, body: Body, content_type: str) -> None:
        """Write an object; one that is there already is replaced, and never half.

        Raises:
            SinkUnreachable: nobody answers.
            SinkBusy: the store cannot now.
            SinkRefused: it does not take the object, or its keys cannot sign.
            SinkForbidden: the guard forbids its address.
        """
        headers = {"Content-Type": content_type}
        if place.store.kind is StoreKind.AZURE:
            headers["x-ms-blob-type"] = "BlockBlob"
        if place.store.kind is StoreKind.S3 and size_of(body) > self._part:
            await self._in_parts(place, body, headers)
        else:
            await self._ask(place, _WRITE, body, headers)

    async def remove(self, place: Place) -> None:
        """Remove an object; raises what `put` raises."""
        await self._ask(place, Act("DELETE"))

    async def _in_parts(self, place: Place, body: Body, headers: Mapping[str, str]) -> None:
        size = size_of(body)
        begun = await self._ask(place, Act("POST", (("uploads", ""),)), b"", headers)
        found = _UPLOAD.search(begun.body)
        if found is None:
            raise SinkRefused(f"{place.shown} takes no uploads in parts, which {size} bytes need.")
        upload = ("uploadId", unescape(found[1].decode()))
        try:
            etags = [
                (
                    await self._ask(
                        place, Act("PUT", (("partNumber", str(number)), upload)), piece(body, at, self._part)
                    )
                ).etag
                for number, at in enumerate(range(0, size, self._part), 1)
            ]
            ended = await self._ask(place, Act("POST", (upload,)), _listed(etags), {"Content-Type": "application/xml"})
            if b"<Error>" in ended.body:  # found out after the status was sent
                raise refusal(place, 500, ended.body)
        except SinkError:
            with suppress(SinkError):  # parts of an upload that nobody ends cost room
                await self._ask(place, Act("DELETE", (upload,)))
            raise

    async def _ask(self, place: Place, act: Act, body: Body = b"", headers: Mapping[str, str] | None = None) -> _Answer:
        try:
            url = signed(place.store, place.bucket, place.key, datetime.fromtimestamp(self._clock(), UTC), act)
        except SourceRefused as error:
            raise SinkRefused(f"{place.shown}: {error.message}.") from error
        size = size_of(body)
        sent = {"Content-Length": str(size), **(headers or {})}
        if size:
            sent["Content-MD5"] = digest_of(body)
        limit_s = self._timeout_s * max(1, size / PART)
        try:
            return await self._send(place, act.method, url, body, sent, aiohttp.ClientTimeout(total=limit_s))
        except TimeoutError as error:
            raise SinkUnreachable(f"{place.shown} gave no answer within {limit_s:g} s.") from error
        except aiohttp.InvalidURL as error:
            raise SinkRefused(f"{place.shown} has an address that cannot be called.") from error
        except (aiohttp.ClientError, OSError) as error:
            raise SinkUnreachable(f"{place.shown} cannot be reached ({_why(error)}).") from error

    async def _send(
        self,
        place: Place,
        method: str,
        url: str,
        body: Body,
        headers: Mapping[str, str],
        limit: aiohttp.ClientTimeout,
    ) -> _Answer:
        async with self._session.request(
            method,
            URL(url, encoded=True),  # as it was signed
            data=body if isinstance(body, bytes) and len(body) <= _AT_ONCE else whole(body),
            headers=headers,
            ssl=place.store.tls_verify,
            timeout=limit,
            allow_redirects=False,
        ) as answer:
            told = await _beginning(answer)
            if not 200 <= answer.status < 300:
                pause = retry_after_s(answer.headers.get("Retry-After"), self._clock())
                raise refusal(place, answer.status, told, pause, removing=method == "DELETE")
            return _Answer(told, answer.headers.get("ETag", ""))


def _listed(etags: list[str]) -> bytes:
    """Return the list of the parts, as CompleteMultipartUpload wants it."""
    parts = "".join(
        f"<Part><PartNumber>{number}</PartNumber><ETag>{escape(etag, quote=False)}</ETag></Part>"
        for number, etag in enumerate(etags, 1)
    )
    return f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()


async def _beginning(answer: aiohttp.ClientResponse) -> bytes:
    """Read an answer; of one that is longer than any of a store, only the beginning."""
    try:
        body = await answer.content.readexactly(ANSWER)
    except asyncio.IncompleteReadError as error:
        return error.partial
    answer.close()
    return body


def _why(error: Exception) -> str:
    """Say what happened, without the address: a signature is in it."""
    reason = error.os_error.strerror if isinstance(error, aiohttp.ClientConnectorError) else None
    return reason or type(error).__name__
