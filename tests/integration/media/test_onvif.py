"""Cameras that tell the addresses of their streams, against a strict one on loopback."""

import datetime as dt
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from neighbours.onvif import OnvifCamera, Stream
from vedette.media import onvif, onvif_discovery
from vedette.media.lookup import finder
from vedette.media.onvif_discovery import GROUP
from vedette.model.errors import (
    SourceError,
    SourceInvalid,
    SourceRefused,
    SourceUnreachable,
    SourceUnsupported,
)
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness, Lookup, OnvifLookup

LOOPBACK = GuardPolicy.parse("lan", ["127.0.0.0/8"])
STRICT = GuardPolicy.parse("lan", [])
HOSTED = GuardPolicy.parse("hosted", [])
"""Forbids this machine under any of its addresses."""
STREAMS = {
    "Profile_1": Stream("main stream", "rtsp://127.0.0.1:8554/main?a=1&b=2", "H265", 3840, 2160),
    "Profile_2": Stream("sub", "rtsp://127.0.0.1:8554/sub", "H264", 640, 360),
}
LOGIN = f"ada:{quote('s3cret & more', safe='')}"

Camera = Callable[..., OnvifCamera]


@pytest.fixture
def camera() -> Iterator[Camera]:
    """Start cameras; they end with the test."""
    started: list[OnvifCamera] = []

    def start(**given: object) -> OnvifCamera:
        one = OnvifCamera(**{"streams": STREAMS} | given).__enter__()  # type: ignore[arg-type]
        started.append(one)
        return one

    yield start
    for one in started:
        one.__exit__(None, None, None)


def lookup(there: OnvifCamera, profile: str = "", *, user: str = "ada", password: str = "s3cret & more") -> OnvifLookup:
    return OnvifLookup(there.url, user, password, profile)


@pytest.mark.parametrize("newer", [True, False])
@pytest.mark.parametrize("services", [True, False])
@pytest.mark.parametrize("login", ["token", "digest"])
def test_every_kind_of_camera_tells_its_stream(camera: Camera, newer: bool, services: bool, login: str) -> None:
    """Media 2 and the older service, either list of services, and both ways to log in."""
    there = camera(newer=newer, services=services, login=login)
    assert onvif.find(lookup(there), LOOPBACK) == f"rtsp://{LOGIN}@127.0.0.1:8554/main?a=1&b=2"
    assert there.asked[-1] == "GetStreamUri"
    unknown = [] if services else ["ActionNotSupported"]
    assert there.refused == unknown + (["GetProfiles: 401"] if login == "digest" else [])


@pytest.mark.parametrize("profile", ["Profile_2", "sub"])
def test_a_profile_is_chosen_by_token_or_name(camera: Camera, profile: str) -> None:
    """People know names, programs know tokens."""
    assert onvif.find(lookup(camera(), profile), LOOPBACK) == f"rtsp://{LOGIN}@127.0.0.1:8554/sub"


def test_a_profile_that_is_not_there_is_named_with_those_that_are(camera: Camera) -> None:
    """The sentence ends up in the task's `error`."""
    with pytest.raises(SourceRefused, match="no profile 'third'; it has 'Profile_1', 'Profile_2'"):
        onvif.find(lookup(camera(), "third"), LOOPBACK)


@pytest.mark.parametrize("ahead_s", [86_400.0 * 365, -7200.0])
def test_a_clock_that_is_wrong_is_followed(camera: Camera, ahead_s: float) -> None:
    """Cameras forget the time with every power cut, and take only logins of their own present."""
    assert "127.0.0.1:8554/main" in onvif.find(lookup(camera(ahead_s=ahead_s)), LOOPBACK)


@pytest.mark.parametrize("login", ["token", "digest"])
def test_a_wrong_password_is_refused_at_the_first_try(camera: Camera, login: str) -> None:
    """Whoever repeats it has the account locked; no message tells it."""
    there = camera(login=login)
    with pytest.raises(SourceRefused, match="does not take the user or the password") as refusal:
        onvif.find(lookup(there, password="wrong"), LOOPBACK)
    assert refusal.value.login
    assert "wrong" not in refusal.value.message
    assert len([one for one in there.asked if one == "GetProfiles"]) == (1 if login == "token" else 2)


def test_a_camera_that_asks_for_the_password_itself_does_not_get_it(camera: Camera) -> None:
    """Basic over plain HTTP tells the password to whoever listens, and to a camera that is none."""
    there = camera(login="basic")
    with pytest.raises(SourceRefused, match="does not take the user or the password"):
        onvif.find(lookup(there), LOOPBACK)
    assert there.asked.count("GetProfiles") == 1


