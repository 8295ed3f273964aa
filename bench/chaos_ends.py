"""Where events go besides webhooks and brokers: the service's own stream, a folder, an S3 store."""

import base64
import json
import shutil
import socket
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import boto3
from botocore.config import Config
from tests.e2e.service import Service, free_port, until

from bench.chaos_judge import Arrival, arrival, is_jpeg

S3RVER = Path(__file__).resolve().parent.parent / ".make/npm/node_modules/s3rver/bin/s3rver.js"
STORES = "/vedette/v1/{p}/object-stores"
BUCKET = "results"
_OBJECT = "._S3rver_object"
"""How s3rver's files end that hold what was put; beside each lie others with its MD5 and its metadata."""


class End(Protocol):
    """A destination.

    Attributes:
        name: in the table.
        ordered: whether it has an order that can be looked at.
    """

    name: str
    ordered: bool

    def prepare(self, service: Service) -> None:
        """Make it known to a service that has just begun."""

    def output(self) -> dict[str, Any]:
        """Return its part of a task's `output`."""

    def arrivals(self, service: Service) -> list[Arrival]:
        """Return all that came, in the order in which it came, repeats too."""

    def kill(self) -> None:
        """End it as the power would."""

    def start(self) -> None:
        """Start it again, with what it had."""

    def close(self) -> None: ...


class OwnStream:
    """The service's own data stream, read back over its DIS endpoints."""

    name, ordered = "dis: own data stream", True

    def prepare(self, service: Service) -> None:
        del service

    def output(self) -> dict[str, Any]:
        return {"dis": {"stream_name": "chaos"}}

    def arrivals(self, service: Service) -> list[Arrival]:
        query = "stream-name=chaos&partition-id=shardId-0000000000&cursor-type=TRIM_HORIZON"
        cursor = service.call("GET", f"/v2/{{p}}/cursors?{query}")["partition_cursor"]
        found: list[Arrival] = []
        while records := (page := service.call("GET", f"/v2/{{p}}/records?partition-cursor={cursor}"))["records"]:
            found += [arrival(base64.b64decode(record["data"])) for record in records]
            cursor = page["next_partition_cursor"]
        return found

    def kill(self) -> None:
        raise NotImplementedError  # it dies with the service

    start = kill

    def close(self) -> None:
        return


class Folder:
    """A folder of this machine; its death is a mount that is away."""

    name, ordered = "obs: folder", False

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="vedette-chaos-folder-"))
        (self.root / "store" / BUCKET).mkdir(parents=True)

    def prepare(self, service: Service) -> None:
        body = {"name": "here", "kind": "folder", "folder": str(self.root / "store"), "buckets": [BUCKET]}
        _made(service.ask("POST", STORES, body))

    def output(self) -> dict[str, Any]:
        return {"obs": {"bucket": BUCKET, "path": "chaos"}}

    def arrivals(self, service: Service) -> list[Arrival]:
        """Hidden files are left out: a write that is broken off may leave one."""
        del service
        home = self.root / "store"
        return _objects({str(path): path.read_bytes() for path in home.rglob("[!.]*") if path.is_file()})

    def kill(self) -> None:
        (self.root / "store").rename(self.root / "away")

    def start(self) -> None:
        (self.root / "away").rename(self.root / "store")

    def close(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)


class S3:
    """s3rver, which keeps its objects as files."""

    name, ordered = "obs: S3", False

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="vedette-chaos-s3-"))
        (self._folder / "data" / BUCKET).mkdir(parents=True)
        self._port = free_port()
        self._url = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @staticmethod
    def absent() -> str | None:
        return None if shutil.which("node") and S3RVER.exists() else "the npm package s3rver is not installed"

    def prepare(self, service: Service) -> None:
        keys = {"region": "eu-1", "access_key": "S3RVER", "secret_key": "S3RVER"}
        body = {"name": "s3", "kind": "s3", "endpoint": self._url, "buckets": [BUCKET], **keys}
        _made(service.ask("POST", STORES, body))

    def output(self) -> dict[str, Any]:
        return {"obs": {"bucket": BUCKET, "path": "chaos"}}

    def arrivals(self, service: Service) -> list[Arrival]:
        del service
        keys = {"aws_access_key_id": "S3RVER", "aws_secret_access_key": "S3RVER", "region_name": "eu-1"}
        config = Config(s3={"addressing_style": "path"}, max_pool_connections=8)
        client = boto3.client("s3", endpoint_url=self._url, config=config, **keys)
        home = self._folder / "data" / BUCKET  # its own list breaks off with an error beyond a thousand objects
        files = (str(path.relative_to(home)) for path in home.rglob("*" + _OBJECT))
        names = [name.removesuffix(_OBJECT) for name in files]
        with ThreadPoolExecutor(8) as pool:
            bodies = pool.map(lambda name: client.get_object(Bucket=BUCKET, Key=name)["Body"].read(), names)
            return _objects(dict(zip(names, bodies, strict=True)))

    def start(self) -> None:
        data = ["-d", str(self._folder / "data"), "-a", "127.0.0.1", "-p", str(self._port)]
        quiet = subprocess.DEVNULL
        command = ["node", str(S3RVER), *data, "--service-endpoint", "localhost"]
        self._process = subprocess.Popen(command, stdout=quiet, stderr=quiet, cwd=self._folder)
        until(lambda: listens(self._port), 30, "s3rver")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _made(answer: tuple[int, Any]) -> None:
    if answer[0] != 201:
        raise SystemExit(f"the destination was refused: {answer}")


def _objects(found: dict[str, bytes]) -> list[Arrival]:
    """Read messages and the pictures beside them; a file of another name counts as a stranger."""
    pictures = {name.removesuffix(".jpg") for name, body in found.items() if name.endswith(".jpg") and is_jpeg(body)}
    read: list[Arrival] = []
    for name, body in found.items():
        stem = name.removesuffix(".json")
        if stem.endswith("/result"):
            continue  # what the whole run told, beside the events
        if stem != name:
            message = json.loads(body)
            read.append(Arrival(stem.rpartition("/")[2], message, stem in pictures))
        elif not name.endswith(".jpg") and BUCKET in name:
            read.append(Arrival(name, {}, whole=False))
    return read
