"""The REST door on a free port of loopback, over SQLite, without loops and workers: nothing ever runs."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3
import uvicorn

from vedette.algorithms.registry import Registry
from vedette.api import device_discovery, progress
from vedette.api import events as event_routes
from vedette.api.asgi import make_app
from vedette.api.deps import Parts
from vedette.api.event_feed import Feed
from vedette.auth import first_start
from vedette.auth.authenticator import Authenticator
from vedette.auth.first_start import Account
from vedette.control.batches import Batches
from vedette.control.object_stores import Reach
from vedette.control.tasks import Tasks
from vedette.model.errors import Unavailable
from vedette.model.guard import GuardPolicy
from vedette.model.quota import Quotas
from vedette.store import schema
from vedette.store.blobs import Blobs
from vedette.store.db import Database, open_database
from vedette.store.vault import Vault
from vedette.telemetry.metrics import Metrics

KEYS = {"error_code", "error_msg", "detail", "params", "reason", "advice"}
CLOUD = "c-intrusiondetection-cloud"
EDGE = "c-intrusiondetection-edge"


SMALL = Quotas(200, 200, 20)


@dataclass
class Clock:
    """Milliseconds since the epoch, as the test says (a Tuesday, 08:00 UTC), or as it is."""

    now: int = 1_713_859_200_000
    real: bool = False

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000 if self.real else self.now


@dataclass
class Answer:
    status: int
    headers: Any
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Client:
    """Somebody with a token for a project."""

    base: str
    account: Account
    pool: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(retries=False))

    @property
    def root(self) -> str:
        return f"/v2/{self.account.project_id}"

    def call(self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, **headers: str) -> Answer:
        sent = raw if raw is not None else None if body is None else json.dumps(body).encode()
        named = {"X-Auth-Token": self.account.token} | {name.replace("_", "-"): v for name, v in headers.items()}
        response = self.pool.request(method, self.base + path, body=sent, headers={k: v for k, v in named.items() if v})
        return Answer(response.status, response.headers, response.data.decode())

    def create(self, body: Any, service: str = CLOUD) -> Answer:
        return self.call("POST", f"{self.root}/services/{service}/tasks", body)

    def created(self, body: Any, service: str = CLOUD) -> str:
        answer = self.create(body, service)
        assert answer.status == 200, answer.text
        return str(answer.json["tasks"][0]["id"])

    def show(self, task_id: str) -> Any:
        answer = self.call("GET", f"{self.root}/tasks/{task_id}")
        assert answer.status == 200, answer.text
        return answer.json


@dataclass
class Service:
    """A running door."""

    base: str
    file: Path
    db: Database
    vault: Vault
    clock: Clock
    run: Callable[[Any], Any]
    wakes: list[int]
    down: list[str]
    counter: int = 0

    def client(self, **given: Any) -> Client:
        """Return somebody in a project of their own."""
        self.counter += 1
        n = self.counter
        account = Account(**{"project_name": f"project-{n}", "user_name": f"user-{n}"} | given)
        self.run(first_start.store(self.db, self.vault, account, self.clock))
        return Client(self.base, account)

    def stored(self) -> bytes:
        """Return all that is on the disk of the database."""
        return b"".join(path.read_bytes() for path in self.file.parent.glob(self.file.name + "*"))


@contextmanager
def serving(
    folder: Path, *, quotas: Quotas = SMALL, url: str | None = None, registry: Registry | None = None
) -> Iterator[Service]:
    """Run the door in a thread until the block ends.

    Args:
        url: address of another database than a file in the folder.
        registry: other services than the published ones.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(20)

    clock, wakes, down = Clock(), [], []
    file = folder / "vedette.sqlite3"
    db = open_database(url or f"sqlite:///{file}")
    vault = Vault.from_file(folder / "key")
    run(db.write(schema.upgrade))

    async def ready() -> None:
        if down:
            raise Unavailable(down[0])

    async def no_wait(seconds: float) -> None:
        del seconds

    registry = registry or Registry.load()
    tasks = Tasks(db, vault, registry, lambda: wakes.append(1), clock, quotas)
    batches = Batches(db, vault, registry, tasks, lambda: wakes.append(1), clock, quotas)
    parts = Parts(
        db=db,
        vault=vault,
        authenticator=Authenticator(db, vault, clock, sleep=no_wait),
        tasks=tasks,
        batches=batches,
        metrics=Metrics(process=False),
        clock=clock,
        ready=ready,
        registry=registry,
        quotas=quotas,
        reach=Reach(GuardPolicy.parse("lan", ["127.0.0.0/8"]), (folder / "open",)),
    )
    kinds = {number: name for one in registry.services() for number, name in one.manifest.event_types.items()}
    feed = Feed(heartbeat_s=0.1)
    center = event_routes.make_router(Blobs(folder / "pictures"), lambda: wakes.append(1), kinds, feed)
    searches = device_discovery.make_router(GuardPolicy.parse("lan", ["127.0.0.0/8"]))
    config = uvicorn.Config(
        make_app(parts, further=(center, progress.router, searches)),
        port=0,
        lifespan="off",
        log_config=None,
        http="httptools",
    )
    server = uvicorn.Server(config)
    started = asyncio.run_coroutine_threadsafe(_serve(server), loop)
    run(_until(lambda: server.started))
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Service(f"http://127.0.0.1:{port}", file, db, vault, clock, run, wakes, down)
    finally:
        feed.close()
        server.should_exit = True
        started.result(20)
        run(db.close())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _serve(server: uvicorn.Server) -> None:
    server.capture_signals = _no_signals  # type: ignore[method-assign]  # a thread cannot have any
    await server.serve()


@contextmanager
def _no_signals() -> Iterator[None]:
    yield


async def _until(met: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not met():  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.005)
