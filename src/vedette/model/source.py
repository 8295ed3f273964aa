"""What a task looks at: the six kinds of input, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from vedette.model.objects import ObjectStore


class InputType(StrEnum):
    """The kinds of input, in the names of the wire."""

    VIDEO_SOURCE = "video_source"
    OBS = "obs"
    URL = "url"
    EDGECAMERA = "edgecamera"
    RESTFUL = "restful"
    VCN = "vcn"


@dataclass(frozen=True, slots=True)
class InputDatum:
    """One entry of `input.data`; which fields it needs depends on the kind of input."""

    video_source_id: str | None = None
    stream_name: str | None = None
    bucket: str | None = None
    path: str | None = None
    url: str | None = field(default=None, repr=False)
    headers: dict[str, str] | None = field(default=None, repr=False)
    certificate_check: bool | None = None
    rtsp_path_in_response: str | None = None
    device_id: str | None = None
    stream_type: int | None = None
    id: str | None = None
    index: int | None = None


@dataclass(frozen=True, slots=True)
class VcnServer:
    """The VCN server that a `vcn` input logs in to."""

    ip: str
    port: int
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TaskInput:
    """The one input of one task (a create request with n entries makes n tasks)."""

    type: InputType
    datum: InputDatum
    vcn: VcnServer | None = None

    @property
    def source_id(self) -> str | None:
        """Return the id of the registered video source, if the input is one."""
        return self.datum.video_source_id if self.type is InputType.VIDEO_SOURCE else None


class SourceKind(StrEnum):
    """The kinds of video source, in the names of the wire."""

    OBS = "obs"
    VCN = "vcn"
    URL = "url"
    RESTFUL = "restful"
    CAMERA = "camera"
    VIDEO_PLATFORM = "VIDEO_PLATFORM"
    VIDEO_IMAGE_DB = "VIDEO_IMAGE_DB"
    RTSP_STREAM = "RTSP_STREAM"


class AccessType(StrEnum):
    """Where a source can be reached, and where a service runs."""

    CLOUD = "cloud"
    EDGE = "edge"


class SourceLevel(StrEnum):
    """How a source is known to be, by the last look at it."""

    ONLINE = "1"
    """It gave pictures."""
    OFFLINE = "2"
    """Nobody answers, or nobody has looked yet."""
    EXCEPTION = "9"
    """It answers, and gives no pictures."""


PLATFORM_LENGTH = 100
DEVICE_LENGTH = 64


def device_of(leaves: Mapping[str, str]) -> str | None:
    """Return the camera that a configuration names, if it names one."""
    named = leaves.get("EDGE_CAMERA_ID") or leaves.get("DATA_SOURCE_ID") or ""
    return named if 0 < len(named) <= DEVICE_LENGTH else None


@dataclass(frozen=True, slots=True)
class VideoSource:
    """A registered video source.

    Attributes:
        type_config: the XML as it was sent; the store keeps it encrypted.
        leaves: what the XML says, by the upper-case name of its leaves, such as `URL_ADDRESS`; read once, at the door.
        create_at: milliseconds since the epoch.
    """

    id: str
    project_id: str
    name: str
    access_type: AccessType
    kind: SourceKind
    type_config: str
    leaves: dict[str, str]
    latitude: str | None = None
    longitude: str | None = None
    tag: tuple[str, ...] = ()
    create_at: int = 0

    @property
    def platform(self) -> str | None:
        """The platform it comes from: the name its configuration gives, else the address of the server."""
        return (self.leaves.get("PLATFORM_NAME") or self.leaves.get("IP") or "")[:PLATFORM_LENGTH] or None

    @property
    def device_id(self) -> str | None:
        """The camera behind it, if the configuration names one."""
        return device_of(self.leaves)


class Liveness(StrEnum):
    """Whether a source has an end."""

    LIVE = "live"
    """Endless: newest frame wins, loss of the connection is retried without limit."""
    FILE = "file"
    """Finite: every frame counts, the end is the end."""
    EITHER = "either"
    """Its first connection tells: an http address, such as a playlist's, may stand for one or the other."""


@dataclass(frozen=True, slots=True)
class RestfulLookup:
    """The user's server is asked for the address.

    Attributes:
        path: where the address stands in the answer: keys of its JSON objects, joined by `/`.
    """

    url: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    tls_verify: bool
    path: str


@dataclass(frozen=True, slots=True)
class VcnLookup:
    """A video cloud node is asked for the address of a camera.

    Attributes:
        stream_type: 1 for the main stream, 2 and 3 for the smaller ones.
    """

    server: VcnServer
    camera: str
    stream_type: int


@dataclass(frozen=True, slots=True)
class OnvifLookup:
    """The camera itself is asked, by ONVIF.

    Attributes:
        url: of its device service.
        profile: token or name of the media profile; empty: its first one.
        tls_verify: whether the certificate of an https device service is verified.
    """

    url: str = field(repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    profile: str = ""
    tls_verify: bool = True


@dataclass(frozen=True, slots=True)
class ObjectLookup:
    """An object of a store, for which a signed address is made."""

    store: ObjectStore
    bucket: str
    path: str


@dataclass(frozen=True, slots=True)
class Lookup:
    """How an address is found, anew at every connection; exactly one of the fields is set."""

    restful: RestfulLookup | None = None
    vcn: VcnLookup | None = None
    onvif: OnvifLookup | None = None
    stored: ObjectLookup | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """What media opens.

    Attributes:
        url: http, https, ftp, rtsp, rtmp or file URL; may hold credentials, so it is never logged as it is. Empty if it
            has to be looked up.
        liveness: whether the source has an end.
        tls_verify: whether the certificate of the server is verified.
        lookup: how the URL is found at every connection.
        note: what whoever named the URL had to say besides; shown as the task's `status`.
    """

    url: str = field(repr=False)
    liveness: Liveness
    tls_verify: bool = True
    lookup: Lookup | None = None
    note: str = ""


LIVE_SCHEMES = frozenset({"rtsp", "rtsps", "rtmp"})
