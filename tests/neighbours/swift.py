"""OpenStack's Swift on loopback with its S3 door: Debian's, under the system's Python, on one folder.

It checks signatures (AWS Signature Version 4), serves ranges, and takes buckets in the path and in the host's name.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final, Self

import urllib3

PYTHON: Final = Path("/usr/bin/python3")
_MODULES: Final = Path("/usr/lib/python3/dist-packages/swift")
_RUN: Final = (
    "import sys; from swift.common.wsgi import run_wsgi; sys.exit(run_wsgi(sys.argv[1], sys.argv[2], verbose=True))"
)
_RINGS: Final = """
import sys
from swift.common.ring.builder import RingBuilder
for part, port in zip(("account", "container", "object"), sys.argv[1:]):
    ring = RingBuilder(2, 1, 0)
    ring.add_dev({"region": 1, "zone": 1, "ip": "127.0.0.1", "port": int(port), "device": "disk", "weight": 1})
    ring.rebalance()
    ring.get_ring().save(part + ".ring.gz")
"""
"""Where everything is: on the one disk."""
_ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
_CACHE: Final = """
class Cache:
    def __init__(self, app):
        self.app, self.held = app, {}

    def __call__(self, env, start_response):
        env["swift.cache"] = self
        return self.app(env, start_response)

    def get(self, key, *args, **more):
        return self.held.get(key)

    def set(self, key, value, *args, **more):
        self.held[key] = value

    def delete(self, key, *args, **more):
        self.held.pop(key, None)


def factory(settings, **more):
    return Cache
"""
"""What Swift keeps in a memcached elsewhere; its own login demands one."""
_PARTS: Final = ("account", "container", "object")


def absent() -> str | None:
    """Return why there can be no Swift on this machine, or None if there can."""
    if not (PYTHON.exists() and _MODULES.exists()):
        return "Debian's python3-swift is not installed"
    with tempfile.NamedTemporaryFile() as probe:
        try:
            os.setxattr(probe.name, "user.swift", b"1")
        except OSError:
            return "the folder for temporary files keeps no extended attributes, which Swift needs"
    return None


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


class Swift:
    """One store with one account; may be used as a context, and killed and started within."""

    access_key = "harbour:reader"
    secret_key = "a-secret-of-the-store"
    region = "us-east-1"

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="vedette-swift-"))
        self.port, *others = free_ports(4)
        self._ports = dict(zip(_PARTS, others, strict=True))
        self.url = f"http://127.0.0.1:{self.port}"
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        (self._folder / "devices" / "disk").mkdir(parents=True)
        self._configure()
        command = [str(PYTHON), "-c", _RINGS, *map(str, self._ports.values())]
        subprocess.run(command, check=True, capture_output=True, env=_ENVIRONMENT, cwd=self._folder, timeout=60)
        try:
            for part in _PARTS:
                self._start(part)
            self.start()
            for port in self._ports.values():
                self._await(f"http://127.0.0.1:{port}/", 400, 404, 405, 412)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes.values():
            process.kill()
        for process in self._processes.values():
            process.wait()
        shutil.rmtree(self._folder)

    def kill(self) -> None:
        """End the door as the power would; what is stored stays."""
        door = self._processes.pop("proxy")
        door.kill()
        door.wait()

    def start(self) -> None:
        """Start the door, and wait until it answers."""
        self._start("proxy")
        self._await(f"{self.url}/healthcheck", 200)

    def _await(self, url: str, *statuses: int) -> None:
        deadline = time.monotonic() + 30
        with urllib3.PoolManager(retries=False) as pool:
            while True:
                try:
                    if pool.request("GET", url).status in statuses:
                        return
                except urllib3.exceptions.HTTPError:
                    pass
                assert all(process.poll() is None for process in self._processes.values()), self._log()
                assert time.monotonic() < deadline, self._log()
                time.sleep(0.05)

    def _start(self, part: str) -> None:
        config = self._folder / f"{part}.conf"
        with (self._folder / "log").open("ab") as log:
            self._processes[part] = subprocess.Popen(
                [str(PYTHON), "-W", "ignore", "-c", _RUN, str(config), f"{part}-server"],
                stdout=log,
                stderr=log,
                env=_ENVIRONMENT | {"PYTHONPATH": str(self._folder)},
                cwd=self._folder,
            )

    def _log(self) -> str:
        return (self._folder / "log").read_text()[-3000:]

    def _configure(self) -> None:
        folder = self._folder
        (folder / "held_cache.py").write_text(_CACHE)
        (folder / "swift.conf").write_text("[swift-hash]\nswift_hash_path_suffix = tests\n")
        common = (
            f"bind_ip = 127.0.0.1\nworkers = 0\nuser = {os.environ.get('USER') or 'root'}\nswift_dir = {folder}\n"
            f"devices = {folder}/devices\nmount_check = false\nlog_address = {folder}/nolog\n"
        )
        for part, port in self._ports.items():
            (folder / f"{part}.conf").write_text(
                f"[DEFAULT]\nbind_port = {port}\n{common}"
                f"[pipeline:main]\npipeline = {part}-server\n[app:{part}-server]\nuse = egg:swift#{part}\n"
            )
        (folder / "proxy.conf").write_text(
            f"[DEFAULT]\nbind_port = {self.port}\n{common}"
            "[pipeline:main]\npipeline = healthcheck cache s3api tempauth slo proxy-server\n"
            "[app:proxy-server]\nuse = egg:swift#proxy\naccount_autocreate = true\n"
            "[filter:cache]\npaste.filter_factory = held_cache:factory\n"
            "[filter:healthcheck]\nuse = egg:swift#healthcheck\n"
            "[filter:slo]\nuse = egg:swift#slo\n"  # uploads in parts
            f"[filter:s3api]\nuse = egg:swift#s3api\nlocation = {self.region}\nstorage_domain = localhost\n"
            "check_bucket_owner = true\n"
            f"[filter:tempauth]\nuse = egg:swift#tempauth\nuser_harbour_reader = {self.secret_key} .admin\n"
        )
