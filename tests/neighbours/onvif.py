"""A strict ONVIF camera on loopback: it takes what the specifications say, and answers anything else with a fault.

It looks at path, content type, action and envelope; at the digest, its nonce (never twice) and its time (five seconds by
the camera's own clock); gives streams of its own profiles only; and answers probes of WS-Discovery.
"""

# ruff: noqa: N802 - operations are methods, named as on the wire

import base64
import hashlib
import re
import secrets
import socket
import ssl
import struct
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self
from urllib.parse import quote
from urllib.request import parse_http_list, parse_keqv_list
from xml.etree.ElementTree import Element, ParseError, fromstring
from xml.sax.saxutils import escape

S: Final = "http://www.w3.org/2003/05/soap-envelope"
WSS: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
TDS: Final = "http://www.onvif.org/ver10/device/wsdl"
TRT: Final = "http://www.onvif.org/ver10/media/wsdl"
TR2: Final = "http://www.onvif.org/ver20/media/wsdl"
TT: Final = "http://www.onvif.org/ver10/schema"
TER: Final = "http://www.onvif.org/ver10/error"
A: Final = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
D: Final = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
PATHS: Final = {TDS: "/onvif/device_service", TRT: "/onvif/media_service", TR2: "/onvif/media2_service"}
PRE_AUTH: Final = {"GetSystemDateAndTime", "GetServices", "GetCapabilities"}
TYPES: Final = {
    "{http://www.onvif.org/ver10/network/wsdl}NetworkVideoTransmitter",
    "{http://www.onvif.org/ver10/device/wsdl}Device",
}
REALM: Final = "camera"
IP_MULTICAST_ALL: Final = 49
"""Of Linux; Python has no name for it."""


@dataclass(frozen=True)
class Stream:
    """A profile of the camera."""

    name: str
    url: str
    encoding: str = "H264"
    width: int = 1280
    height: int = 720


class FaultError(Exception):
    """An answer that says no."""

    def __init__(self, status: int, code: str, *subcodes: str) -> None:
        super().__init__(code, *subcodes)
        self.status, self.code, self.subcodes = status, code, subcodes


NOT_AUTHORIZED: Final = (400, "Sender", "NotAuthorized")


