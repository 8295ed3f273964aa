"""Secrets never come back: what is shown in their place, and what that means when it is sent again.

A masked value leaves the stored one, but only while it would go to the same place as before: else somebody who does
not know a secret could have it sent to a place of theirs.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from vedette.model.broker import Broker, BrokerKind, place_of
from vedette.model.errors import InvalidParameter
from vedette.model.objects import ObjectStore
from vedette.model.output import WebhookOutput
from vedette.model.source import InputDatum, TaskInput
from vedette.model.task import TaskDocument

MASK: Final = "******"

_USERINFO: Final = re.compile(
    r"(?P<scheme>\b[a-z][a-z0-9+.-]*://)(?:[^\s/?#<>\"]*@|[^\s/:\[<>\"]*:(?!\d*(?:[/?#\s<\"]|$))[^\s<>\"]*@)",
    re.IGNORECASE,
)
"""Up to the last `@` of the authority; the second branch catches a password with an unescaped slash in it."""
_STRAY: Final = re.compile(r"\||%(?![0-9A-Fa-f]{2})")
"""What the published pattern of a URL lets through, and RFC 3986 does not (nor a second `#`)."""
_OVER_TLS: Final = frozenset({"https", "rtsps"})


def hide_userinfo(text: str) -> str:
    """Return the text with `user:password@` of its URLs hidden."""
    return _USERINFO.sub(rf"\g<scheme>{MASK}@", text) if "@" in text else text


def shown_url(url: str) -> str:
    """Return a URL as answers show it: `user:password@` hidden, and legal, as typed clients decode no other."""
    head, mark, fragment = hide_userinfo(url).partition("#")
    return _STRAY.sub(_escaped, head + mark + fragment.replace("#", "%23"))


def _escaped(found: re.Match[str]) -> str:
    return f"%{ord(found.group()):02X}"


def without_userinfo(text: str) -> str:
    """Return the text with `user:password@` of its URLs left out."""
    return _USERINFO.sub(r"\g<scheme>", text)


def unmask(new: TaskDocument, stored: TaskDocument | None) -> TaskDocument:
    """Return a document with what is masked in it taken from the stored one.

    Args:
        new: as it was sent.
        stored: as it is kept; None for a new task, which may hold nothing masked.

    Raises:
        InvalidParameter: a value is masked and nothing is stored under it, or it would go elsewhere than before.
    """
    before = stored.input if stored and stored.input.type is new.input.type else None
    hook = new.output.webhook
    if hook is not None:
        hook = unmask_webhook(hook, stored.output.webhook if stored else None)
    return replace(new, input=_unmask_input(new.input, before), output=replace(new.output, webhook=hook))


def unmask_text(new: str, stored: str | None, *, param: str = "url") -> str:
    """Return an address with each `******@` in it taken from the stored one.

    Raises:
        InvalidParameter: nothing is stored, or its host is another, or what went over TLS would go in clear.
    """
    if stored is not None and new == shown_url(stored):
        return stored
    known = list(_USERINFO.finditer(stored or ""))
    made, end = "", 0
    for place, found in enumerate(_USERINFO.finditer(new)):
        if MASK not in found.group():
            continue
        if found.group() != f"{found['scheme']}{MASK}@" or stored is None or place >= len(known):
            raise InvalidParameter(f"{param} has {MASK} for user and password, but none are stored.", param=param)
        old = known[place]
        if not (is_same_place(new, stored) and is_same_place(new[found.start() :], stored[old.start() :])):
            raise _send_again(param)
        made += new[end : found.end("scheme")] + stored[old.end("scheme") : old.end()]
        end = found.end()
    return made + new[end:]


def unmask_value(new: str, stored: str | None, *, same_place: bool, param: str) -> str:
    """Return a secret, or the stored one if it is masked.

    Raises:
        InvalidParameter: it is masked and nothing is stored, or would go elsewhere than before.
    """
    if new != MASK:
        return new
    if stored is None:
        raise InvalidParameter(f"{param} holds {MASK}, but no value is stored in its place.", param=param)
    if not same_place:
        raise _send_again(param)
    return stored


def unmask_webhook(new: WebhookOutput, stored: WebhookOutput | None, *, param: str = "url") -> WebhookOutput:
    """Return an address to call with what is masked of it and its headers taken from the stored one.

    Args:
        param: what the field of the address is called.

    Raises:
        InvalidParameter: nothing is stored in the place of a mask, or it would go elsewhere than before.
    """
    stored = stored or WebhookOutput("", {})
    url = unmask_text(new.url, stored.url, param=param)
    return replace(new, url=url, headers=_unmask_headers(new.headers, new.url, stored.headers, stored.url))


def unmask_store(new: ObjectStore, stored: ObjectStore | None) -> ObjectStore:
    """Return an object store with a masked key taken from the stored one.

    Raises:
        InvalidParameter: nothing is stored, or the host is another, or it would be reached less guarded than before.
    """
    same = stored is not None and (new.kind, new.access_key) == (stored.kind, stored.access_key)
    guarded = stored is not None and (new.tls_verify or not stored.tls_verify)
    same_place = same and guarded and is_same_place(new.address, stored.address if stored else "")
    known = stored.secret_key or None if stored else None
    return replace(new, secret_key=unmask_value(new.secret_key, known, same_place=same_place, param="secret_key"))


def unmask_broker(new: Broker, stored: Broker | None) -> Broker:
    """Return a broker with a masked password taken from the stored one.

    Raises:
        InvalidParameter: nothing is stored, or a host is new, or it would be reached less guarded than before.
    """
    return replace(
        new,
        password=unmask_value(
            new.password,
            stored.password or None if stored else None,
            same_place=stored is not None and _is_same_broker(new, stored),
            param="password",
        ),
    )


def _is_same_broker(new: Broker, stored: Broker) -> bool:
    if (new.kind, new.username) != (stored.kind, stored.username):
        return False
    if stored.tls_verify and not new.tls_verify:
        return False
    if new.kind is BrokerKind.DIS:
        return is_same_place(new.servers[0], stored.servers[0])
    hosts, known = ({place_of(server)[0].lower() for server in one.servers} for one in (new, stored))
    return hosts <= known and (new.tls or not stored.tls)


def _unmask_input(new: TaskInput, stored: TaskInput | None) -> TaskInput:
    server = new.vcn
    if server is not None:
        known = stored.vcn if stored else None
        password = unmask_value(
            server.password,
            known.password if known else None,
            same_place=known is not None and known.ip == server.ip,
            param="password",
        )
        server = replace(server, password=password)
    return replace(new, datum=_unmask_datum(new.datum, stored.datum if stored else None), vcn=server)


def _unmask_datum(new: InputDatum, stored: InputDatum | None) -> InputDatum:
    stored = stored or InputDatum()
    url = None if new.url is None else unmask_text(new.url, stored.url)
    headers = None if new.headers is None else _unmask_headers(new.headers, new.url, stored.headers, stored.url)
    return replace(new, url=url, headers=headers)


def _unmask_headers(
    new: Mapping[str, str], url: str | None, stored: Mapping[str, str] | None, stored_url: str | None
) -> dict[str, str]:
    known = {name.lower(): value for name, value in (stored or {}).items()}
    same_place = is_same_place(url or "", stored_url or "")
    return {
        name: unmask_value(value, known.get(name.lower()), same_place=same_place, param="headers")
        for name, value in new.items()
    }


def is_same_place(new: str, stored: str) -> bool:
    """Return whether two addresses lead to the same host (the port may differ), and no less guarded on the way."""
    try:
        # what stands before the host may hold an unescaped slash; it says nothing about the place
        here, there = (urlsplit(without_userinfo(address)) for address in (new, stored))
        same = here.hostname is not None and here.hostname == there.hostname
    except ValueError:
        return False
    return same and not (there.scheme in _OVER_TLS and here.scheme not in _OVER_TLS)


def _send_again(param: str) -> InvalidParameter:
    return InvalidParameter(
        f"{param} holds {MASK}, but the host is not the one it was stored for: send the secret again.", param=param
    )
