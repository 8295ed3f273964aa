"""WS-Discovery: what is asked of all devices on a network, and what their answers say.

Sources: WS-Discovery of April 2005; WS-Addressing of August 2004; ONVIF Core Specification, 7.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

from vedette.media.soap import envelope, parts_of, text
from vedette.model.errors import SourceInvalid

ADDRESSING: Final = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
DISCOVERY: Final = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
TYPES: Final = (
    ("dn:NetworkVideoTransmitter", "http://www.onvif.org/ver10/network/wsdl"),
    ("dn:Device", "http://www.onvif.org/ver10/device/wsdl"),
)
"""What cameras say they are: one or the other, so there is a probe for each."""
LONGEST: Final = 128
"""Signs of a name that are told."""
SCOPE: Final = "onvif://www.onvif.org/"


@dataclass(frozen=True, slots=True)
class Found:
    """A device that answered.

    Attributes:
        address: the machine that the answer came from.
        endpoint: what the device calls itself, mostly a `urn:uuid:…`.
        services: the addresses it announces for its device service, as they are.
        name: from its scopes, as are the others; empty if it says none.
    """

    address: str
    endpoint: str
    services: tuple[str, ...]
    name: str = ""
    hardware: str = ""
    location: str = ""

    @property
    def service(self) -> str:
        """Return the address at which it may be asked: one on the machine it answered from; empty if it has none."""
        return next((url for url in self.services if _host(url) == self.address), "")


def probe(message_id: str, kind: str, space: str) -> bytes:
    header = (
        f'<a:Action s:mustUnderstand="1" xmlns:a="{ADDRESSING}">{DISCOVERY}/Probe</a:Action>'
        f'<a:MessageID xmlns:a="{ADDRESSING}">{message_id}</a:MessageID>'
        f'<a:ReplyTo xmlns:a="{ADDRESSING}"><a:Address>{ADDRESSING}/role/anonymous</a:Address></a:ReplyTo>'
        f'<a:To s:mustUnderstand="1" xmlns:a="{ADDRESSING}">urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>'
    )
    return envelope(f'<d:Probe xmlns:d="{DISCOVERY}"><d:Types xmlns:dn="{space}">{kind}</d:Types></d:Probe>', header)


def answers(message: bytes, sender: str, ids: Collection[str]) -> list[Found]:
    """Return the devices that an answer to one of our probes tells of; none if it is none."""
    try:
        header, body = parts_of(message, sender)
    except SourceInvalid:
        return []
    if text(header, "RelatesTo") not in ids:
        return []
    return [_found(match, sender) for match in body.findall(f"{{{DISCOVERY}}}ProbeMatches/{{{DISCOVERY}}}ProbeMatch")]


def _found(match: Element, sender: str) -> Found:
    scopes = text(match, "Scopes").split()
    return Found(
        address=sender,
        endpoint=text(match, "EndpointReference/Address"),
        services=tuple(text(match, "XAddrs").split()),
        name=_scope(scopes, "name"),
        hardware=_scope(scopes, "hardware"),
        location=_scope(scopes, "location"),
    )


def _scope(scopes: list[str], kind: str) -> str:
    begin = f"{SCOPE}{kind}/"
    said = next((unquote(one[len(begin) :]) for one in scopes if one.lower().startswith(begin)), "")
    return "".join(sign for sign in said[:LONGEST] if sign.isprintable())


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        return (parts.hostname or "") if parts.scheme in ("http", "https") else ""
    except ValueError:
        return ""
