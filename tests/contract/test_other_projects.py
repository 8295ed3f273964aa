"""No project ever sees another's anything: every operation of the document is walked with the other project's ids."""

import json
import re
from dataclasses import dataclass
from typing import Any

import pytest
from bodies import SOURCE, TASK
from service import CLOUD, Answer, Client, Service

from vedette.model.ids import derived_uuid, new_hex
from vedette.store.tables import destinations, events, outbox

MARK = "theirs"
ENDLESS = "/events/stream"
"""It answers until somebody goes away; see test_event_feed.py for whose events it sends."""
EVERYBODYS = {"service_name", "service_id", "alg_id", "command", "role_id", "domain_id", "event_type"}
"""Parts of paths that name what belongs to the installation."""
UNKNOWN = "0123456789abcdef0123456789abcdee"


@dataclass
class World:
    """Two projects, and an object of each kind that is theirs."""

    mine: Client
    theirs: Client
    ids: dict[str, str]
    document: dict[str, Any]

    def operations(self) -> list[tuple[str, str, Any]]:
        return [
            (method.upper(), path, operation)
            for path, methods in self.document["paths"].items()
            for method, operation in methods.items()
            if method in {"get", "post", "put", "patch", "delete", "head"}
        ]

    def filled(self, path: str, **given: str) -> str:
        """Return a path with their ids in it, save for those that are given."""
        usual = {"service_name": CLOUD, "command": "stop", "role_id": "viewer", "domain_id": "default"}
        usual["event_type"] = "196609"
        return re.sub(r"\{(\w+)\}", lambda found: {**usual, **self.ids, **given}[found[1]], path)

    def call(self, method: str, path: str, operation: Any) -> Answer:
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
        return self.mine.call(method, path, body)


@pytest.fixture(scope="module")
def world(service: Service) -> World:
    mine, theirs = service.client(roles=("admin",)), service.client(user_name=MARK, project_name=f"{MARK}-project")
    root, ours = theirs.root, f"/vedette/v1/{theirs.account.project_id}"

    def made(path: str, body: Any, key: str, method: str = "POST") -> str:
        answer = theirs.call(method, path, body)
        assert answer.status in {200, 201}, answer.text
        return str(answer.json[key])

    source = made(f"{root}/source", SOURCE | {"video_source_name": f"{MARK} camera"}, "video_source_id")
    group_body = {"video_group_name": MARK, "access_type": "cloud", "video_source_ids": [source]}
    group = made(f"{root}/video-group", group_body, "video_group_id")
    given = {"type": "video_source", "data": [{"video_source_id": source}]}
    task = theirs.created(TASK | {"name": MARK, "input": given, "is_saved_as_template": True})
    entries = [{"video_source_group_id": group, "video_source_list": [{"video_source_id": source}]}]
    batch_body = {
        "name": f"{MARK}-batch",
        "service_name": CLOUD,
        "service_version": "3.0",
        "output": {"event_center": True},
        "batch_input": {"video_source_group": entries},
    }
    batch = made(f"{root}/batch-tasks", batch_body, "id")
    pool = made(f"{root}/edge-pools", {"name": f"{MARK}-pool", "nodes": [f"{MARK}-node"]}, "id")
    device_body = {"device": {"name": f"{MARK}-device", "attributes": {"rtsp": {"value": f"rtsp://{MARK}/1"}}}}
    device = theirs.call("POST", f"{root}/edgemgr/devices", device_body).json["device"]["id"]
    store_body = {"name": "cellar", "kind": "s3", "endpoint": "http://127.0.0.1:9"}
    store = made(f"{ours}/object-stores", store_body, "name")
    broker_body = {"name": "cellar-broker", "kind": "redis", "servers": ["127.0.0.1:9"]}
    broker = made(f"{ours}/brokers", broker_body, "name")
    hook = {"name": MARK, "address": f"http://{MARK}.test/", "headers": {"X-Key": MARK}}
    subscription = made(f"{ours}/subscriptions", hook, "id")
    assert theirs.call("POST", f"{root}/streams", {"stream_name": "cellar-events", "partition_count": 1}).status == 201
    order = made(f"{ours}/resource-orders", {"id": f"{MARK}-order-1", "stream_quota": 3}, "id")
    templates = theirs.call("GET", f"{ours}/templates").json["templates"]
    event, letter = _event(service, theirs, task)
    me = theirs.call("GET", "/v3/auth/tokens", X_Subject_Token=theirs.account.token).json["token"]["user"]["id"]
    ids = {
        "project_id": theirs.account.project_id,
        "task_id": task,
        "id": batch,
        "batch_id": batch,
        "video_source_id": source,
        "video_group_id": group,
        "resource_order_id": order,
        "template_id": templates[0]["template_id"],
        "event_id": event,
        "letter_id": letter,
        "subscription_id": subscription,
        "user_id": me,
        "access_key": theirs.account.access_key,
        "service_id": _services(theirs)[0]["service_id"],
        "alg_id": _services(theirs)[0]["alg_id"],
    }
    ids["pool"] = pool
    ids["device_id"] = device
    ids["store_name"] = store
    ids["broker_name"] = broker
    rollout_body = {"version": "3.0", "task_ids": [task]}
    ids["rollout_id"] = made(f"{ours}/services/{CLOUD}/upgrade", rollout_body, "id")
    ids["stream_name"] = "cellar-events"
    ids["secret_id"] = made(f"{ours}/webhook-secrets", {}, "id")
    document = mine.call("GET", "/openapi.json").json
    return World(mine, theirs, ids, document)


def _services(client: Client) -> Any:
    return client.call("GET", f"{client.root}/algorithm/services/user").json["service_list"]


