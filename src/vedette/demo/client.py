"""What the demonstration asks of the service: nothing that any other client could not ask."""

import html
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import urllib3

from vedette.demo.service import Credentials
from vedette.model.errors import Unavailable, VedetteError

SERVICE = "c-intrusiondetection-cloud"
VERSION = "3.0"

Clock = Callable[[], float]


class Client:
    """A user of the REST API.

    Args:
        base: URL of the service.
        credentials: whose project it works in.
    """

    def __init__(self, base: str, credentials: Credentials) -> None:
        self._base = base
        self._credentials = credentials
        self._project = credentials.project_id
        self._token = ""
        self._pool = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(connect=5, read=30))

    def is_ready(self) -> bool:
        """Return whether the service says that it is ready."""
        try:
            return self._pool.request("GET", f"{self._base}/readyz").status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def log_in(self) -> None:
        """Obtain a token: password method, scope by project id."""
        who = {"name": self._credentials.user, "password": self._credentials.password}
        identity = {
            "methods": ["password"],
            "password": {"user": who | {"domain": {"name": self._credentials.project_name}}},
        }
        scope = {"project": {"id": self._project}}
        answer = self._send("POST", "/v3/auth/tokens", {"auth": {"identity": identity, "scope": scope}})
        self._token = answer.headers["X-Subject-Token"]

    def register(self, name: str, url: str) -> str:
        """Register a video source and return its id."""
        address = html.escape(url, quote=False)
        body = {
            "video_source_name": name,
            "access_type": "cloud",
            "type": "url",
            "type_config": f"<type>URL</type><config><URL_ADDRESS>{address}</URL_ADDRESS></config>",
        }
        return str(self._json("POST", f"/v2/{self._project}/source", body)["video_source_id"])

    def create(self, name: str, source_id: str, common: dict[str, Any], url: str, headers: dict[str, str]) -> str:
        """Create the task and return its id."""
        body = {
            "name": name,
            "input": {"type": "video_source", "data": [{"video_source_id": source_id}]},
            "output": {"webhook": {"url": url, "headers": headers}, "event_center": True},
            "config": {"common": common},
            "service_version": VERSION,
        }
        answer = self._json("POST", f"/v2/{self._project}/services/{SERVICE}/tasks", body)
        return str(answer["tasks"][0]["id"])

    def stop(self, task_id: str) -> None:
        """Stop the task."""
        self._json("PUT", f"/v2/{self._project}/tasks/{quote(task_id)}/action/stop")

    def task(self, task_id: str) -> dict[str, Any]:
        """Return the details of the task."""
        return self._json("GET", f"/v2/{self._project}/tasks/{quote(task_id)}")

    def progress(self, task_id: str) -> dict[str, Any]:
        """Return how far the task is."""
        return self._json("GET", f"/vedette/v1/{self._project}/tasks/{quote(task_id)}/progress")

    def events(self, task_id: str) -> list[dict[str, Any]]:
        """Return all events that the event center has of the task."""
        found: list[dict[str, Any]] = []
        query = {"task_id": task_id, "limit": "500"}
        while True:
            page = self._json("GET", f"/vedette/v1/{self._project}/events?{urlencode(query)}")
            found += page["events"]
            if "next" not in page:
                return found
            query["cursor"] = page["next"]

    def _json(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        data = self._send(method, path, body).data
        document: dict[str, Any] = json.loads(data) if data else {}
        return document

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> urllib3.BaseHTTPResponse:
        headers = {"X-Auth-Token": self._token} if self._token else {}
        try:
            answer = self._pool.request(method, self._base + path, json=body, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            raise Unavailable(f"The service does not answer {method} {path}: {type(error).__name__}.") from error
        if answer.status >= 300:
            raise VedetteError(f"{method} {path} was answered {answer.status}: {_reason(answer.data)}")
        return answer


def _reason(data: bytes) -> str:
    try:
        document = json.loads(data)
        return f"{document['error_code']} {document['error_msg']}"
    except (ValueError, KeyError, TypeError):
        return data[:200].decode("utf-8", "replace")


def wait_until(
    condition: Callable[[], bool], seconds: float, *, every: float = 0.25, clock: Clock = time.monotonic
) -> bool:
    """Ask again and again until the condition holds or the time is up; return whether it holds."""
    end = clock() + seconds
    while not condition():
        if clock() >= end:
            return False
        time.sleep(every)
    return True
