"""The two dialects of a source's XML configuration, and what its masked parts mean when they are sent again.

`type_config` comes as `<type>URL</type><config><URL_ADDRESS>…</URL_ADDRESS></config>` or as
`<type_config><url_address>…</url_address></type_config>`. Leaves are read in any case and under any wrapper.
"""

import re
from collections.abc import Mapping
from html import escape, unescape
from typing import Final
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from vedette.model.errors import InvalidParameter
from vedette.model.secrets import MASK, unmask_text, unmask_value
from vedette.model.source import PLATFORM_LENGTH, SourceKind, VideoSource
from vedette.schemas.common import EDGE_CAMERA, RTSP_PATH, VCN_DEVICE, is_url, matches
from vedette.schemas.masking import hide_in_xml

NEEDED: Final[Mapping[SourceKind, tuple[str, ...]]] = {
    SourceKind.URL: ("URL_ADDRESS",),
    SourceKind.RTSP_STREAM: ("URL_ADDRESS",),
    SourceKind.RESTFUL: ("URL", "RTSP_URL"),
    SourceKind.VCN: ("DATA_SOURCE_ID", "IP", "PORT", "USER_NAME", "PASSWORD"),
    SourceKind.CAMERA: ("EDGE_CAMERA_ID",),
    SourceKind.OBS: ("BUCKET", "PATH"),
    SourceKind.VIDEO_PLATFORM: (),
    SourceKind.VIDEO_IMAGE_DB: (),
}
"""Leaves that a configuration must hold, by kind; those of the last two are not documented anywhere."""
ADDRESSES: Final = {SourceKind.URL, SourceKind.RTSP_STREAM}
"""Kinds whose configuration is an address, in the same words."""
FURTHER: Final = ("STREAM_TYPE", "HTTP_CHECK")
"""Leaves that may be there, and say as well what is opened."""

_LEAF: Final = re.compile(r"(?P<open><(?P<name>[\w.:-]+)(?:\s[^<>]*)?>)(?P<text>[^<]*)(?=</(?P=name)\s*>)")
_HOST_NAME: Final = re.compile(r"IP|.*(?:_IP|HOST|ADDRESS|SERVER|DOMAIN|ENDPOINT)")
"""Names of leaves that say, without a URL, which machine is meant."""


def leaves(kind: SourceKind, xml: str) -> dict[str, str]:
    """Return the leaves of the XML configuration by upper-case name.

    Raises:
        InvalidParameter: no XML of either dialect, of another kind, a leaf that the kind needs is missing, breaks its
            rule, or holds a masked secret.
    """
    found = read(xml)
    named = next((other for other in SourceKind if other.lower() == found.get("TYPE", "").lower()), kind)
    if named is not kind and {named, kind} != ADDRESSES:
        raise _wrong(f"its <type> is {named}, but the source is of the type {kind}")
    for name in NEEDED[kind]:
        if not found.get(name):
            raise _wrong(f"a source of type {kind} needs the element {name}")
    _check(kind, found)
    for name, value in found.items():
        if f"://{MASK}@" in value or (value == MASK and _is_secret(name)):
            raise _wrong(f"{name} holds {MASK}, which stands for a secret: send the secret itself")
    return found


def read(xml: str) -> dict[str, str]:
    """Return the leaves of either dialect by upper-case name, unchecked.

    Raises:
        InvalidParameter: it is no well-formed XML, or has a document type.
    """
    found: dict[str, str] = {}
    for element in _parsed(xml).iter():
        if len(element) == 0 and isinstance(element.tag, str):
            found[_upper(element.tag.rpartition("}")[2])] = (element.text or "").strip()
    return found


def opened(kind: SourceKind, found: Mapping[str, str]) -> dict[str, str]:
    """Return the leaves that say what is opened."""
    wanted = (*NEEDED[kind], *FURTHER) if NEEDED[kind] else tuple(found)
    return {name: found[name] for name in wanted if name in found}


