"""The client of a video cloud node, against one that goes by the letter."""

import json
import time
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3

from neighbours.vcn import (
    CAMERA,
    EXPIRED_PASSWORD,
    FIRST_LOGIN,
    NO_CAMERA,
    NO_SESSION,
    OTHER_CAMERA,
    WRONG_PASSWORD,
    VcnServer,
)
from vedette.media.vcn import LOGIN, RTSP_URL, VcnNode
from vedette.model import source
from vedette.model.errors import SourceRefused, SourceUnreachable
from vedette.model.guard import GuardPolicy

LOOPBACK = GuardPolicy.parse("lan", ["127.0.0.0/8"])


@pytest.fixture
def server() -> Iterator[VcnServer]:
    given = iter(range(1000))
    with VcnServer(
        lambda camera, kind: f"rtsp://10.0.0.9/{kind}?token={next(given)}" if camera == CAMERA else None
    ) as it:
        yield it


def node(server: VcnServer, password: str = "pa55-word", *, within_s: float = 5.0) -> VcnNode:
    return VcnNode(source.VcnServer("127.0.0.1", server.port, "operator", password), LOOPBACK, within_s=within_s)


def test_every_call_is_as_documented(server: VcnServer) -> None:
    """The server writes down whatever is not."""
    client = node(server)
    session = client.login()
    urls = [client.rtsp_url(session, CAMERA, kind) for kind in (1, 2, 3)]
    assert urls == [f"rtsp://10.0.0.9/{kind}?token={kind - 1}" for kind in (1, 2, 3)]
    assert client.keep_alive(session)
    client.logout(session)
    assert not client.keep_alive(session)
    assert not server.violations
    assert server.counts == {"login": 1, "url": 3, "keep_alive": 1, "logout": 1, "gone": 1}
    assert server.types == [1, 2, 3]


@pytest.mark.parametrize("code", [EXPIRED_PASSWORD, FIRST_LOGIN])
def test_two_codes_are_a_login_with_a_warning(server: VcnServer, code: int) -> None:
    """The node gives a session with them, and whoever looks after the account should know."""
    server.login_code = code
    session = node(server).login()
    assert session.warning
    assert node(server).rtsp_url(session, CAMERA, 1)


def test_any_other_code_is_no_login(server: VcnServer) -> None:
    with pytest.raises(SourceRefused, match=str(WRONG_PASSWORD)) as caught:
        node(server, "not-it").login()
    assert "not-it" not in caught.value.message
    server.login_code = 7
    with pytest.raises(SourceRefused, match="code 7"):
        node(server).login()


def test_a_camera_without_an_address_is_asked_for_again(server: VcnServer) -> None:
    """The code may mean that it is switched off; nobody has published which does."""
    client = node(server)
    with pytest.raises(SourceUnreachable, match=str(NO_CAMERA)):
        client.rtsp_url(client.login(), OTHER_CAMERA, 1)


@pytest.mark.parametrize("status", [200, 401])
def test_a_session_that_has_ended_is_told(server: VcnServer, status: int) -> None:
    server.gone_status = status
    client = node(server)
    session = client.login()
    server.now += server.life_s
    assert not client.keep_alive(session)
    with pytest.raises((SourceRefused, SourceUnreachable), match=str(NO_SESSION) if status == 200 else "401"):
        client.rtsp_url(session, CAMERA, 1)


@pytest.mark.parametrize(
    "answer",
    [
        (200, b"<html>"),
        (200, b"[]"),
        (200, b"{}"),
        (200, b'{"resultCode":"zero"}'),
        (200, b'{"resultCode":true}'),
        (200, b'{"resultCode":0}'),
        (302, b""),
        (404, b""),
        (200, b"[" * 100_000),
    ],
)
def test_an_answer_that_is_not_a_nodes_is_refused(server: VcnServer, answer: tuple[int, bytes]) -> None:
    """Another device may stand at the address; it is not asked again and again."""
    server.script[LOGIN] = answer
    with pytest.raises(SourceRefused):
        node(server).login()
    del server.script[LOGIN]
    session = node(server).login()
    server.script[RTSP_URL] = answer
    with pytest.raises(SourceRefused):
        node(server).rtsp_url(session, CAMERA, 1)


def test_a_server_error_is_worth_another_try(server: VcnServer) -> None:
    server.script[LOGIN] = (503, b"")
    with pytest.raises(SourceUnreachable, match="503"):
        node(server).login()


