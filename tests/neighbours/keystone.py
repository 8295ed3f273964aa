"""OpenStack's Keystone on loopback: Debian's, under the system's Python, with SQLite and Fernet tokens."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Self

import urllib3

PASSWORD = "administrator of the cloud"
FURTHER_ROLE = "te_admin"
"""A role beside the usual three: it bears the name of our highest."""
_MANAGE, _SERVE = Path("/usr/bin/keystone-manage"), Path("/usr/bin/keystone-wsgi-public")
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}


def absent() -> str | None:
    """Return why there can be no Keystone on this machine, or None if there can."""
    return None if _MANAGE.exists() and _SERVE.exists() else "Debian's python3-keystone is not installed"


class Keystone:
    """One server with the project and user `admin`, and one role more; may be used as a context, and paused within."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="vedette-keystone-"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}/v3"
        self.token = ""
        self._config = self._folder / "keystone.conf"
        self._process: subprocess.Popen[bytes] | None = None
        self._pool = urllib3.PoolManager(retries=False)

    def __enter__(self) -> Self:
        self._config.write_text(
            f"[DEFAULT]\nlog_file = {self._folder}/keystone.log\n"
            f"[database]\nconnection = sqlite:///{self._folder}/keystone.db\n"
            f"[fernet_tokens]\nkey_repository = {self._folder}/fernet\n"
            f"[credential]\nkey_repository = {self._folder}/credential\n"
            "[token]\nprovider = fernet\n"
        )
        owner = ("--keystone-user", str(os.geteuid()), "--keystone-group", str(os.getegid()))
        for command in (
            ("db_sync",),
            ("fernet_setup", *owner),
            ("credential_setup", *owner),
            ("bootstrap", "--bootstrap-password", PASSWORD),
        ):
            subprocess.run(
                [str(_MANAGE), "--config-file", str(self._config), *command],
                check=True,
                capture_output=True,
                env=_ENVIRONMENT,
                cwd=self._folder,
            )
        self.start()
        made = self.call("POST", "/roles", {"role": {"name": FURTHER_ROLE}})  # later, its SQLite would be locked
        assert made.status == 201, made.data
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._pool.clear()
        shutil.rmtree(self._folder)

    def start(self, deadline_s: float = 30.0) -> None:
        """Start, and wait until it answers."""
        command = [str(_SERVE), "-b", "127.0.0.1", "-p", str(self.port), "--", "--config-file", str(self._config)]
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(command, stdout=quiet, stderr=quiet, env=_ENVIRONMENT, cwd=self._folder)
        deadline = time.monotonic() + deadline_s
        while True:
            try:
                self.token = self.login("admin", PASSWORD, "admin")
                return
            except urllib3.exceptions.HTTPError:
                assert self._process.poll() is None, "Keystone ended"
                assert time.monotonic() < deadline, "Keystone does not answer"
                time.sleep(0.1)

    def stop(self) -> None:
        """End; what it knows stays."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(20)
            self._process = None

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> urllib3.BaseHTTPResponse:
        """Ask, as the administrator unless another token is given."""
        sent = {"X-Auth-Token": self.token} | {name.replace("_", "-"): value for name, value in headers.items()}
        return self._pool.request(method, self.url + path, json=body, headers={k: v for k, v in sent.items() if v})

    def login(self, user: str, password: str, project: str | None) -> str:
        """Return a token."""
        domain = {"id": "default"}
        who = {"name": user, "password": password, "domain": domain}
        auth: dict[str, Any] = {"identity": {"methods": ["password"], "password": {"user": who}}}
        if project is not None:
            auth["scope"] = {"project": {"name": project, "domain": domain}}
        answer = self.call("POST", "/auth/tokens", {"auth": auth}, X_Auth_Token="")
        assert answer.status == 201, answer.data
        return str(answer.headers["X-Subject-Token"])

    def project(self, name: str) -> str:
        """Make a project; return its id."""
        answer = self.call("POST", "/projects", {"project": {"name": name, "domain_id": "default"}})
        assert answer.status == 201, answer.data
        return str(answer.json()["project"]["id"])

    def user(self, name: str, password: str, project_id: str, role: str) -> str:
        """Make a user with a role in a project; return their id."""
        body = {"user": {"name": name, "password": password, "domain_id": "default"}}
        user_id = str(self.call("POST", "/users", body).json()["user"]["id"])
        role_id = self._role(role)
        given = self.call("PUT", f"/projects/{project_id}/users/{user_id}/roles/{role_id}")
        assert given.status == 204, given.data
        return user_id

    def _role(self, name: str) -> str:
        return str(self.call("GET", f"/roles?name={name}").json()["roles"][0]["id"])
