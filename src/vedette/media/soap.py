"""SOAP 1.2 as ONVIF devices speak it: envelopes, the login within them, and what faults mean.

Sources: W3C SOAP 1.2 parts 1 and 2; OASIS WS-Security UsernameToken Profile 1.0; ONVIF Core Specification, 5.
"""

import base64
import hashlib
import secrets
from datetime import UTC, datetime
from typing import Final
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from vedette.model.errors import SourceError, SourceInvalid, SourceRefused, SourceUnreachable, SourceUnsupported

ENVELOPE: Final = "http://www.w3.org/2003/05/soap-envelope"
_WSS: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
SECEXT: Final = f"{_WSS}wssecurity-secext-1.0.xsd"
UTILITY: Final = f"{_WSS}wssecurity-utility-1.0.xsd"
DIGEST: Final = f"{_WSS}username-token-profile-1.0#PasswordDigest"
BASE64: Final = f"{_WSS}soap-message-security-1.0#Base64Binary"
UNKNOWN: Final = frozenset({"ActionNotSupported", "UnknownAction", "NotSupported"})
"""Subcodes of an operation that a device does not have."""
SHOWN: Final = 80


def envelope(body: str, header: str = "") -> bytes:
    """Return a message; both parts are XML."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<s:Envelope xmlns:s="{ENVELOPE}"><s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>'
    ).encode()


def username_token(username: str, password: str, at: float) -> str:
    """Return the header that logs in for one message: a digest of the password, a nonce and the time.

    Args:
        at: what the clock of the device says, seconds since the epoch.
    """
    nonce = secrets.token_bytes(16)
    created = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    digest = hashlib.sha1(nonce + created.encode() + password.encode(), usedforsecurity=False).digest()
    return (
        f'<o:Security s:mustUnderstand="1" xmlns:o="{SECEXT}" xmlns:u="{UTILITY}"><o:UsernameToken>'
        f"<o:Username>{escape(username)}</o:Username>"
        f'<o:Password Type="{DIGEST}">{base64.b64encode(digest).decode()}</o:Password>'
        f'<o:Nonce EncodingType="{BASE64}">{base64.b64encode(nonce).decode()}</o:Nonce>'
        f"<u:Created>{created}</u:Created></o:UsernameToken></o:Security>"
    )


def parts_of(message: bytes, shown: str) -> tuple[Element | None, Element]:
    """Return header and body of a message; document types and entities are refused.

    Args:
        shown: who sent it, for people.

    Raises:
        SourceInvalid: it is no SOAP envelope.
    """
    try:
        root: Element = fromstring(message, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):  # LookupError: an encoding nobody knows
        raise SourceInvalid(f"{shown} answers with what is no XML, or has a document type") from None
    body = root.find(f"{{{ENVELOPE}}}Body")
    if root.tag != f"{{{ENVELOPE}}}Envelope" or body is None:
        raise SourceInvalid(f"{shown} answers with what is no SOAP 1.2 message")
    return root.find(f"{{{ENVELOPE}}}Header"), body


def who_asks(shown: str, *, named: bool) -> SourceRefused:
    """Return the error of who is not let in; `named` says whether a user and a password were sent."""
    said = "does not take the user or the password" if named else "wants to know a user and a password"
    return SourceRefused(f"{shown} {said}", login=True)


def fault_of(body: Element, shown: str, asked: str, *, named: bool) -> SourceError | None:
    """Return what a fault means, or None if the body holds none.

    Args:
        body: of the answer.
        shown: who answered.
        asked: the operation.
        named: whether a user and a password were sent.
    """
    fault = body.find(f"{{{ENVELOPE}}}Fault")
    if fault is None:
        return None
    codes = [(element.text or "").strip().rpartition(":")[2] for element in fault.iter(f"{{{ENVELOPE}}}Value")]
    said = f"{shown} refuses {asked}: {' '.join(codes)[:SHOWN]!r}"
    if UNKNOWN & set(codes):
        return SourceUnsupported(said)
    if {"NotAuthorized", "FailedAuthentication", "InvalidSecurityToken"} & set(codes):
        return who_asks(shown, named=named)
    return SourceUnreachable(said) if codes[:1] == ["Receiver"] else SourceRefused(said)


def text(element: Element | None, path: str) -> str:
    """Return the text below an element; names without a namespace stand for every namespace. Empty if there is none."""
    steps = "/".join(f"{{*}}{step}" for step in path.split("/"))
    found = None if element is None else element.find(steps)
    return "" if found is None or found.text is None else found.text.strip()
