"""Many people at once, on both databases, with the loops at work: afterwards everything agrees with itself."""

import asyncio
import os
import threading
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from random import Random
from typing import Any

import pytest
from lives_stage import ALG, Stage, batch_body, drifted, hook, staged, url_source
from service import CLOUD, Answer, Client

from absence import missing
from neighbours.postgres import Postgres, absent
from vedette.model.quota import Quotas
from vedette.model.stream import StreamState

THREADS = 8
REQUESTS = int(os.environ.get("CROWD_REQUESTS", "60"))
"""Of each thread; a search by hand asks for more."""
QUOTAS = Quotas(tasks=40, sources=6, groups=4)
NOT_NOW = "VIAS.00010012"
NAMES = ["a", "b", "c", "m_0", "m_1", "z_0"]
URLS = ["rtsp://one.test/a", "rtsp://one.test/b", "http://files.test/v.mp4"]


@pytest.fixture(params=["sqlite", "postgresql"])
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """The stage on each kind of database."""
    if request.param == "sqlite":
        with staged(quotas=QUOTAS) as running:
            yield running
        return
    if reason := absent():
        missing(reason)
    server = Postgres()
    server.start()
    try:
        with staged(url=server.url("postgres"), quotas=QUOTAS) as running:
            yield running
    finally:
        server.close()