def _event(service: Service, theirs: Client, task_id: str) -> tuple[str, str]:
    """Store an event of theirs, and a delivery of it that was given up."""
    project, event_id = theirs.account.project_id, derived_uuid("event", MARK)
    event = {
        "id": event_id,
        "project_id": project,
        "task_id": task_id,
        "run_id": new_hex(),
        "event_type": 196609,
        "connection": 0,
        "frame_index": 1,
        "time_us": 1,
        "timestamp_ms": 1,
        "stored_at": 1,
        "message": json.dumps({"who": MARK}),
        "picture": None,
        "listed": 1,
    }
    place = {"id": "d" * 36, "project_id": project, "task_id": task_id, "kind": "webhook", "target": b""}
    row = {"event_id": event_id, "destination_id": "d" * 36, "project_id": project, "task_id": task_id, "state": "dead"}

    def write(conn: Any) -> str:
        conn.execute(events.insert().values(event))
        conn.execute(destinations.insert().values(place))
        done = conn.execute(outbox.insert().values(row | {"attempts": 1, "next_attempt_at": 0, "created_at": 0}))
        return str(done.inserted_primary_key[0])

    return event_id, service.run(service.db.write(write))


def _their_view(world: World) -> dict[str, str]:
    """Return all that they see of what is theirs."""
    seen = {}
    for method, path, _ in world.operations():
        if method == "GET" and path.startswith(("/v2/", "/vedette/")) and not path.endswith(ENDLESS):
            filled = world.filled(path, **_kind(world, path))
            seen[filled] = world.theirs.call("GET", filled).text
    return seen


def _kind(world: World, path: str) -> dict[str, str]:
    """Return what `{id}` means in a path: a pool or a batch."""
    return {"id": world.ids["pool"]} if "edge-pools" in path else {}


def test_their_project_in_the_path_is_refused_on_every_route(world: World) -> None:
    """The token is of one project, and so is the path."""
    walked = 0
    for method, path, operation in world.operations():
        if "{project_id}" not in path:
            continue
        answer = world.call(method, world.filled(path, **_kind(world, path)), operation)
        assert answer.status in {401, 403, 404}, (method, path, answer.status, answer.text[:300])
        assert MARK not in answer.text, (method, path)
        walked += 1
    assert walked > 45


def test_their_ids_in_my_project_are_unknown_on_every_route(world: World) -> None:
    """An id of theirs is answered as one that nobody has: not even that it exists is told."""
    before = _their_view(world)
    walked = 0
    for method, path, operation in world.operations():
        named = set(re.findall(r"\{(\w+)\}", path)) - EVERYBODYS - {"project_id"}
        if not named:
            continue
        mine = {"project_id": world.mine.account.project_id} if path.startswith(("/v2/", "/vedette/")) else {}
        unknown = mine | {name: "9" * 6 if name == "letter_id" else UNKNOWN for name in named}
        if "event_id" in named:
            unknown["event_id"] = derived_uuid("no", "event")
        theirs = world.call(method, world.filled(path, **_kind(world, path), **mine), operation)
        nobodys = world.call(method, world.filled(path, **unknown), operation)
        assert theirs.status >= 400, (method, path, theirs.status, theirs.text[:300])
        assert theirs.status == nobodys.status, (method, path, theirs.text[:300], nobodys.text[:300])
        assert MARK not in theirs.text.replace(world.ids["resource_order_id"], ""), (method, path, theirs.text[:300])
        walked += 1
    assert walked > 30
    assert _their_view(world) == before


def test_no_list_of_mine_names_anything_of_theirs(world: World) -> None:
    """A list without the project in its query is the usual leak."""
    secrets = [MARK, *(value for name, value in world.ids.items() if name not in {*EVERYBODYS, "letter_id"})]
    walked = 0
    for method, path, _ in world.operations():
        if method != "GET" or set(re.findall(r"\{(\w+)\}", path)) - EVERYBODYS - {"project_id"}:
            continue
        if path in {"/metrics", "/docs", "/openapi.json"} or path.endswith(ENDLESS):
            continue
        answer = world.mine.call("GET", world.filled(path, project_id=world.mine.account.project_id))
        found = [secret for secret in secrets if secret in answer.text]
        assert not found, (path, found)
        walked += 1
    assert walked > 15


@pytest.mark.parametrize("field", ["video_source_id", "template_id", "video_source_ids", "video_group_ids", "batch"])
def test_what_is_theirs_cannot_be_referred_to(world: World, field: str) -> None:
    """A reference would let me look through their camera."""
    ids, root = world.ids, world.mine.root
    given = {"type": "video_source", "data": [{"video_source_id": ids["video_source_id"]}]}
    entries = [{"video_source_group_id": ids["video_group_id"], "video_source_list": []}]
    batch = {
        "name": "mine",
        "service_name": CLOUD,
        "service_version": "3.0",
        "output": {"event_center": True},
        "batch_input": {"video_source_group": entries},
    }
    path, body = {
        "video_source_id": (f"services/{CLOUD}/tasks", TASK | {"name": "peek", "input": given}),
        "template_id": (f"services/{CLOUD}/tasks", TASK | {"name": "peek", "template_id": ids["template_id"]}),
        "video_source_ids": (
            "video-group",
            {"video_group_name": "peek", "access_type": "cloud", "video_source_ids": [ids["video_source_id"]]},
        ),
        "video_group_ids": ("source", SOURCE | {"video_group_ids": [ids["video_group_id"]]}),
        "batch": ("batch-tasks", batch),
    }[field]
    answer = world.mine.call("POST", f"{root}/{path}", body)
    if field == "batch":
        assert answer.status == 200
        assert answer.json["succeed_count"] == 0
        assert "camera" not in answer.text
    else:
        assert answer.status == 400
        assert answer.json["error_code"] == "VIAS.00010002"
