"""Cameras whose address somebody else tells, anew for every connection: the user's server, and a video cloud node."""

import json
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from absence import missing
from e2e.clips import crossings
from e2e.service import Service, running, until
from neighbours.gate import Gate
from neighbours.rtsp import RtspServer, absent
from neighbours.vcn import CAMERA, EXPIRED_PASSWORD, OTHER_CAMERA, WRONG_PASSWORD, VcnServer

CLOUD, EDGE = "c-intrusiondetection-cloud", "c-intrusiondetection-edge"
KEY = "a-key-of-the-user"


@dataclass
class AddressServer:
    """The user's own server: tells an address that is good for one connection to who knows the key.

    Attributes:
        status: what it answers instead, if it is not 200.
    """

    gate: Gate
    status: int = 200
    asked: int = 0
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        it = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                it.asked += 1
                sent = self.headers.get("X-Key"), self.headers.get("Content-Type"), self.path
                if sent not in ((KEY, "application/json", "/gate"), (None, "application/json", "/open")):
                    it.wrong.append(str(sent))
                self.send_response(it.status)
                self.end_headers()
                self.wfile.write(json.dumps({"data": {"urls": [{"rtsp": it.gate.url()}]}}).encode())

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def camera(clips: Path) -> Iterator[RtspServer]:
    """Two cameras behind one RTSP server."""
    if reason := absent():
        missing(reason)
    path = clips / "camera.mp4"
    if not path.exists():
        crossings(path, 24)
    with RtspServer(path, fps=10, cameras=2) as server:
        yield server


@pytest.fixture
def gate(camera: RtspServer) -> Iterator[Gate]:
    it = Gate(camera.port)
    yield it
    it.close()


@pytest.fixture
def told(gate: Gate) -> Iterator[AddressServer]:
    it = AddressServer(gate)
    yield it
    it.close()