class Somebody:
    """One of many, who asks for something, and remembers what was answered."""

    def __init__(self, client: Client, seed: int) -> None:
        self.client = Client(client.base, client.account)
        self.random = Random(seed)
        self.under_key: dict[str, set[str]] = defaultdict(set)

    def go(self) -> None:
        """Ask for many things."""
        for _ in range(REQUESTS):
            self.random.choice(
                [
                    *[self.new_task, self.change_task, self.tell_task] * 2,
                    *(self.new_source, self.change_source, self.new_group, self.change_group, self.new_batch),
                    *(self.change_batch, self.tell_batch, self.deployment, self.order, self.template),
                ]
            )()

    def ask(self, method: str, path: str, body: Any = None, *, ours: bool = False, **headers: str) -> Answer:
        """Ask; a failure that is not documented is the service's."""
        root = f"/vedette/v1/{self.client.account.project_id}" if ours else self.client.root
        answer = self.client.call(method, root + path, body, **headers)
        if answer.status >= 500:
            assert answer.json["error_code"] == NOT_NOW, f"{method} {path}: {answer.text}"
        return answer

    def one(self, path: str, listed: str, name: str) -> str:
        """Return the id of something that was there a moment ago."""
        found = [one[name] for one in self.ask("GET", path).json[listed]]
        return self.random.choice(found) if found else "nobody"

    def task(self) -> str:
        return self.one("/tasks?page_size=50", "tasks", "id")

    def source(self) -> str:
        return self.one("/source/sources", "video_source_list", "video_source_id")

    def group(self) -> str:
        return self.one("/video-group/groups", "video_group_list", "video_group_id")

    def batch(self) -> str:
        return self.one("/batch-tasks?is_paged=false", "batch_task_list", "id")

    def new_task(self) -> None:
        """Make tasks under a name that others want too, sometimes under the same key."""
        at_source = self.random.random() < 0.4
        datum = {"video_source_id": self.source()} if at_source else {"url": self.random.choice(URLS)}
        count = self.random.choice([1, 1, 2, 3])
        body = {
            "name": self.random.choice(NAMES),
            "service_version": "3.0",
            "input": {
                "type": "video_source" if at_source else "url",
                "data": [{**datum, "index": n} for n in self.random.sample(range(4), count)],
            },
            "output": hook("secret"),
            "is_saved_as_template": self.random.random() < 0.3,
        }
        body |= {"resource_order_id": "order-1"} if self.random.random() < 0.3 else {}
        if self.random.random() < 0.5:
            self.ask("POST", f"/services/{CLOUD}/tasks", body)
            return
        body = {"name": f"k{self.random.randrange(9)}", "service_version": "3.0", "output": hook("secret")}
        body |= {"input": {"type": "url", "data": [{"url": URLS[0]}]}}
        answer = self.ask("POST", f"/services/{CLOUD}/tasks", body, Idempotency_Key=f"key-{body['name']}")
        if answer.status == 200:
            self.under_key[str(body["name"])].add(answer.json["tasks"][0]["id"])

    def change_task(self) -> None:
        """Read a task and send it back changed."""
        shown = self.ask("GET", f"/tasks/{(task_id := self.task())}")
        if shown.status != 200:
            return
        body = {name: shown.json[name] for name in ("name", "input", "output")} | {"description": "new"}
        chance = self.random.random()
        if chance < 0.3:
            body["name"] = self.random.choice(NAMES)
        elif chance < 0.6 and "url" in body["input"]["data"][0]:
            body["input"]["data"] = [{"url": self.random.choice(URLS)}]
        elif chance < 0.8:
            body |= {"config": {"common": {"alert_time_threshold": self.random.randrange(9)}}}
            body["is_saved_as_template"] = True
        headers = {"If_Match": shown.headers["ETag"]} if self.random.random() < 0.5 else {}
        self.ask("PUT", f"/tasks/{task_id}", body, **headers)

    def tell_task(self) -> None:
        """Start, stop or delete one."""
        verb = self.random.choice(["start", "stop", "delete"])
        self.ask(
            *(
                ("DELETE", f"/tasks/{self.task()}")
                if verb == "delete"
                else ("PUT", f"/tasks/{self.task()}/action/{verb}")
            )
        )

    def new_source(self) -> None:
        """Register a source, perhaps in a group; or remove one."""
        if self.random.random() < 0.3:
            self.ask("DELETE", f"/source/{self.source()}")
            return
        body = url_source(f"s{self.random.randrange(8)}", self.random.choice(URLS))
        self.ask("POST", "/source", body | {"video_group_ids": [self.group()] if self.random.random() < 0.5 else []})

    def change_source(self) -> None:
        """Let a source be another."""
        body = url_source(self.random.choice(["", "s0", "s1"]), self.random.choice(URLS[:2]))
        self.ask("PUT", f"/source/{self.source()}", body)

    def new_group(self) -> None:
        """Make a group, or remove one."""
        if self.random.random() < 0.3:
            self.ask("DELETE", f"/video-group/{self.group()}")
            return
        body = {"video_group_name": f"g{self.random.randrange(4)}", "access_type": "cloud"}
        self.ask("POST", "/video-group", body | {"video_source_ids": [self.source()]})

    def change_group(self) -> None:
        """Let a group have others."""
        members = list(dict.fromkeys(self.source() for _ in range(3)))
        self.ask(
            "PUT",
            f"/video-group/{self.group()}",
            {"video_source_ids": members, "video_group_name": f"g{self.random.randrange(4)}"},
        )

    def new_batch(self) -> None:
        """Fan out over groups."""
        body = batch_body([(self.group(), []), (self.group(), [])])
        body |= {"name": self.random.choice("mz"), "service_name": CLOUD, "service_version": "3.0"}
        self.ask("POST", "/batch-tasks", body | {"output": hook("secret")})

    def change_batch(self) -> None:
        """Change the children of one, or which there are."""
        body: dict[str, Any] = {"description": "new"}
        body |= {"name": self.random.choice("mz")} if self.random.random() < 0.4 else {}
        body |= batch_body([(self.group(), [])]) if self.random.random() < 0.5 else {}
        self.ask("PUT", f"/batch-tasks/{self.batch()}", body)

    def tell_batch(self) -> None:
        """Start, stop or delete all children of one."""
        verb, path = self.random.choice(["start", "stop", "delete"]), f"/batch-tasks/{self.batch()}"
        self.ask(*(("DELETE", path) if verb == "delete" else ("PUT", f"{path}/action/{verb}")))

    def deployment(self) -> None:
        """Deploy the service, or stop it."""
        if self.random.random() < 0.2:
            self.ask("PUT", f"/algorithm/{ALG}/deploy/stop")
        else:
            self.ask(
                "POST", f"/algorithm/{ALG}/deploy", {"stream_count": self.random.randrange(1, 5), "pool_id": "local"}
            )

    def order(self) -> None:
        """Let the order end, or hold again."""
        body: dict[str, Any] = {"stream_quota": 2} | ({"expires_at": 1} if self.random.random() < 0.3 else {})
        verb = self.random.choice(["POST", "PUT", "PUT", "DELETE"])
        path = "/resource-orders" if verb == "POST" else "/resource-orders/order-1"
        self.ask(verb, path, body | ({"id": "order-1"} if verb == "POST" else {}), ours=True)

    def template(self) -> None:
        """Remove a template."""
        shown = self.ask("GET", "/templates", ours=True).json["templates"]
        if shown:
            self.ask("DELETE", f"/templates/{shown[0]['template_id']}", ours=True)