def test_a_camera_without_users_is_asked_without_a_login(camera: Camera) -> None:
    """Then no clock is compared either."""
    there = camera(broken={"GetProfiles": (200, b"<a/>")}, login="none")
    with pytest.raises(SourceRefused, match="wants to know a user"):
        onvif.find(lookup(there, user="", password=""), LOOPBACK)
    assert "GetSystemDateAndTime" not in there.asked


def test_services_are_asked_on_the_host_that_was_named(camera: Camera) -> None:
    """Behind a router a camera announces an address that is not reachable; and none shall send our login elsewhere."""
    there = camera(announced="http://169.254.169.254:9")
    assert "127.0.0.1:8554/main" in onvif.find(lookup(there), LOOPBACK)


def test_a_stream_on_another_host_gets_no_password(camera: Camera) -> None:
    """The password is the camera's, not that of whatever machine it names."""
    there = camera(streams={"p": Stream("p", "rtsp://192.168.77.1/main")})
    assert onvif.find(lookup(there), LOOPBACK) == "rtsp://192.168.77.1/main"


@pytest.mark.parametrize("url", ["rtsp://169.254.169.254/latest", "file:///etc/passwd", "nonsense", "rtsp://[::", ""])
def test_an_address_that_may_not_be_opened_is_refused(camera: Camera, url: str) -> None:
    """What a device names is judged like what a stranger names."""
    with pytest.raises(SourceRefused):
        onvif.find(lookup(camera(streams={"p": Stream("p", url)})), LOOPBACK)


def test_the_guard_judges_the_device_service(camera: Camera) -> None:
    """Nothing is sent to an address that it forbids."""
    there = camera()
    with pytest.raises(SourceRefused, match="guard"):
        onvif.find(lookup(there), STRICT)
    assert there.asked == []


def test_nobody_who_answers_is_tried_again(unused: int) -> None:
    """A camera that is off comes back: that is transient."""
    with pytest.raises(SourceUnreachable):
        onvif.find(OnvifLookup(f"http://127.0.0.1:{unused}/onvif/device_service"), LOOPBACK)


@pytest.fixture
def unused() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_camera_that_says_nothing_is_left_in_time() -> None:
    """One deadline holds for all its answers together."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/onvif/device_service"
        with pytest.raises(SourceUnreachable):
            onvif.find(OnvifLookup(url), LOOPBACK, whole_s=0.3)


DEEP = b"<a>" * 100_000 + b"</a>" * 100_000
BOMB = b'<!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>'
EMPTY = b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body/></s:Envelope>'


@pytest.mark.parametrize(
    ("status", "content", "kind"),
    [
        (200, b"<html>", SourceInvalid),
        (200, BOMB, SourceInvalid),
        (200, b"<a/>", SourceInvalid),
        (200, DEEP, SourceInvalid),
        (200, EMPTY, SourceInvalid),
        (200, b'<?xml version="1.0" encoding="no-such"?><a/>', SourceInvalid),
        (404, b"not here", SourceRefused),
        (503, b"later", SourceUnreachable),
        (200, b" " * (2 << 20), SourceInvalid),
    ],
)
def test_answers_that_are_none_have_their_error(
    camera: Camera, status: int, content: bytes, kind: type[SourceError]
) -> None:
    """Entities and document types are refused; what is no ONVIF does not become one by waiting."""
    with pytest.raises(kind):
        onvif.find(lookup(camera(broken={"GetServices": (status, content)})), LOOPBACK)


def test_a_device_without_media_is_no_camera(camera: Camera) -> None:
    """Door openers speak ONVIF as well."""
    there = camera(services=False, broken={"GetCapabilities": (200, CAPABLE)})
    with pytest.raises(SourceUnsupported, match="no media service"):
        onvif.find(lookup(there), LOOPBACK)


CAPABLE = (
    b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><w:GetCapabilitiesResponse '
    b'xmlns:w="http://www.onvif.org/ver10/device/wsdl"><w:Capabilities/></w:GetCapabilitiesResponse></s:Body></s:Envelope>'
)


def test_all_profiles_are_offered_with_their_addresses(camera: Camera) -> None:
    """For whoever is to choose one; the addresses hold no password."""
    found = onvif.offered(lookup(camera()), LOOPBACK)
    assert [(one.token, one.name, one.encoding, one.width, one.height, url) for one, url in found] == [
        ("Profile_1", "main stream", "H265", 3840, 2160, "rtsp://127.0.0.1:8554/main?a=1&b=2"),
        ("Profile_2", "sub", "H264", 640, 360, "rtsp://127.0.0.1:8554/sub"),
    ]


def test_a_feed_finds_the_address_by_the_registry_of_lookups(camera: Camera) -> None:
    """What the worker calls before each connection."""
    find = finder(LOOPBACK, lambda _: pytest.fail("nobody asked for a VCN camera"))
    wanted = Address("", Liveness.LIVE, lookup=Lookup(onvif=lookup(camera(), "sub")))
    found = find(wanted)
    assert (found.url, found.liveness, found.lookup) == (f"rtsp://{LOGIN}@127.0.0.1:8554/sub", Liveness.LIVE, None)


@pytest.fixture
def https(tmp_path: Path) -> ssl.SSLContext:
    """What makes a camera speak https with a certificate of its own making, as they do."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "camera")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
    made = made.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    both = made.sign(key, hashes.SHA256()).public_bytes(pem)
    both += key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    (tmp_path / "both.pem").write_bytes(both)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")
    return context