@pytest.fixture
def node(gate: Gate) -> Iterator[VcnServer]:
    paths = {CAMERA: "/live", OTHER_CAMERA: "/live1"}

    def url_of(code: str, _: int) -> str | None:
        return gate.url(paths[code]) if code in paths else None

    with VcnServer(url_of, users={"operator": "pa55-word"}) as it:
        yield it
        assert not it.violations


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Two workers, so that what they share they share between processes."""
    with running(tmp_path_factory.mktemp("asked"), workers="2", vcn_keep_alive_s="5") as it:
        yield it
        log = it.log()
        for secret in ("pa55-word", "another-pa55", KEY, "token="):
            assert secret not in log


def body(name: str, given: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "input": given,
        "output": {"event_center": True},
        "config": {"common": {}},
    }


def create(service: Service, name: str, given: dict[str, Any], of: str) -> str:
    answer = service.call("POST", f"/v2/{{p}}/services/{of}/tasks", body(name, given) | {"service_version": "3.0"})
    return str(answer["tasks"][0]["id"])


def source(service: Service, kind: str, access: str, xml: str) -> dict[str, Any]:
    """Register a video source; return the input that names it."""
    sent = {"video_source_name": secrets.token_hex(4), "access_type": access, "type": kind, "type_config": xml}
    made = service.call("POST", "/v2/{p}/source", sent)
    return {"type": "video_source", "data": [{"video_source_id": made["video_source_id"]}]}


def restful(told: AddressServer) -> dict[str, Any]:
    datum = {"url": f"{told.url}/gate", "headers": {"X-Key": KEY}, "rtsp_path_in_response": "data/urls/0/rtsp"}
    return {"type": "restful", "data": [datum]}


def vcn(node: VcnServer, camera: str = CAMERA, *, password: str = "pa55-word", kind: int = 1) -> dict[str, Any]:
    account = {"ip": "127.0.0.1", "port": node.port, "username": "operator", "password": password}
    return {"type": "vcn", "data": [{"device_id": camera, "stream_type": kind}], "vcn": account}


def delete(service: Service, *tasks: str) -> None:
    """Delete tasks, and see them gone."""
    for task in tasks:
        service.ask("DELETE", f"/v2/{{p}}/tasks/{task}")
    for task in tasks:
        until(lambda task=task: "state" not in service.ask("GET", f"/v2/{{p}}/tasks/{task}")[1], 10, "the end")


def back(service: Service, camera: RtspServer, *tasks: str) -> None:
    """Take the cameras away, and let them come back."""
    camera.kill()
    for task in tasks:
        service.wait_for(task, "ABNORMAL", seconds=20)
    camera.start()
    for task in tasks:
        service.wait_for(task, "RUNNING", seconds=20)


def holders(service: Service, port: int) -> set[int]:
    """Return the workers that are connected to a port of loopback."""
    peer = f":{port:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    sockets = {f"socket:[{row[9]}]" for row in rows if row[2].endswith(peer) and row[3] == "01"}
    return {pid for pid in service.living_workers() if sockets & set(_open(pid))}


def _open(pid: int) -> Iterator[str]:
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            yield str(entry.readlink())


def test_a_users_server_is_asked_at_every_connection(
    service: Service, told: AddressServer, gate: Gate, camera: RtspServer
) -> None:
    """The address of the first connection is good for nothing any more when the camera comes back."""
    task = create(service, "restful", restful(told), CLOUD)
    service.wait_for(task, "RUNNING")
    assert (told.asked, gate.passed) == (1, 1)
    back(service, camera, task)
    assert told.asked > 1
    assert gate.passed > 1
    assert gate.turned_away == 0
    assert not told.wrong
    delete(service, task)


def test_a_users_server_that_is_away_or_says_no_loses_no_camera_that_was_seen(
    service: Service, told: AddressServer, camera: RtspServer
) -> None:
    """Whatever it answers: it may be restarted, or somebody may be changing its keys."""
    task = create(service, "shaky", restful(told), CLOUD)
    service.wait_for(task, "RUNNING")
    told.status = 403
    camera.kill()
    camera.start()
    until(lambda: "403" in str(service.task(task).get("error")), 20, "the reason")
    assert service.state(task) == "ABNORMAL"
    told.status = 200
    service.wait_for(task, "RUNNING", seconds=20)
    delete(service, task)


@pytest.mark.parametrize(("status", "state"), [(404, "START_FAILED"), (503, "ABNORMAL")])
def test_a_users_server_that_never_told_an_address(
    service: Service, told: AddressServer, status: int, state: str
) -> None:
    told.status = status
    task = create(service, f"never-{status}", restful(told), CLOUD)
    service.wait_for(task, state)
    error = service.task(task)["error"]["message"]
    assert str(status) in error
    assert "/gate" not in error
    delete(service, task)


@pytest.mark.parametrize(
    "xml",
    [
        "<type>RESTFUL</type><config><HTTP_CHECK>0</HTTP_CHECK><URL>{}/open</URL><RTSP_URL>data/urls/0/rtsp</RTSP_URL></config>",
        "<type_config><http_check>0</http_check><url>{}/open</url><rtsp_url>data/urls/0/rtsp</rtsp_url></type_config>",
    ],
    ids=["upper", "lower"],
)
def test_a_restful_source_in_either_dialect(service: Service, told: AddressServer, xml: str) -> None:
    given = source(service, "restful", "cloud", xml.format(told.url))
    task = create(service, "restful-source", given, CLOUD)
    service.wait_for(task, "RUNNING")
    assert not told.wrong
    delete(service, task)


@pytest.mark.parametrize(
    "xml",
    [
        (
            "<type>VCN</type><config><DATA_SOURCE_ID>{c}</DATA_SOURCE_ID><STREAM_TYPE>2</STREAM_TYPE><IP>127.0.0.1</IP>"
            "<PORT>{p}</PORT><USER_NAME>operator</USER_NAME><PASSWORD>pa55-word</PASSWORD></config>"
        ),
        (
            "<type_config><data_source_id>{c}</data_source_id><stream_type>2</stream_type><ip>127.0.0.1</ip>"
            "<port>{p}</port><user_name>operator</user_name><password>pa55-word</password></type_config>"
        ),
    ],
    ids=["upper", "lower"],
)
def test_a_vcn_source_in_either_dialect(service: Service, node: VcnServer, xml: str) -> None:
    given = source(service, "vcn", "edge", xml.format(c=CAMERA, p=node.port))
    task = create(service, "vcn-source", given, EDGE)
    service.wait_for(task, "RUNNING")
    assert set(node.types) == {2}
    delete(service, task)


def test_one_login_for_all_streams_of_an_account_over_all_workers(
    service: Service, node: VcnServer, camera: RtspServer, gate: Gate
) -> None:
    """Another login would end the first one's session. The last task that goes logs out."""
    tasks = [
        create(service, "first", vcn(node), EDGE),
        create(service, "second", vcn(node, OTHER_CAMERA, kind=3), EDGE),
    ]
    for task in tasks:
        service.wait_for(task, "RUNNING")
    assert (node.counts["login"], node.counts["url"]) == (1, 2)
    assert len(holders(service, gate.port)) == 2, "each worker has one of them"
    assert sorted(node.types) == [1, 3]
    until(lambda: node.counts["keep_alive"], 15, "a keep-alive")
    back(service, camera, *tasks)
    assert node.counts["login"] == 1
    assert node.counts["url"] >= 4
    delete(service, tasks[0])
    before = service.progress(tasks[1])["frames"]
    until(lambda: service.progress(tasks[1])["frames"] > before + 20, 20, "further pictures")
    assert node.counts["logout"] == 0
    delete(service, tasks[1])
    until(lambda: node.counts["logout"] == 1, 30, "the logout")
    assert node.sessions == 0


