"""A real service in a process of its own, and what its users have: a client and a receiver."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import urllib3

PROJECT = "0123456789abcdef0123456789abcdef"
TOKEN = "a-token-that-never-ends"


def until(condition: Callable[[], Any], seconds: float, what: str = "") -> Any:
    """Return what the condition gives as soon as it gives something; fail after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        if value := condition():
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what or 'it'} did not come within {seconds:g} s")
        threading.Event().wait(0.03)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def gist(events: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Return what an undisturbed run of another task must give too."""
    rows = []
    for event in events:
        (entry,) = event["message"]["data"]["event_set"]
        rows.append((event["media_time"], entry["start_position"], tuple(entry["bounding_box"].values())))
    return sorted(rows)


class Service:
    """`vedette serve` on a free port, with a data folder that outlives it.

    Attributes:
        environment: variables besides its settings; they hold from the next start.
    """

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.environment: dict[str, str] = {}
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._http = urllib3.PoolManager(retries=False, timeout=10, maxsize=8)

    def start(self) -> "Service":
        environment = {name: value for name, value in os.environ.items() if not name.startswith("VEDETTE_")}
        environment |= {
            "VEDETTE_PORT": str(self.port),
            "VEDETTE_DATA_DIR": str(self.folder),
            "VEDETTE_GUARD_ALLOW": "127.0.0.0/8",
            "VEDETTE_LOG_FORMAT": "json",
            "VEDETTE_BOOTSTRAP_PROJECT_ID": PROJECT,
            "VEDETTE_BOOTSTRAP_TOKEN": TOKEN,
            "VEDETTE_BOOTSTRAP_USER": "tester",
            "VEDETTE_BOOTSTRAP_PASSWORD": "a good password",
        }
        environment |= {f"VEDETTE_{name.upper()}": value for name, value in self._settings.items()}
        environment |= self.environment
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            command = [sys.executable, "-m", "vedette", "serve"]
            self._process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=self.folder)
        try:
            until(self.ready, 60, "the service")
        except BaseException:
            self.kill()
            raise
        return self

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log()[-3000:]
        try:
            return self._http.request("GET", self.url + "/readyz").status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def kill(self) -> None:
        """End it as the power would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """End it as its operator would; return the exit code."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self._process.wait(20)

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Return the JSON answer of a call in the project; fail on anything but 200."""
        status, answer = self.ask(method, path, body)
        assert status == 200, (status, answer)
        return answer

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Return status and JSON answer."""
        path = path.replace("{p}", PROJECT)
        answer = self._http.request(method, self.url + path, json=body, headers={"X-Auth-Token": TOKEN})
        return answer.status, json.loads(answer.data) if answer.data else None

    # -- tasks

    def create(self, name: str, url: str, output: dict[str, Any] | None = None, **common: Any) -> str:
        """Create an intrusion task on a URL; return its id."""
        return self.create_of("c-intrusiondetection-cloud", "3.0", name, url, output=output, config={"common": common})

    def create_of(self, service: str, version: str, name: str, url: str, **fields: Any) -> str:
        """Create a task of a service on a URL; return its id."""
        body = {
            "name": name,
            "input": {"type": "url", "data": [{"url": url}]},
            "service_version": version,
            **fields,
            "output": fields.get("output") or {"event_center": True},
        }
        answer = self.call("POST", f"/v2/{{p}}/services/{service}/tasks", body)
        return str(answer["tasks"][0]["id"])

    def task(self, task_id: str) -> dict[str, Any]:
        return dict(self.call("GET", f"/v2/{{p}}/tasks/{task_id}"))

    def state(self, task_id: str) -> str:
        return str(self.task(task_id)["state"])

    def progress(self, task_id: str) -> dict[str, Any]:
        return dict(self.call("GET", f"/vedette/v1/{{p}}/tasks/{task_id}/progress"))

    def path(self, task_id: str) -> list[str]:
        """Return the states a task has passed."""
        return [move["to"] for move in self.history(task_id)]

    def history(self, task_id: str) -> list[dict[str, Any]]:
        """Return the moves of a task, oldest first."""
        return list(self.call("GET", f"/vedette/v1/{{p}}/tasks/{task_id}/history")["moves"])

    def tell(self, task_id: str, verb: str) -> int:
        """Start, stop or delete a task; return the status of the answer."""
        if verb == "delete":
            return self.ask("DELETE", f"/v2/{{p}}/tasks/{task_id}")[0]
        return self.ask("PUT", f"/v2/{{p}}/tasks/{task_id}/action/{verb}")[0]

    def wait_for(self, task_id: str, *states: str, seconds: float = 20) -> str:
        """Return the state of a task as soon as it is one of these."""

        def look() -> str | None:
            state = self.state(task_id)
            return state if state in states else None

        try:
            return str(until(look, seconds, f"{states}"))
        except AssertionError:
            raise AssertionError(f"{states} did not come: {self.task(task_id)} {self.path(task_id)}") from None

    def events(self, task_id: str) -> list[dict[str, Any]]:
        return list(self.call("GET", f"/vedette/v1/{{p}}/events?task_id={task_id}&limit=1000")["events"])

    def workers(self) -> list[int]:
        """Return the pids of its worker processes."""
        return [int(json.loads(line)["pid"]) for line in self.log().splitlines() if '"worker started"' in line]

    def living_workers(self) -> list[int]:
        return [pid for pid in self.workers() if Path(f"/proc/{pid}").exists()]

    @contextmanager
    def hung(self) -> Iterator[list[int]]:
        """Have its workers hang as a whole meanwhile; gives their pids."""
        pids = self.living_workers()
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield pids
        finally:
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)


class Receiver:
    """A webhook receiver: keeps what it answered 200 to; answers may be scripted."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.calls = 0
        self.answer: Callable[[int], int] = lambda _: 200
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver._lock:
                    receiver.calls += 1
                    status = receiver.answer(receiver.calls)
                    if status == 200:
                        receiver.bodies.append(json.loads(body))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/alarm"

    def ids(self) -> set[str]:
        with self._lock:
            return {body["message_id"] for body in self.bodies}

    def output(self) -> dict[str, Any]:
        return {"webhook": {"url": self.url, "headers": {"a": "a"}}, "event_center": True}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Service]:
    service = Service(folder, **settings).start()
    try:
        yield service
    finally:
        service.stop()
        left = service.living_workers()
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        assert not left, "the service left workers behind"
