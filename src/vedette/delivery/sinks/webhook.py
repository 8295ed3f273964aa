"""Calls the user's address with one event: the documented message, whole, with the user's own headers.

Receivers in the field read `Content-Length` bytes and know nothing of chunks, so the body is made first and sent in
one piece. The contract is that of the published manual: any 2xx is done.
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Final

import pybase64

from vedette.delivery import signing
from vedette.delivery.posting.address import address_of
from vedette.delivery.posting.poster import Posters
from vedette.delivery.retry_after import retry_after_s
from vedette.delivery.sinks.base import Delivery
from vedette.delivery.sinks.headers import lines, written
from vedette.delivery.terms import TermsOf, usual
from vedette.model.errors import SinkBusy, SinkGone, SinkRefused
from vedette.model.output import WebhookOutput
from vedette.store.json_text import JsonText

TIMEOUT_S = 15.0
"""For the whole call, from the look-up of the name to the status."""

_BUSY: Final = frozenset({408, 425, 429})


class WebhookSink:
    """Sends deliveries as HTTP POST.

    Args:
        posters: guarded; one for each list of what a project may reach besides.
        clock: seconds since the epoch, for signatures and `Retry-After` dates.
        terms: what a project says of its webhooks.
        kinds: number and name of the events that algorithms tell.
    """

    def __init__(
        self,
        posters: Posters,
        *,
        timeout_s: float = TIMEOUT_S,
        clock: Callable[[], float] = time.time,
        terms: TermsOf = usual,
        kinds: Mapping[int, str] | None = None,
    ) -> None:
        self._posters, self._timeout_s, self._clock = posters, timeout_s, clock
        self._terms, self._kinds = terms, kinds or {}

    async def send(self, delivery: Delivery) -> None:
        """Post the event; see `Sink.send` for what is raised."""
        target = delivery.target
        if not isinstance(target, WebhookOutput) or not target.url.lower().startswith(("http://", "https://")):
            raise SinkRefused("Only http and https addresses can be called.")
        terms = await self._terms(delivery.project_id)
        body = encode(delivery)
        try:
            to = address_of(target.url)
            sent = lines(target.headers, delivery, self._kinds, authorized=to.authorized)
            if terms.keys:
                sent += written(signing.headers(delivery.event_id, int(self._clock()), body, terms.keys))
            answer = await self._posters.of(terms.allow).post(to, sent, body, self._timeout_s)
        except ValueError as error:
            raise SinkRefused("The address or a header of the webhook cannot be sent.") from error
        self._judge(answer.status, answer.retry_after)

    def _judge(self, status: int, retry_after: str | None) -> None:
        if 200 <= status < 300:
            return
        if status == 410:
            raise SinkGone("The destination answered 410: it is gone for good.")
        if status in _BUSY or status >= 500:
            wait = retry_after_s(retry_after, self._clock())
            raise SinkBusy(f"The destination answered {status}.", retry_after_s=wait)
        if 300 <= status < 400:
            raise SinkRefused(f"The destination answered {status}; redirects are not followed.")
        raise SinkRefused(f"The destination answered {status}.")


def encode(delivery: Delivery) -> bytes:
    """Return the body: the message, and the picture as `image_base64` where there is one.

    Of an event about a part of the picture that is the part, and the whole comes beside it; alone, it takes its place.
    """
    message = delivery.message
    if isinstance(message, JsonText):
        body = message.text.encode()
    else:
        body = json.dumps(dict(message), ensure_ascii=False, separators=(",", ":")).encode()
    shown = [picture for picture in (delivery.picture, delivery.origin) if picture is not None]
    if not shown:
        return body
    # put in at the end, unread: what is large is copied, and not looked at for what JSON would have to escape
    parts, comma = [body[:-1]], b"," if len(body) > len(b"{}") else b""
    for name, picture in zip((b"image_base64", b"origin_image_base64"), shown, strict=False):
        parts += (comma, b'"', name, b'":"', pybase64.b64encode(picture), b'"')
        comma = b","
    return b"".join((*parts, b"}"))