def test_the_certificate_of_a_camera_holds_or_is_not_looked_at(camera: Camera, https: ssl.SSLContext) -> None:
    """Verified, unless the device says `certificate-check` = `false`."""
    there = camera(tls=https)
    with pytest.raises(SourceRefused, match="certificate"):
        onvif.find(lookup(there), LOOPBACK)
    assert there.asked == []
    assert "127.0.0.1:8554/main" in onvif.find(replace(lookup(there), tls_verify=False), LOOPBACK)


# -- discovery


def test_one_address_is_asked_alone(camera: Camera) -> None:
    """For cameras behind a router, where no multicast goes."""
    there = camera()
    found = onvif_discovery.search(LOOPBACK, within_s=0.6, address=("127.0.0.1", there.probe_port))
    assert [one.endpoint for one in found.found] == [there.endpoint]
    (one,) = found.found
    assert (one.address, one.name, one.hardware, one.location) == ("127.0.0.1", "Gate camera", "VC-1", "north")
    assert one.service == there.url
    assert found.refused == 0


def test_cameras_of_the_network_answer_the_group(camera: Camera) -> None:
    """Every interface is asked, and two probes twice make one entry."""
    there = camera()
    found = onvif_discovery.search(LOOPBACK, within_s=0.8, group=(GROUP, there.probe_port), interfaces=["lo"])
    assert [one.endpoint for one in found.found] == [there.endpoint]


def test_who_answers_is_judged_by_the_guard_and_counted(camera: Camera) -> None:
    """Else a search would tell what lies on a network that nobody may look at."""
    there = camera()
    found = onvif_discovery.search(HOSTED, within_s=0.6, group=(GROUP, there.probe_port), interfaces=["lo"])
    assert (found.found, found.refused) == ((), 1)


def test_an_address_that_the_guard_forbids_is_not_asked(camera: Camera) -> None:
    """As everywhere."""
    with pytest.raises(SourceRefused, match="guard"):
        onvif_discovery.search(STRICT, within_s=0.3, address=("127.0.0.1", camera().probe_port))


def test_what_answers_no_probe_of_ours_is_passed_over(camera: Camera) -> None:
    """Anybody may send datagrams: nothing, garbage, bombs, answers to others."""
    other = camera().match("urn:uuid:somebody-elses-probe")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as strange:
        strange.bind(("127.0.0.1", 0))

        def answer() -> None:
            _, sender = strange.recvfrom(65_535)
            for message in (b"", b"garbage", BOMB, EMPTY, other):
                strange.sendto(message, sender)

        thread = threading.Thread(target=answer)
        thread.start()
        found = onvif_discovery.search(LOOPBACK, within_s=0.6, address=("127.0.0.1", strange.getsockname()[1]))
        thread.join(5)
    assert found.found == ()


def test_a_search_ends_in_its_time_where_nobody_is() -> None:
    """A port where nobody listens answers with ICMP at once, again and again."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    assert onvif_discovery.search(LOOPBACK, within_s=0.4, address=("127.0.0.1", port)).found == ()


def test_a_search_can_be_ended_before_its_time() -> None:
    """The service does not wait for it when it is told to stop."""
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    began = time.monotonic()
    onvif_discovery.search(LOOPBACK, within_s=10, group=(GROUP, 9), interfaces=["lo"], stop=stop)
    assert time.monotonic() - began < 5