@contextmanager
def restless(stage: Stage) -> Iterator[None]:
    """Let the loops and the workers go on all the while."""
    over = threading.Event()
    random = Random(7)

    async def rounds() -> None:
        while not over.is_set():
            stage.pass_time(0.3)
            await stage.freezer.run_once(stage.theatre.now_ms)
            await stage.theatre.scheduler.run_once(stage.theatre.now_ms)
            await stage.theatre.reconciler.run_once(stage.theatre.now_ms)
            for worker in stage.new_workers():
                await worker.speak()
            for worker in stage.live_workers():
                worker.play(
                    random.choice([StreamState.FLOWING, StreamState.FLOWING, StreamState.AWAY, StreamState.ENDED])
                )
                await worker.speak()
            if random.random() < 0.05:
                stage.worker_dies()
            await asyncio.sleep(0)

    going = asyncio.run_coroutine_threadsafe(rounds(), stage.service.run(_loop()))
    try:
        yield
    finally:
        over.set()
        going.result(60)


async def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


def test_after_a_crowd_everything_agrees_with_itself(stage: Stage) -> None:
    """Counters, names, children, streams and keys: whoever came first, all of it holds together, and can be deleted."""
    clients = [stage.service.client(), stage.service.client()]
    crowd = [Somebody(clients[n % 2], n) for n in range(THREADS)]
    with restless(stage), ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(one.go) for one in crowd]:
            done.result()
    assert stage.read(drifted) == []
    for client in clients:
        answers: dict[str, set[str]] = defaultdict(set)
        for one in crowd:
            if one.client.account == client.account:
                for name, ids in one.under_key.items():
                    answers[name] |= ids
        assert all(len(ids) == 1 for ids in answers.values()), answers
    stage.play(StreamState.FLOWING)
    stage.go_round(4)
    assert stage.read(drifted) == []
    for client in clients:
        cleared(stage, client)
    assert stage.read(drifted) == []


def cleared(stage: Stage, client: Client) -> None:
    """Delete all that a project has; then its counters are at nothing."""
    one = Somebody(client, 0)
    for batch in one.ask("GET", "/batch-tasks?is_paged=false").json["batch_task_list"]:
        assert one.ask("DELETE", f"/batch-tasks/{batch['id']}").status == 200
    for task in one.ask("GET", "/tasks?page_size=1000").json["tasks"]:
        assert one.ask("DELETE", f"/tasks/{task['id']}").status == 200
    stage.go_round(4)
    assert one.ask("GET", "/tasks").json["tasks"] == []
    for source in one.ask("GET", "/source/sources").json["video_source_list"]:
        assert one.ask("DELETE", f"/source/{source['video_source_id']}").status == 200
    for group in one.ask("GET", "/video-group/groups").json["video_group_list"]:
        assert one.ask("DELETE", f"/video-group/{group['video_group_id']}").status == 200
    usage = one.ask("GET", "/quotas", ours=True).json
    assert {resource["used"] for resource in usage.values()} == {0}, usage