def unmask(xml: str, stored: VideoSource) -> str:
    """Return the configuration with what is masked in it taken from the stored one.

    Raises:
        InvalidParameter: a value is masked and nothing is stored under it, or it would go elsewhere than before.
    """
    if xml.strip() == hide_in_xml(stored.type_config).strip():
        return stored.type_config
    if MASK not in xml:
        return xml
    known = {_upper(found["name"]): unescape(found["text"]) for found in _LEAF.finditer(stored.type_config)}
    hosts = _hosts(read(xml))
    same_place = hosts is not None and hosts == _hosts(stored.leaves)

    def fill(found: re.Match[str]) -> str:
        name, text = _upper(found["name"]), unescape(found["text"])  # as it will be read, or a host could be disguised
        if MASK not in text:
            return found.group()
        if _is_secret(name) and text.strip() == MASK:
            text = unmask_value(MASK, known.get(name), same_place=same_place, param="type_config")
        else:
            text = unmask_text(text, known.get(name), param="type_config")
        return found["open"] + escape(text, quote=False)

    return _LEAF.sub(fill, xml)


def _hosts(found: Mapping[str, str]) -> dict[str, str | None] | None:
    """Return which machines a configuration names, by leaf; None if one of its addresses cannot be read."""
    try:
        return {
            name: urlsplit(value).hostname if "://" in value else value.lower()
            for name, value in found.items()
            if "://" in value or _HOST_NAME.fullmatch(name)
        }
    except ValueError:
        return None


def _upper(name: str) -> str:
    """Return a name in upper case; one with other than ASCII letters stays, as some of them become two."""
    return name.upper() if name.isascii() else name


def _is_secret(name: str) -> bool:
    return MASK in hide_in_xml(f"<{name}>-</{name}>")


def _parsed(xml: str) -> Element:
    """Parse either dialect; entities and document types are refused."""
    body = xml.strip()
    if body.startswith("<?"):
        body = body.partition("?>")[2]
    try:
        parsed: Element = fromstring(f"<all>{body}</all>", forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        raise _wrong("it is no well-formed XML without a document type") from None
    return parsed


def _check(kind: SourceKind, found: Mapping[str, str]) -> None:
    if kind in ADDRESSES and not is_url(found["URL_ADDRESS"]):
        raise _wrong("URL_ADDRESS must be an http, https, rtsp, rtsps, rtmp, ftp or file URL")
    if kind is SourceKind.RESTFUL:
        if not is_url(found["URL"]) or not found["URL"].startswith(("http://", "https://")):
            raise _wrong("URL must be an http or https URL")
        if not matches(RTSP_PATH, found["RTSP_URL"]):
            raise _wrong("RTSP_URL must be a path into the answer, such as data/url")
    if kind is SourceKind.VCN:
        _check_vcn(found)
    if kind is SourceKind.CAMERA and not matches(EDGE_CAMERA, found["EDGE_CAMERA_ID"]):
        raise _wrong(f"EDGE_CAMERA_ID does not have the form ^{EDGE_CAMERA}$")
    if len(found.get("PLATFORM_NAME", "")) > PLATFORM_LENGTH:
        raise _wrong(f"PLATFORM_NAME has at most {PLATFORM_LENGTH} characters")


def _check_vcn(found: Mapping[str, str]) -> None:
    if not matches(VCN_DEVICE, found["DATA_SOURCE_ID"]):
        raise _wrong("DATA_SOURCE_ID must be a camera code and a domain code, joined by #")
    if not matches(r"[0-9]{1,5}", found["PORT"]) or int(found["PORT"]) > 65535:
        raise _wrong("PORT must be 0 to 65535")
    if not matches(r"[123]?", found.get("STREAM_TYPE", "")):
        raise _wrong("STREAM_TYPE must be 1, 2 or 3")


def _wrong(reason: str) -> InvalidParameter:
    return InvalidParameter(f"type_config: {reason}.", param="type_config")
