"""The `restful` contract: the user's own server is asked for the address of a stream, and answers with JSON.

    GET <url>, with the user's headers and Content-Type: application/json
    200 {"data": {"rtspurl": "rtsp://10.10.10.1/test.sdp"}}

`data/rtspurl` then names the address. Steps of digits count in arrays from 0; that is an addition of ours.
"""

import base64
import json
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

from vedette.media.answers import is_for_later
from vedette.media.asking import Answer, ask
from vedette.media.connection import SAFE
from vedette.media.resolve import Pinned, pin
from vedette.model.errors import SourceRefused, SourceUnreachable
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness, RestfulLookup

ANSWER_S: Final = 30.0
"""Seconds the user's server has for the whole of its answer."""
NOT_THEIRS: Final = frozenset(
    {"connection", "content-length", "expect", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""Headers that describe the connection, not the question: with them the server would wait for what never comes."""


def find(asked: RestfulLookup, policy: GuardPolicy, *, within_s: float = ANSWER_S) -> str:
    """Return the address that the user's server names.

    Raises:
        SourceRefused: the guard or the server says no, or the answer names no address.
        SourceUnreachable: nobody answers in time, or the server says that it cannot now.
        SourceInvalid: the answer is too large.
    """
    if urlsplit(asked.url).scheme.lower() not in ("http", "https"):
        raise SourceRefused("a restful source is asked over http or https; its URL has another scheme")
    pinned = pin(Address(asked.url, Liveness.LIVE, asked.tls_verify), policy, ())
    target = quote(pinned.target, safe=SAFE)
    return _address(
        _checked(ask(pinned, "GET", target, _headers(asked, pinned), within_s=within_s), pinned), asked.path
    )


def _headers(asked: RestfulLookup, pinned: Pinned) -> dict[str, str]:
    given = {name.lower() for name in asked.headers}
    if wrong := given & NOT_THEIRS:
        raise SourceRefused(f"the header {min(wrong)!r} of a restful source is not for its user to set")
    own = {"Content-Type": "application/json"}
    if pinned.userinfo:
        own["Authorization"] = f"Basic {base64.b64encode(unquote(pinned.userinfo).encode()).decode()}"
    return {name: value for name, value in own.items() if name.lower() not in given} | asked.headers


def _checked(answer: Answer, pinned: Pinned) -> Any:
    """Return the JSON of a good answer."""
    status = answer.status
    if is_for_later(status):
        raise SourceUnreachable(f"{pinned.shown} answered {status} when asked for the stream's address")
    if 300 <= status < 400:
        raise SourceRefused(f"{pinned.shown} redirects with {status}, which a restful source may not")
    if status != 200:
        text = f"{pinned.shown} answered {status} when asked for the stream's address; 200 is expected"
        raise SourceRefused(text, login=status in (401, 403))
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        raise SourceRefused(f"{pinned.shown} answered with what is no JSON") from None


def _address(value: Any, path: str) -> str:
    """Descend; the path is the user's and may be shown, what lies beside it is not."""
    steps = path.split("/")
    for depth, step in enumerate(steps):
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif (
            isinstance(value, list) and step.isascii() and step.isdecimal() and len(step) < 7 and int(step) < len(value)
        ):
            value = value[int(step)]
        else:
            raise SourceRefused(f"the answer of the restful source has no {'/'.join(steps[: depth + 1])!r}")
    if not isinstance(value, str) or not value.strip():
        raise SourceRefused(f"the answer of the restful source names no address: {path!r} is no text, or an empty one")
    return value.strip()
