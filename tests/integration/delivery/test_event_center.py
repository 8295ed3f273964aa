"""The event center and the dead letters over HTTP, on a real outbox."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import aiohttp
import aiohttp.web
import pytest
import uvicorn
from fastapi import FastAPI, Request

from vedette.api import deps, errors
from vedette.api.events import make_router
from vedette.model.errors import VedetteError
from vedette.model.ids import ProjectId, UserId
from vedette.model.pictures import join
from vedette.store.identity import Principal

Start = Callable[..., Awaitable[Any]]
BASE = "/vedette/v1/p1"
JPEG = b"\xff\xd8jpeg\xff\xd9"


async def _project_of_the_token(request: Request) -> Principal:
    project = request.headers["x-auth-token"]
    return Principal(UserId("u"), "anna", "Default", ProjectId(project), project, "Default", ("operator",))


@pytest.fixture
async def door(post: Any) -> AsyncIterator[Callable[..., Awaitable[tuple[int, Any]]]]:
    """The router alone behind a real server; a token is the name of its project."""
    app = FastAPI(exception_handlers={VedetteError: errors.render})
    app.state.parts = SimpleNamespace(db=post.db, clock=post.clock)
    app.dependency_overrides[deps.caller] = _project_of_the_token
    app.include_router(make_router(post.blobs, post.dispatcher.wake, {196609: "intrusion", 196610: "loitering"}))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, access_log=False))
        serving = asyncio.create_task(server.serve([listener]))
        async with aiohttp.ClientSession(f"http://127.0.0.1:{listener.getsockname()[1]}") as session:

            async def call(method: str, path: str, project: str = "p1", **query: Any) -> tuple[int, Any]:
                async with session.request(method, path, params=query, headers={"X-Auth-Token": project}) as answer:
                    json = answer.content_type == "application/json"
                    return answer.status, (await answer.json() if json else await answer.read())

            yield call
        server.should_exit = True
        await serving


async def test_an_event_is_listed_shown_and_deleted_with_its_picture(post: Any, door: Any, receivers: Start) -> None:
    """The whole life of an event in the event center."""
    receiver = await receivers(200)
    [name] = await post.enqueue(receiver.url, picture=JPEG)
    await post.settle()
    status, page = await door("GET", f"{BASE}/events")
    assert status == 200
    [event] = page.pop("events")
    assert page == {"count": 1}
    assert event == {
        "id": name,
        "task_id": event["task_id"],
        "run_id": "r",
        "number": 0,
        "event_type": 196609,
        "kind": "intrusion",
        "timestamp": post.clock(),
        "media_time": 0.0,
        "review": "unreviewed",
        "repeats": 0,
        "message": {"event_type": 196609, "message_id": name, "data": {"event_set": []}},
        "picture": f"{BASE}/events/{name}/picture",
        "deliveries": [{"kind": "webhook", "state": "done", "attempts": 1}],
    }
    assert await door("GET", f"{BASE}/events/{name}") == (200, event)
    assert await door("GET", event["picture"]) == (200, JPEG)
    assert (await door("DELETE", f"{BASE}/events/{name}"))[0] == 204
    for method, path in (("GET", ""), ("GET", "/picture"), ("GET", "/origin-picture"), ("DELETE", "")):
        status, body = await door(method, f"{BASE}/events/{name}{path}")
        assert (status, body["error_code"]) == (400, "VIAS.00010008")
    [hour] = post.blobs.hours()
    assert post.blobs.sweep(hour, set()) == 0, "the file is gone already"


async def test_an_event_about_a_face_has_the_face_and_the_whole_picture_if_that_was_kept(post: Any, door: Any) -> None:
    """The whole picture of any other event is its picture."""
    face, whole = JPEG[:-2] + b"face\xff\xd9", JPEG[:-2] + b"whole\xff\xd9"
    kept = [JPEG, join(face, whole), join(face, None)]
    shown = []
    for picture in kept:
        [name] = await post.enqueue("http://127.0.0.1:9/", picture=picture)
        shown += [await door("GET", f"{BASE}/events/{name}/{path}") for path in ("picture", "origin-picture")]
    assert shown[:-1] == [(200, JPEG), (200, JPEG), (200, face), (200, whole), (200, face)]
    status, body = shown[-1]
    assert (status, body["error_code"]) == (400, "VIAS.00010008")


async def test_pages_follow_one_another_while_events_arrive(post: Any, door: Any) -> None:
    """`next` is given back as `cursor`, and no event is seen twice or missed."""
    names = await post.enqueue("http://127.0.0.1:9/", 7)
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 3}
    while True:
        _, page = await door("GET", f"{BASE}/events", **query)
        seen += [event["id"] for event in page["events"]]
        if "next" not in page:
            break
        query["cursor"] = page["next"]
        await post.enqueue("http://127.0.0.1:9/", 2)
    assert seen == names[::-1]


async def test_events_are_filtered(post: Any, door: Any) -> None:
    """By task, kind and time, as a list of alarms is read."""
    await post.enqueue("http://127.0.0.1:9/one", 2)
    post.clock.forward(10)
    await post.enqueue("http://127.0.0.1:9/two", 3)
    _, everything = await door("GET", f"{BASE}/events")
    task = everything["events"][0]["task_id"]
    for query, count in (
        ({"task_id": task}, 3),
        ({"since": post.clock()}, 3),
        ({"until": post.clock()}, 2),
        ({"kind": "intrusion"}, 5),
        ({"kind": "loitering"}, 0),
        ({"event_type": 196609, "task_id": task, "since": 0}, 3),
        ({"task_id": "nobody"}, 0),
    ):
        status, page = await door("GET", f"{BASE}/events", **query)
        assert (status, page["count"], len(page["events"])) == (200, count, count), query


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"limit": "0"}, "limit"), ({"limit": "1001"}, "limit"), ({"limit": "many"}, "limit"), ({"limit": "-1"}, "limit"),
        ({"cursor": "x"}, "cursor"), ({"cursor": "9" * 40}, "cursor"), ({"since": "1.5"}, "since"), ({"until": "٣"}, "until"),
        ({"kind": "fire"}, "kind"), ({"event_type": "9223372036854775808"}, "event_type"), ({"colour": "red"}, "colour"), ({"task_id": "a\0b"}, "task_id"),
    ],
)  # fmt: skip
async def test_a_filter_that_makes_no_sense_is_refused_by_name(door: Any, query: dict[str, str], param: str) -> None:
    """A filter that is silently ignored shows the wrong events."""
    status, body = await door("GET", f"{BASE}/events", **query)
    assert (status, body["error_code"], body["params"]) == (400, "VIAS.00010001", [param])


async def test_another_project_sees_nothing(post: Any, door: Any) -> None:
    """Neither under its own path nor under ours."""
    [name] = await post.enqueue("http://127.0.0.1:9/", picture=JPEG)
    assert (await door("GET", "/vedette/v1/p2/events", "p2"))[1] == {"count": 0, "events": []}
    for method, path in (
        ("GET", f"/{name}"),
        ("GET", f"/{name}/picture"),
        ("GET", f"/{name}/origin-picture"),
        ("DELETE", f"/{name}"),
    ):
        assert (await door(method, f"/vedette/v1/p2/events{path}", "p2"))[0] == 400
        assert (await door(method, f"{BASE}/events{path}", "p2"))[0] == 401
    assert (await door("GET", f"{BASE}/events"))[1]["count"] == 1


async def test_dead_letters_are_listed_and_sent_again(post: Any, door: Any, receivers: Start) -> None:
    """One, or all: the receiver was repaired."""
    receiver = await receivers(410)
    names = await post.enqueue(receiver.url, 5)
    await post.settle()
    _, page = await door("GET", f"{BASE}/deliveries/dead", limit=2)
    assert page["count"] == 5
    first, second = page["dead_letters"]
    assert first["kind"] == "webhook"
    assert "410" in first["last_error"]
    _, rest = await door("GET", f"{BASE}/deliveries/dead", cursor=page["next"])
    assert {first["event_id"], second["event_id"]} | {row["event_id"] for row in rest["dead_letters"]} == set(names)

    async def well(_request: Any) -> Any:
        return aiohttp.web.Response()

    receiver.answer = well
    called = len(receiver.seen)
    assert await door("POST", f"{BASE}/deliveries/dead/{second['id']}/retry") == (200, {"count": 1})
    await post.settle()
    assert len(receiver.seen) == called + 1
    assert (await door("POST", f"{BASE}/deliveries/dead/{second['id']}/retry"))[0] == 400
    assert (await door("POST", f"{BASE}/deliveries/dead/{first['id']}/retry", "p2"))[0] == 401
    assert (await door("POST", "/vedette/v1/p2/deliveries/dead/retry", "p2"))[1] == {"count": 0}
    assert await door("POST", f"{BASE}/deliveries/dead/retry") == (200, {"count": 4})
    await post.settle()
    assert (await door("GET", f"{BASE}/deliveries/dead"))[1] == {"count": 0, "dead_letters": []}
    assert set(await post.states()) == {"done"}


@pytest.mark.parametrize("name", ["x", "-1", "9" * 30, "%00", "1.0"])
async def test_an_id_that_is_none_is_not_found(door: Any, name: str) -> None:
    """Never a 500."""
    for method, path in (("POST", f"/deliveries/dead/{name}/retry"), ("GET", f"/events/{name}")):
        status, body = await door(method, BASE + path)
        assert (status, body["error_code"]) == (400, "VIAS.00010008")