@dataclass
class OnvifCamera:
    """The camera; what it is asked is kept in `asked`.

    Attributes:
        login: `token` for WS-Security, `digest` for HTTP Digest, `basic` for a challenge that nobody should answer.
        ahead_s: how far its clock is ahead.
        services: whether it knows GetServices, which the first cameras did not.
        newer: whether it has Media 2 as well.
        announced: scheme, host and port that it announces in place of its own.
        broken: operations it answers with these bytes.
        tls: makes it speak https.
    """

    streams: Mapping[str, Stream]
    user: str = "ada"
    password: str = "s3cret & more"
    login: str = "token"
    ahead_s: float = 0.0
    services: bool = True
    newer: bool = True
    announced: str = ""
    broken: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    asked: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._seen: set[str] = set()
        self._nonce = secrets.token_hex(8)
        self._lock = threading.Lock()
        self.endpoint = f"urn:uuid:{secrets.token_hex(16)}"

    def __enter__(self) -> Self:
        camera = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                camera._serve(self)

            def log_message(self, *_: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        if self.tls is not None:
            self._http.socket = self.tls.wrap_socket(self._http.socket, server_side=True)
            self._http.handle_error = lambda *_: None  # type: ignore[method-assign]  # who does not trust it hangs up
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("", 0))
        self._udp.setsockopt(socket.IPPROTO_IP, IP_MULTICAST_ALL, 0)  # of the group only what comes by loopback
        lo = struct.pack("4s4si", socket.inet_aton("239.255.255.250"), socket.inet_aton("0.0.0.0"), _loopback())
        self._udp.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, lo)
        self.probe_port = int(self._udp.getsockname()[1])
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", self.probe_port))
        self._listener.join(5)
        self._udp.close()

    @property
    def url(self) -> str:
        """The address of its device service."""
        return f"{self._scheme}://127.0.0.1:{self._http.server_port}{PATHS[TDS]}"

    @property
    def _scheme(self) -> str:
        return "http" if self.tls is None else "https"

    # -- SOAP over HTTP

    def _serve(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        try:
            namespace, element, header = self._read(request, body)
            name = element.tag.rpartition("}")[2]
            with self._lock:
                self.asked.append(name)
            if name not in PRE_AUTH and not self._known(request, header, name):
                return
            if name in self.broken:
                self._answer(request, *self.broken[name])
                return
            answer = getattr(self, f"_{name}", None)
            if answer is None or (name == "GetServices" and not self.services):
                raise FaultError(500, "Receiver", "ActionNotSupported")  # noqa: TRY301 - one place answers faults
            content = answer(namespace, element)
        except FaultError as fault:
            with self._lock:
                self.refused.append(fault.subcodes[-1] if fault.subcodes else fault.code)
            self._answer(request, fault.status, _fault(fault))
            return
        self._answer(request, 200, _envelope(f'<w:{name}Response xmlns:w="{namespace}">{content}</w:{name}Response>'))

    def _read(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[str, Element, Element | None]:
        kind, _, rest = request.headers.get("Content-Type", "").partition(";")
        said = {key.strip(): value.strip().strip('"') for key, _, value in (p.partition("=") for p in rest.split(";"))}
        if kind.strip() != "application/soap+xml" or said.get("charset", "").lower() != "utf-8":
            raise FaultError(400, "Sender", "WellFormed")
        try:
            root = fromstring(body)
        except ParseError:
            raise FaultError(400, "Sender", "WellFormed") from None
        within = root.find(f"{{{S}}}Body")
        if root.tag != f"{{{S}}}Envelope" or within is None or len(within) != 1:
            raise FaultError(400, "Sender", "WellFormed")
        namespace, _, name = within[0].tag[1:].partition("}")
        if said.get("action") != f"{namespace}/{name}" or request.path != PATHS.get(namespace):
            raise FaultError(500, "Receiver", "ActionNotSupported")
        if namespace == TR2 and not self.newer:
            raise FaultError(500, "Receiver", "ActionNotSupported")
        return namespace, within[0], root.find(f"{{{S}}}Header")

    def _answer(self, request: BaseHTTPRequestHandler, status: int, content: bytes, **headers: str) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Type", "application/soap+xml; charset=utf-8")
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    # -- who asks

    def _known(self, request: BaseHTTPRequestHandler, header: Element | None, name: str) -> bool:
        """Return whether the caller is known; if a challenge was sent instead, they are not."""
        if self.login == "token":
            self._check_token(header)
            return True
        if self.login == "digest" and self._digested(request.headers.get("Authorization", "")):
            if header is not None and header.find(f"{{{WSS}wssecurity-secext-1.0.xsd}}Security") is not None:
                raise FaultError(400, "Sender", "InvalidArgs")  # one way or the other, not both
            return True
        with self._lock:
            self.refused.append(f"{name}: 401")
        challenge = 'Basic realm="camera"'
        if self.login == "digest":
            challenge = f'Digest realm="{REALM}", nonce="{self._nonce}", qop="auth", algorithm=MD5'
        self._answer(request, 401, b"", WWW_Authenticate=challenge)
        return False

    def _check_token(self, header: Element | None) -> None:
        sec, util = f"{{{WSS}wssecurity-secext-1.0.xsd}}", f"{{{WSS}wssecurity-utility-1.0.xsd}}"
        token = None if header is None else header.find(f"{sec}Security/{sec}UsernameToken")
        if token is None:
            raise FaultError(*NOT_AUTHORIZED)
        given = token.find(f"{sec}Password")
        user, nonce64, created = (token.findtext(t, "") for t in (f"{sec}Username", f"{sec}Nonce", f"{util}Created"))
        if given is None or given.get("Type") != f"{WSS}username-token-profile-1.0#PasswordDigest":
            raise FaultError(*NOT_AUTHORIZED)
        nonce = base64.b64decode(nonce64, validate=True)
        made = base64.b64encode(hashlib.sha1(nonce + created.encode() + self.password.encode()).digest()).decode()
        at = datetime.fromisoformat(created).timestamp()
        with self._lock:
            fresh = nonce64 not in self._seen
            self._seen.add(nonce64)
        in_time = abs(at - (time.time() + self.ahead_s)) < 5
        if not (user == self.user and given.text == made and fresh and in_time and len(nonce) >= 16):
            raise FaultError(*NOT_AUTHORIZED)

    def _digested(self, authorization: str) -> bool:
        scheme, _, rest = authorization.partition(" ")
        if scheme != "Digest":
            return False
        said = parse_keqv_list(parse_http_list(rest))

        def md5(text: str) -> str:
            return hashlib.md5(text.encode()).hexdigest()

        first, second = md5(f"{self.user}:{REALM}:{self.password}"), md5(f"POST:{said['uri']}")
        wanted = md5(f"{first}:{self._nonce}:{said['nc']}:{said['cnonce']}:auth:{second}")
        return said["nonce"] == self._nonce and said["username"] == self.user and said["response"] == wanted

    # -- operations

    def _origin(self) -> str:
        return self.announced or f"{self._scheme}://127.0.0.1:{self._http.server_port}"

    def _GetSystemDateAndTime(self, _namespace: str, _asked: Element) -> str:
        at = datetime.fromtimestamp(time.time() + self.ahead_s, UTC)
        return (
            f'<w:SystemDateAndTime xmlns:tt="{TT}"><tt:DateTimeType>NTP</tt:DateTimeType>'
            "<tt:DaylightSavings>false</tt:DaylightSavings><tt:UTCDateTime>"
            f"<tt:Time><tt:Hour>{at.hour}</tt:Hour><tt:Minute>{at.minute}</tt:Minute><tt:Second>{at.second}</tt:Second></tt:Time>"
            f"<tt:Date><tt:Year>{at.year}</tt:Year><tt:Month>{at.month}</tt:Month><tt:Day>{at.day}</tt:Day></tt:Date>"
            "</tt:UTCDateTime></w:SystemDateAndTime>"
        )

    def _GetServices(self, namespace: str, asked: Element) -> str:
        if asked.findtext(f"{{{namespace}}}IncludeCapability") not in ("true", "false"):
            raise FaultError(400, "Sender", "InvalidArgVal")
        spaces = [TDS, TRT, TR2] if self.newer else [TDS, TRT]
        return "".join(
            f"<w:Service><w:Namespace>{space}</w:Namespace><w:XAddr>{self._origin()}{PATHS[space]}</w:XAddr>"
            f'<w:Version><tt:Major xmlns:tt="{TT}">2</tt:Major><tt:Minor xmlns:tt="{TT}">60</tt:Minor></w:Version></w:Service>'
            for space in spaces
        )

    def _GetCapabilities(self, namespace: str, asked: Element) -> str:
        if asked.findtext(f"{{{namespace}}}Category", "All") not in ("All", "Media"):
            raise FaultError(400, "Sender", "InvalidArgVal")
        return (
            f'<w:Capabilities xmlns:tt="{TT}"><tt:Media><tt:XAddr>{self._origin()}{PATHS[TRT]}</tt:XAddr>'
            "</tt:Media></w:Capabilities>"
        )

    def _GetProfiles(self, namespace: str, _asked: Element) -> str:
        return "".join(self._profile(namespace, token, one) for token, one in self.streams.items())

    def _profile(self, namespace: str, token: str, one: Stream) -> str:
        within = (
            f"<tt:Name>encoder</tt:Name><tt:UseCount>1</tt:UseCount><tt:Encoding>{one.encoding}</tt:Encoding>"
            f"<tt:Resolution><tt:Width>{one.width}</tt:Width><tt:Height>{one.height}</tt:Height></tt:Resolution>"
        )
        token, name = escape(token), escape(one.name)
        if namespace == TR2:
            return (
                f'<w:Profiles token="{token}" fixed="true" xmlns:tt="{TT}"><w:Name>{name}</w:Name><w:Configurations>'
                f'<w:VideoEncoder token="e-{token}">{within}</w:VideoEncoder></w:Configurations></w:Profiles>'
            )
        return (
            f'<w:Profiles token="{token}" fixed="true" xmlns:tt="{TT}"><tt:Name>{name}</tt:Name>'
            f'<tt:VideoEncoderConfiguration token="e-{token}">{within}</tt:VideoEncoderConfiguration></w:Profiles>'
        )

    def _GetStreamUri(self, namespace: str, asked: Element) -> str:
        stream = self.streams.get(asked.findtext(f"{{{namespace}}}ProfileToken", ""))
        if stream is None:
            raise FaultError(400, "Sender", "InvalidArgVal", "NoProfile")
        if namespace == TR2:
            if asked.findtext(f"{{{TR2}}}Protocol") not in ("RTSP", "RtspUnicast"):
                raise FaultError(400, "Sender", "InvalidArgVal", "InvalidStreamSetup")
            return f"<w:Uri>{escape(stream.url)}</w:Uri>"
        setup = f"{{{TRT}}}StreamSetup/"
        kind = asked.findtext(f"{setup}{{{TT}}}Stream"), asked.findtext(f"{setup}{{{TT}}}Transport/{{{TT}}}Protocol")
        if kind != ("RTP-Unicast", "RTSP"):
            raise FaultError(400, "Sender", "InvalidArgVal", "InvalidStreamSetup")
        return (
            f'<w:MediaUri xmlns:tt="{TT}"><tt:Uri>{escape(stream.url)}</tt:Uri>'
            "<tt:InvalidAfterConnect>false</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false</tt:InvalidAfterReboot>"
            "<tt:Timeout>PT0S</tt:Timeout></w:MediaUri>"
        )

    # -- WS-Discovery

    def _listen(self) -> None:
        while True:
            message, sender = self._udp.recvfrom(65_535)
            if not message:
                return
            if (asked := _probed(message)) is not None:
                self._udp.sendto(self.match(asked), sender)

    def match(self, related_to: str) -> bytes:
        """Return the answer to a probe."""
        scopes = " ".join(
            f"onvif://www.onvif.org/{kind}/{quote(said)}"
            for kind, said in (("name", "Gate camera"), ("hardware", "VC-1"), ("location", "north"))
        )
        return _envelope(
            f'<d:ProbeMatches xmlns:d="{D}"><d:ProbeMatch>'
            f'<a:EndpointReference xmlns:a="{A}"><a:Address>{self.endpoint}</a:Address></a:EndpointReference>'
            '<d:Types xmlns:dn="http://www.onvif.org/ver10/network/wsdl">dn:NetworkVideoTransmitter</d:Types>'
            f"<d:Scopes>{scopes}</d:Scopes><d:XAddrs>http://[fe80::1]/onvif/device_service {self.url}</d:XAddrs>"
            "<d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches>",
            f'<a:MessageID xmlns:a="{A}">urn:uuid:{secrets.token_hex(16)}</a:MessageID>'
            f'<a:RelatesTo xmlns:a="{A}">{escape(related_to)}</a:RelatesTo>'
            f'<a:Action xmlns:a="{A}">{D}/ProbeMatches</a:Action>',
        )


def _probed(message: bytes) -> str | None:
    """Return the id of a probe that is for cameras; None if it is none."""
    try:
        root = fromstring(message)
    except ParseError:
        return None
    types = root.findtext(f"{{{S}}}Body/{{{D}}}Probe/{{{D}}}Types")
    action, asked = (root.findtext(f"{{{S}}}Header/{{{A}}}{name}") for name in ("Action", "MessageID"))
    spaces = dict(re.findall(rb'xmlns:(\w+)="([^"]+)"', message))
    if action != f"{D}/Probe" or not asked or types is None:
        return None
    for one in types.split():
        prefix, _, name = one.rpartition(":")
        if f"{{{spaces.get(prefix.encode(), b'').decode()}}}{name}" not in TYPES:
            return None
    return asked


def _envelope(body: str, header: str = "") -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{S}"><s:Header>{header}</s:Header>'
        f"<s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def _fault(fault: FaultError) -> bytes:
    inner = ""
    for subcode in reversed(fault.subcodes):
        inner = f'<s:Subcode><s:Value xmlns:ter="{TER}">ter:{subcode}</s:Value>{inner}</s:Subcode>'
    return _envelope(
        f"<s:Fault><s:Code><s:Value>s:{fault.code}</s:Value>{inner}</s:Code>"
        '<s:Reason><s:Text xml:lang="en">no</s:Text></s:Reason></s:Fault>'
    )


def _loopback() -> int:
    return socket.if_nametoindex("lo")
