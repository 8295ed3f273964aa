"""Object stores on loopback: s3rver (S3), Azurite (Azure, checks signatures), an emulator of GCS.

The first two are npm packages, the last one is of PyPI. Swift, the other S3 store, stands in `swift.py`.
"""

import base64
import hashlib
import hmac
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol, Self
from urllib.parse import quote

import obstore
import urllib3
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from obstore.store import AzureStore, S3Store

from neighbours.swift import Swift, free_ports
from vedette.model.objects import ObjectStore, StoreKind

MODULES: Final = Path(__file__).resolve().parents[2] / ".make" / "npm" / "node_modules"


class Buckets(Protocol):
    """A store of some make."""

    url: str

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...
    def start(self) -> None: ...
    def kill(self) -> None: ...
    def bucket(self, name: str) -> None: ...
    def put(self, bucket: str, path: str, body: bytes) -> None: ...
    def store(self, **changes: Any) -> ObjectStore: ...


class _Server:
    """A process that answers under a URL."""

    ready: ClassVar[tuple[int, ...]] = (200, 400, 403, 404)

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="vedette-buckets-"))
        (self.port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{self.port}"
        self.pool = urllib3.PoolManager(retries=False, headers={"Connection": "close"})
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.pool.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    def command(self) -> list[str]:
        raise NotImplementedError

    def start(self) -> None:
        """Start, and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self.command(), stdout=log, stderr=log, cwd=self.folder)
        deadline = time.monotonic() + 30
        while True:
            try:
                if self.pool.request("GET", self.url + "/", timeout=2).status in self.ready:
                    return
            except urllib3.exceptions.HTTPError:
                pass
            said = (self.folder / "log").read_text()[-2000:]
            assert self._process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.05)

    def kill(self) -> None:
        """End it as the power would; what is stored stays."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _npm_absent(package: str) -> str | None:
    if shutil.which("node") and (MODULES / package / "package.json").exists():
        return None
    return f"the npm package {package} is not installed"


class S3rver(_Server):
    """Adobe's store once: another S3 of another make."""

    @staticmethod
    def absent() -> str | None:
        return _npm_absent("s3rver")

    def command(self) -> list[str]:
        program = MODULES / "s3rver" / "bin" / "s3rver.js"
        data = ["-d", str(self.folder / "data"), "-a", "127.0.0.1", "-p", str(self.port)]
        return ["node", str(program), *data, "--service-endpoint", "localhost"]

    def bucket(self, name: str) -> None:
        (self.folder / "data" / name).mkdir(parents=True)

    def put(self, bucket: str, path: str, body: bytes) -> None:
        obstore.put(_s3(self.store(), bucket), path, body, use_multipart=False)

    def store(self, **changes: Any) -> ObjectStore:
        given = {"endpoint": self.url, "region": "eu-1", "access_key": "S3RVER", "secret_key": "S3RVER"}
        return ObjectStore("store", StoreKind.S3, **{**given, **changes})


class SwiftBuckets(Swift):
    """Swift with its S3 door."""

    @staticmethod
    def absent() -> str | None:
        from neighbours.swift import absent  # noqa: PLC0415 - the same name

        return absent()

    def bucket(self, name: str) -> None:
        with urllib3.PoolManager(retries=False) as pool:
            headers = {"X-Auth-User": self.access_key, "X-Auth-Key": self.secret_key}
            told = pool.request("GET", f"{self.url}/auth/v1.0", headers=headers).headers
            made = pool.request(
                "PUT", f"{told['X-Storage-Url']}/{name}", headers={"X-Auth-Token": told["X-Auth-Token"]}
            )
            assert made.status in (201, 202), made.data

    def put(self, bucket: str, path: str, body: bytes) -> None:
        obstore.put(_s3(self.store(), bucket), path, body, use_multipart=False)

    def store(self, **changes: Any) -> ObjectStore:
        given = {"endpoint": self.url, "region": "", "access_key": self.access_key, "secret_key": self.secret_key}
        return ObjectStore("store", StoreKind.S3, **{**given, **changes})


def _s3(store: ObjectStore, bucket: str) -> S3Store:
    return S3Store(
        bucket,
        endpoint=store.endpoint,
        region=store.region or "us-east-1",
        access_key_id=store.access_key,
        secret_access_key=store.secret_key,
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
    )


class Azurite(_Server):
    """Microsoft's own emulator of Azure's blobs."""

    account = "devstoreaccount1"
    key = base64.b64encode(b"the key of the account of the tests, 64 bytes or so, more or less").decode()

    @staticmethod
    def absent() -> str | None:
        return _npm_absent("azurite")

    def command(self) -> list[str]:
        program = MODULES / "azurite" / "dist" / "src" / "blob" / "main.js"
        options = ["--blobPort", str(self.port), "--silent", "--disableTelemetry", "--skipApiVersionCheck"]
        return [
            "env", f"AZURITE_ACCOUNTS={self.account}:{self.key}", "node", str(program), "-l", str(self.folder), *options,
        ]  # fmt: skip

    def bucket(self, name: str) -> None:
        """Make a container, signed as in Azure's "Authorize with Shared Key"."""
        date = format_datetime(datetime.now(UTC), usegmt=True)
        sent = {"x-ms-date": date, "x-ms-version": "2022-11-02"}
        lines = "".join(f"{header}:{value}\n" for header, value in sent.items())
        text = "PUT" + "\n" * 12 + lines + f"/{self.account}/{self.account}/{name}\nrestype:container"
        signature = base64.b64encode(hmac.digest(base64.b64decode(self.key), text.encode(), hashlib.sha256)).decode()
        sent |= {"Authorization": f"SharedKey {self.account}:{signature}", "Content-Length": "0"}
        made = self.pool.request("PUT", f"{self.url}/{self.account}/{name}?restype=container", headers=sent)
        assert made.status == 201, made.data

    def put(self, bucket: str, path: str, body: bytes) -> None:
        store = AzureStore(
            bucket,
            account_name=self.account,
            account_key=self.key,
            endpoint=f"{self.url}/{self.account}",
            client_options={"allow_http": True},
        )
        obstore.put(store, path, body, use_multipart=False)

    def store(self, **changes: Any) -> ObjectStore:
        given = {"endpoint": f"{self.url}/{self.account}", "access_key": self.account, "secret_key": self.key}
        return ObjectStore("store", StoreKind.AZURE, **{**given, **changes})


_GCS: Final = """
import sys
from gcp_storage_emulator import __main__, server
read = server._read_data
server._read_data = lambda request, query: (
    server._decode_raw_data(server._read_raw_data(request), request)
    if request.command == "PUT" and "upload_id" not in query else read(request, query)
)
__main__.main(sys.argv[1:])
"""
"""It takes a body of JSON apart before it stores it, and falls over the parts; here what is put is taken as it is."""


class Gcs(_Server):
    """An emulator of Google's store; it looks at no signature."""

    def __init__(self) -> None:
        super().__init__()
        key = rsa.generate_private_key(65537, 2048)
        form = serialization.PrivateFormat.PKCS8
        self.key = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()

    @staticmethod
    def absent() -> str | None:
        return None

    def command(self) -> list[str]:
        where = ["--host", "127.0.0.1", "--port", str(self.port), "--in-memory"]
        return [sys.executable, "-c", _GCS, "start", *where]

    def bucket(self, name: str) -> None:
        made = self.pool.request("POST", f"{self.url}/storage/v1/b?project=tests", json={"name": name})
        assert made.status == 200, made.data

    def put(self, bucket: str, path: str, body: bytes) -> None:
        query = f"uploadType=media&name={quote(path, safe='')}"
        sent = self.pool.request(
            "POST",
            f"{self.url}/upload/storage/v1/b/{bucket}/o?{query}",
            body=body,
            headers={"Content-Type": "video/mp4", "Connection": "close"},
        )
        assert sent.status == 200, sent.data

    def store(self, **changes: Any) -> ObjectStore:
        given = {"endpoint": self.url, "access_key": "reader@tests.example", "secret_key": self.key}
        return ObjectStore("store", StoreKind.GCS, **{**given, **changes})