def test_a_node_that_was_started_again_knows_no_session_and_nobody_notices(
    service: Service, node: VcnServer, camera: RtspServer
) -> None:
    task = create(service, "restarted", vcn(node), EDGE)
    service.wait_for(task, "RUNNING")
    node.stop()
    node.start()
    back(service, camera, task)
    assert node.counts["login"] == 2
    delete(service, task)


def test_a_session_that_has_expired_is_begun_anew_before_anybody_needs_it(service: Service, node: VcnServer) -> None:
    """The keep-alive finds out; the camera goes on meanwhile."""
    task = create(service, "expires", vcn(node), EDGE)
    service.wait_for(task, "RUNNING")
    node.now += node.life_s
    until(lambda: node.counts["login"] == 2, 20, "the next login")
    assert service.path(task) == ["PENDING", "STARTING", "RUNNING"]
    delete(service, task)


def test_an_account_with_a_warning_works_and_the_task_says_so(service: Service, node: VcnServer) -> None:
    node.login_code = EXPIRED_PASSWORD
    task = create(service, "expired", vcn(node), EDGE)
    service.wait_for(task, "RUNNING")
    until(lambda: "password has expired" in service.task(task).get("status", ""), 10, "the warning")
    assert "error" not in service.task(task)
    delete(service, task)


def test_a_wrong_password_is_told_tried_seldom_and_can_be_set_right(service: Service, node: VcnServer) -> None:
    """Eight streams with a wrong password are one wrong login; the right one needs no new task."""
    wrong = [
        create(service, f"wrong-{number}", vcn(node, CAMERA if number % 2 else OTHER_CAMERA, password="another-pa55"), EDGE)
        for number in range(8)
    ]  # fmt: skip
    for task in wrong:
        service.wait_for(task, "START_FAILED")
    message = service.task(wrong[0])["error"]["message"]
    assert str(WRONG_PASSWORD) in message
    assert "another-pa55" not in message
    assert node.counts["refused"] <= 2
    service.call("PUT", f"/v2/{{p}}/tasks/{wrong[0]}", body("wrong-0", vcn(node)))
    service.ask("PUT", f"/v2/{{p}}/tasks/{wrong[0]}/action/start")
    service.wait_for(wrong[0], "RUNNING")
    delete(service, *wrong)


def test_a_password_is_changed_while_the_task_runs(service: Service, node: VcnServer) -> None:
    task = create(service, "changed", vcn(node), EDGE)
    service.wait_for(task, "RUNNING")
    node.users["operator"] = "another-pa55"
    service.call("PUT", f"/v2/{{p}}/tasks/{task}", body("changed", vcn(node, password="another-pa55")))
    until(lambda: node.counts["login"] == 2, 20, "the login with the new password")
    service.wait_for(task, "RUNNING")
    before = service.progress(task)["frames"]
    until(lambda: service.progress(task)["frames"] > before, 20, "further pictures")
    assert service.call("GET", f"/v2/{{p}}/tasks/{task}")["input"]["vcn"]["password"] == "******"
    delete(service, task)


def test_the_end_of_the_service_logs_out(node: VcnServer, tmp_path: Path) -> None:
    """A node bears few sessions, and those nobody ends last for long."""
    with running(tmp_path / "ending", workers="1") as service:
        task = create(service, "ending", vcn(node), EDGE)
        service.wait_for(task, "RUNNING")
        assert node.sessions == 1
        assert service.stop() == 0
    assert node.counts["logout"] == 1
    assert node.sessions == 0


def test_a_users_server_that_says_nothing_holds_no_verb_up(service: Service) -> None:
    """It is waited for half a minute; a stop is not."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        given = {"url": f"http://127.0.0.1:{mute.getsockname()[1]}/", "rtsp_path_in_response": "data/url"}
        task = create(service, "mute", {"type": "restful", "data": [given]}, CLOUD)
        service.wait_for(task, "STARTING")
        service.ask("PUT", f"/v2/{{p}}/tasks/{task}/action/stop")
        service.wait_for(task, "STOPPED", seconds=5)
        delete(service, task)