def test_a_node_that_says_nothing_is_left_in_time(server: VcnServer) -> None:
    server.script[LOGIN] = None
    began = time.monotonic()
    with pytest.raises(SourceUnreachable, match="timed out"):
        node(server, within_s=0.4).login()
    assert time.monotonic() - began < 3


URL_BODY = {
    "cameraCode": CAMERA,
    "mediaURLParam": {
        "broadCastType": 0,
        "packProtocolType": 1,
        "protocolType": 2,
        "serviceType": 1,
        "streamType": 1,
        "transMode": 0,
        "clientType": 1,
    },
}
MEDIA = URL_BODY["mediaURLParam"]
BESIDE: list[tuple[str, str, dict[str, str | None], Any]] = [
    ("GET", "/video/rtspurl/v1.0", {}, None),
    ("POST", "/common/keepAlive", {}, {}),
    ("POST", "/users/logout", {}, {}),
    ("GET", "/users/logout?now", {}, None),
    ("GET", "/common/keepalive", {}, None),
    ("GET", "/common/keepAlive", {"Content-Type": None}, None),
    ("GET", "/common/keepAlive", {"Cache-Control": "max-age=0"}, None),
    ("GET", "/common/keepAlive", {"Cookie": None}, None),
    ("GET", "/common/keepAlive", {"Cookie": "SESSION=1"}, None),
    ("GET", "/common/keepAlive", {"Cookie": "JSESSIONID=1; other=2"}, None),
    ("GET", "/common/keepAlive", {"Host": "other.test"}, None),
    ("GET", "/common/keepAlive", {}, {}),
    ("POST", "/video/rtspurl/v1.0", {}, {"cameraCode": CAMERA}),
    ("POST", "/video/rtspurl/v1.0", {}, URL_BODY | {"more": 1}),
    ("POST", "/video/rtspurl/v1.0", {}, URL_BODY | {"mediaURLParam": {**MEDIA, "streamType": 4}}),
    ("POST", "/video/rtspurl/v1.0", {}, URL_BODY | {"mediaURLParam": {**MEDIA, "protocolType": 1}}),
    ("POST", "/video/rtspurl/v1.0", {}, URL_BODY | {"mediaURLParam": {**MEDIA, "clientType": "1"}}),
    ("POST", "/video/rtspurl/v1.0", {}, URL_BODY | {"mediaURLParam": {**MEDIA, "timeSpan": {}}}),
    ("POST", "/loginInfo/login/v1.0", {}, {"userName": "operator", "password": "pa55-word"}),
    ("POST", "/loginInfo/login/v1.0", {"Cookie": None}, {"userName": "operator"}),
    ("POST", "/loginInfo/login/v1.0", {"Cookie": None}, {"userName": "operator", "password": "pa55-word", "a": 1}),
]


@pytest.mark.parametrize(("method", "path", "headers", "body"), BESIDE)
def test_the_server_of_these_tests_takes_nothing_beside_the_contract(
    server: VcnServer, method: str, path: str, headers: dict[str, str | None], body: Any
) -> None:
    """What it lets pass would prove nothing."""
    session = node(server).login()
    usual = {"Content-Type": "application/json", "Cache-Control": "no-cache", "Cookie": session.cookie}
    sent = {name: value for name, value in (usual | headers).items() if value is not None}
    pool = urllib3.HTTPSConnectionPool("127.0.0.1", server.port, cert_reqs="CERT_NONE", assert_hostname=False)
    with warnings.catch_warnings(), pool:
        warnings.simplefilter("ignore", urllib3.exceptions.InsecureRequestWarning)
        content = None if body is None else json.dumps(body).encode()
        answer = pool.request(method, path, headers=sent, body=content, retries=False)
    assert answer.status == 400
    assert len(server.violations) == 1


def test_the_guard_judges_the_node(server: VcnServer) -> None:
    account = source.VcnServer("127.0.0.1", server.port, "operator", "pa55-word")
    with pytest.raises(SourceRefused, match="may not reach"):
        VcnNode(account, GuardPolicy()).login()
    assert not server.counts


def test_port_0_is_no_port(server: VcnServer) -> None:
    with pytest.raises(SourceRefused, match="port"):
        VcnNode(source.VcnServer("127.0.0.1", 0, "operator", "x"), LOOPBACK).login()


def test_nothing_secret_stands_in_a_repr(server: VcnServer) -> None:
    """Reprs end up in logs."""
    session = node(server).login()
    account = source.VcnServer("127.0.0.1", 1, "operator", "pa55-word")
    shown = f"{session!r} {account!r} {source.VcnLookup(account, CAMERA, 1)!r}"
    assert "pa55-word" not in shown
    assert "JSESSIONID" not in shown
