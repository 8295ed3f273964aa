"""The documents of video sources, and the two dialects of their XML configuration.

`type_config` comes as `<type>URL</type><config><URL_ADDRESS>…</URL_ADDRESS></config>` or as
`<type_config><url_address>…</url_address></type_config>`. Leaves are read in any case and under any wrapper.
"""

from collections.abc import Mapping
from typing import Annotated, Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from pydantic import Field

from vedette.model.errors import InvalidParameter
from vedette.model.source import AccessType, SourceKind
from vedette.schemas.common import (
    LATITUDE,
    LONGITUDE,
    OBJECT_ID,
    RTSP_PATH,
    SOURCE_NAME,
    TAG,
    VCN_DEVICE,
    ObjectId,
    Text,
    Unique,
    Wire,
    is_url,
    matches,
    of_form,
    one_of,
)

MAX_XML: Final = 1024
MAX_TAGS: Final = 4

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


class VideoSourceCreate(Wire):
    """The body of a create-source request."""

    video_source_name: Annotated[str, of_form(SOURCE_NAME)]
    """Name of the source, unique in the project."""
    access_type: Annotated[str, one_of(tuple(AccessType), "it must be cloud or edge")]
    """Whether the service itself (`cloud`) or a machine near the camera (`edge`) opens the source."""
    type: Annotated[str, one_of(tuple(SourceKind))]
    """Kind of source; it says which elements `type_config` needs."""
    type_config: Annotated[Text, Field(min_length=1, max_length=MAX_XML, repr=False)]
    """How to reach the source, as XML in either of the documented dialects, its elements in any case. Kept sealed; passwords
    in it are shown as `******`."""
    latitude: Annotated[str, of_form(LATITUDE)] | None = None
    """Degrees north, five decimals at most."""
    longitude: Annotated[str, of_form(LONGITUDE)] | None = None
    """Degrees east, five decimals at most."""
    tag: Annotated[list[Annotated[str, of_form(TAG)]], Field(max_length=MAX_TAGS), Unique] | None = None
    """Words to find the source by, four at most."""
    video_group_ids: list[ObjectId] | None = None
    """Groups that the source joins; they must have the same `access_type`."""


class VideoSourceImport(VideoSourceCreate):
    """One entry of an import file: a source under the id it had elsewhere."""

    video_source_id: Annotated[str, of_form(OBJECT_ID)]
    """The id it had."""


def leaves(received: VideoSourceCreate) -> dict[str, str]:
    """Return the leaves of the XML configuration by upper-case name.

    Raises:
        InvalidParameter: no XML of either dialect, a leaf that the kind needs is missing, or a leaf breaks its rule.
    """
    found: dict[str, str] = {}
    for element in _parsed(received.type_config).iter():
        if len(element) == 0 and isinstance(element.tag, str):
            found[element.tag.rpartition("}")[2].upper()] = (element.text or "").strip()
    kind = SourceKind(received.type)
    for name in NEEDED[kind]:
        if not found.get(name):
            raise _wrong(f"a source of type {kind} needs the element {name}")
    _check(kind, found)
    return found


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
    if kind in {SourceKind.URL, SourceKind.RTSP_STREAM} and not is_url(found["URL_ADDRESS"]):
        raise _wrong("URL_ADDRESS must be an http, https, rtsp, rtsps, rtmp, ftp or file URL")
    if kind is SourceKind.RESTFUL:
        if not is_url(found["URL"]) or not found["URL"].startswith(("http://", "https://")):
            raise _wrong("URL must be an http or https URL")
        if not matches(RTSP_PATH, found["RTSP_URL"]):
            raise _wrong("RTSP_URL must be a path into the answer, such as data/url")
    if kind is SourceKind.VCN:
        if not matches(VCN_DEVICE, found["DATA_SOURCE_ID"]):
            raise _wrong("DATA_SOURCE_ID must be a camera code and a domain code, joined by #")
        if not matches(r"[0-9]{1,5}", found["PORT"]) or int(found["PORT"]) > 65535:
            raise _wrong("PORT must be 0 to 65535")


def _wrong(reason: str) -> InvalidParameter:
    return InvalidParameter(f"type_config: {reason}.", param="type_config")
