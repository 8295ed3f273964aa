"""The live feed and the export over HTTP: nothing missed, nothing twice, and an end."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
import uvicorn
from fastapi import FastAPI, Request

from vedette.api import deps, errors
from vedette.api.event_feed import Feed
from vedette.api.events import make_router
from vedette.model.errors import VedetteError
from vedette.model.ids import ProjectId, UserId
from vedette.store.identity import Principal

STREAM = "/vedette/v1/p1/events/stream"
NOWHERE = "http://127.0.0.1:9/"


async def _project_of_the_token(request: Request) -> Principal:
    project = request.headers["x-auth-token"]
    return Principal(UserId("u"), "anna", "Default", ProjectId(project), project, "Default", ("operator",))


@dataclass
class Door:
    """The router behind a real server; a token is the name of its project."""

    session: aiohttp.ClientSession
    feed: Feed

    def open(self, last: int | None = None, **query: str) -> Any:
        headers = {"X-Auth-Token": "p1"} | ({} if last is None else {"Last-Event-ID": str(last)})
        return self.session.get(STREAM, params=query, headers=headers)


@pytest.fixture
async def door(post: Any) -> AsyncIterator[Door]:
    feed = Feed(readers=2, heartbeat_s=0.05)
    app = FastAPI(exception_handlers={VedetteError: errors.render})
    app.state.parts = SimpleNamespace(db=post.db, clock=post.clock)
    app.dependency_overrides[deps.caller] = _project_of_the_token
    app.include_router(make_router(post.blobs, post.dispatcher.wake, {196609: "intrusion", 196610: "loitering"}, feed))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, access_log=False))
        serving = asyncio.create_task(server.serve([listener]))
        async with aiohttp.ClientSession(f"http://127.0.0.1:{listener.getsockname()[1]}") as session:
            yield Door(session, feed)
        feed.close()
        server.should_exit = True
        await serving


async def read(answer: aiohttp.ClientResponse, most: int) -> list[tuple[int, str]]:
    """Return place and id of the next events, as they come."""
    seen: list[tuple[int, str]] = []
    place = 0
    async with asyncio.timeout(10):
        async for line in answer.content:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "id":
                place = int(value)
            elif name == "data":
                seen.append((place, json.loads(value)["id"]))
                if len(seen) == most:
                    break
    return seen


async def until_quiet(answer: aiohttp.ClientResponse) -> list[str]:
    """Return the ids of events until the feed has nothing more to tell."""
    seen: list[str] = []
    async with asyncio.timeout(10):
        async for line in answer.content:
            if line.startswith(b":"):
                break
            if line.startswith(b"data: "):
                seen.append(json.loads(line[6:])["id"])
    return seen


async def test_events_come_as_they_are_stored(post: Any, door: Door) -> None:
    """A reader without a place begins with what comes next."""
    await post.enqueue(NOWHERE, 3)
    async with door.open() as answer:
        assert answer.content_type == "text/event-stream"
        assert await until_quiet(answer) == []
        names = await post.enqueue(NOWHERE, 2)
        door.feed.wake()
        assert [name for _, name in await read(answer, 2)] == names


async def test_a_reader_that_comes_back_goes_on_where_it_was(post: Any, door: Door) -> None:
    """Also over more than a page, and over what was stored while nobody read."""
    names = await post.enqueue(NOWHERE, 250)
    async with door.open(0) as answer:
        first = await read(answer, 120)
    names += await post.enqueue(NOWHERE, 30)
    async with door.open(first[-1][0]) as answer:
        rest = await read(answer, 160)
        assert await until_quiet(answer) == []
    assert [name for _, name in first + rest] == names


async def test_a_reader_that_does_not_read_misses_nothing(post: Any, door: Door) -> None:
    """What it has not taken is in the store, not in a queue that runs over."""
    names: list[str] = []
    async with door.open(0) as answer:
        for _ in range(20):
            names += await post.enqueue(NOWHERE, 200)
            door.feed.wake()
        assert [name for _, name in await read(answer, 4000)] == names


async def test_a_feed_has_only_what_is_asked_for(post: Any, door: Door) -> None:
    """By task, source and kind, as the list; a filter of the list that a feed cannot have is refused."""
    await post.enqueue(NOWHERE, 2)
    names = await post.enqueue(NOWHERE + "two", 2)
    headers = {"X-Auth-Token": "p1"}
    async with door.session.get(f"/vedette/v1/p1/events/{names[0]}", headers=headers) as shown:
        found = await shown.json()
    async with door.open(0, task_id=found["task_id"]) as answer:
        assert await until_quiet(answer) == names
    async with door.open(0, kind="loitering") as answer:
        assert await until_quiet(answer) == []
    for query in ({"since": "1"}, {"kind": "fire"}, {"colour": "red"}):
        async with door.open(0, **query) as answer:
            assert (answer.status, (await answer.json())["params"]) == (400, list(query))


async def test_nobody_reads_the_events_of_another_project(post: Any, door: Door) -> None:
    """Neither live nor exported."""
    await post.enqueue(NOWHERE, 2)
    for path in ("stream", "export"):
        headers = {"X-Auth-Token": "p2", "Last-Event-ID": "0"}
        async with door.session.get(f"/vedette/v1/p1/events/{path}", headers=headers) as answer:
            assert answer.status == 401
    headers = {"X-Auth-Token": "p2", "Last-Event-ID": "0"}
    async with door.session.get("/vedette/v1/p2/events/stream", headers=headers) as answer:
        assert await until_quiet(answer) == []
    async with door.session.get("/vedette/v1/p2/events/export", headers=headers) as answer:
        assert await answer.text() == ""


@pytest.mark.parametrize("place", ["x", "-1", "9" * 30])
async def test_a_place_that_is_none_is_refused(door: Door, place: str) -> None:
    """A feed that began elsewhere would have a gap that nobody sees."""
    async with door.session.get(STREAM, headers={"X-Auth-Token": "p1", "Last-Event-ID": place}) as answer:
        assert (answer.status, (await answer.json())["params"]) == (400, ["Last-Event-ID"])


async def test_there_are_only_so_many_readers_and_who_leaves_makes_room(door: Door) -> None:
    """Each reader costs a look at the store with every event."""
    one, two = await door.open(), await door.open()
    async with door.open() as answer:
        assert answer.status == 503
        assert (await answer.json())["error_code"] == "VIAS.00010016"
    one.close()
    async with asyncio.timeout(10):
        while True:
            three = await door.open()
            if three.status == 200:
                break
            three.close()
    two.close()
    three.close()


async def test_a_feed_ends_with_the_service_and_after_its_time(post: Any, door: Door) -> None:
    """Who reads comes back; a token that was taken away does not."""
    async with door.open() as answer:
        door.feed.life_s = 0.1
        async with door.open() as short:
            async with asyncio.timeout(10):
                await short.read()
        door.feed.close()
        async with asyncio.timeout(10):
            await answer.read()
    async with door.open() as late:
        assert late.status == 503


async def test_an_export_holds_every_event_once_in_their_order(post: Any, door: Door) -> None:
    """One line, one event, over many pages; with the filters of the list."""
    names = await post.enqueue(NOWHERE, 230)
    headers = {"X-Auth-Token": "p1"}
    async with door.session.get("/vedette/v1/p1/events/export", headers=headers) as answer:
        assert answer.content_type == "application/x-ndjson"
        assert [json.loads(line)["id"] for line in (await answer.text()).splitlines()] == names
    query = {"review": "approved"}
    async with door.session.get("/vedette/v1/p1/events/export", params=query, headers=headers) as answer:
        assert await answer.text() == ""
