"""Where a stream's events go, and how the connections to brokers are kept."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from vedette.delivery.brokers.base import Resolve
from vedette.delivery.brokers.links import OPENERS, open_link
from vedette.delivery.brokers.pool import Links
from vedette.delivery.brokers.sink import FRESH_S, BrokerSink, KnownBrokers, chosen
from vedette.delivery.sinks.base import Delivery
from vedette.delivery.terms import Terms
from vedette.model.broker import Broker, BrokerKind
from vedette.model.errors import (
    Misconfigured,
    SinkBusy,
    SinkForbidden,
    SinkRefused,
    SinkUnreachable,
    Unavailable,
)
from vedette.model.guard import GuardPolicy
from vedette.model.ids import EventId, ProjectId, TaskId
from vedette.model.output import DisOutput, WebhookOutput

NAMED = Broker("named", BrokerKind.NATS, ("a.example:4222",), prefix="v.", streams=("gate", "yard"))
REST = Broker("rest", BrokerKind.REDIS, ("b.example:6379",))
DIS = Broker("vendor", BrokerKind.DIS, ("https://dis.example",), streams=("far",))


def delivery(stream: str, project: str = "p1") -> Delivery:
    target = DisOutput(stream)
    return Delivery(EventId("e"), TaskId("t"), 1, {"n": 1}, None, target, event_type=7, project_id=ProjectId(project))


@dataclass
class FakeLink:
    """Keeps what it is given; a put waits while `gate` is closed."""

    broker: Broker
    resolve: Resolve
    taken: list[tuple[str, str, bytes]] = field(default_factory=list)
    gate: asyncio.Event | None = None
    ended: bool = False

    async def put(self, delivery: Delivery, subject: str, body: bytes) -> None:
        if self.gate is not None:
            await self.gate.wait()
        assert not self.ended
        self.taken.append((delivery.type_name, subject, body))

    async def close(self) -> None:
        self.ended = True


class Opened(list[FakeLink]):
    """All links that were made."""

    def __call__(self, broker: Broker, resolve: Resolve) -> FakeLink:
        self.append(FakeLink(broker, resolve))
        return self[-1]


class Others:
    """A sink that keeps what it is given."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    async def send(self, delivery: Delivery) -> None:
        assert isinstance(delivery.target, DisOutput)
        self.taken.append(delivery.target.stream_name)


@pytest.mark.parametrize(
    ("stream", "brokers", "name"),
    [
        ("gate", [REST, NAMED], "named"),
        ("other", [REST, NAMED], "rest"),
        ("other", [NAMED], None),
        ("gate", [], None),
    ],
)
def test_a_stream_goes_to_who_names_it_else_to_who_names_none(
    stream: str, brokers: Sequence[Broker], name: str | None
) -> None:
    found = chosen(brokers, stream)
    assert (found.name if found else None) == name


async def test_each_stream_takes_its_way() -> None:
    """With prefix and kind of event to a broker; to a DIS with what the project may reach; else as without brokers."""
    made, own, dis, opened = [], Others(), Others(), Opened()

    def to_dis(broker: Broker, allow: tuple[str, ...]) -> Others:
        made.append((broker.name, allow))
        return dis

    async def brokers(project_id: ProjectId) -> list[Broker]:
        return [NAMED, DIS] if project_id == "p1" else []

    async def terms(_project_id: ProjectId) -> Terms:
        return Terms(allow=("10.0.0.1",))

    async with Links(GuardPolicy(), opener=opened) as links:
        sink = BrokerSink(brokers, terms, links, own, to_dis, {7: "intrusion"})
        for stream in ("gate", "far", "other"):
            await sink.send(delivery(stream))
        await sink.send(delivery("gate", "p2"))
    assert opened[0].taken == [("intrusion", "v.gate", b'{"n":1}')]
    assert (made, dis.taken) == ([("vendor", ("10.0.0.1",))], ["far"])
    assert own.taken == ["other", "gate"]


async def test_another_kind_of_target_is_refused() -> None:
    async def none(_project_id: ProjectId) -> list[Broker]:
        return []

    async with Links(GuardPolicy(), opener=Opened()) as links:
        sink = BrokerSink(none, _usual, links, Others(), lambda *_: Others())
        with pytest.raises(SinkRefused):
            await sink.send(replace(delivery("x"), target=WebhookOutput("http://a.example", {})))


async def _usual(_project_id: ProjectId) -> Terms:
    return Terms()


@pytest.mark.parametrize("error", [Unavailable("away"), Misconfigured("another key")])
async def test_while_brokers_cannot_be_read_nothing_goes_elsewhere(error: Exception) -> None:
    """Sent to our own streams, the events would be in two places for ever."""

    async def fails(_project_id: ProjectId) -> list[Broker]:
        raise error

    with pytest.raises(SinkBusy):
        await KnownBrokers(fails).of(ProjectId("p1"))


async def test_brokers_are_read_again_after_a_moment() -> None:
    """Not for every event, but a change counts soon."""
    reads, now = [], [100.0]

    async def read(project_id: ProjectId) -> list[Broker]:
        reads.append(project_id)
        return [NAMED]

    known = KnownBrokers(read, monotonic=lambda: now[0])
    for _ in range(3):
        assert await known.of(ProjectId("p1")) == (NAMED,)
    now[0] += FRESH_S
    await known.of(ProjectId("p1"))
    assert reads == ["p1", "p1"]


async def test_a_link_is_kept_and_made_anew_when_its_entry_changes() -> None:
    """An event that is on its way over the old link is not cut off by the change."""
    opened = Opened()
    async with Links(GuardPolicy(), opener=opened) as links:
        for _ in range(2):
            await links.put(NAMED, (), delivery("gate"), "v.gate", b"")
        opened[0].gate = asyncio.Event()
        going = asyncio.create_task(links.put(NAMED, (), delivery("gate"), "v.gate", b"last"))
        await asyncio.sleep(0)
        await links.put(replace(NAMED, updated_at=9), (), delivery("gate"), "v.gate", b"")
        await links.put(replace(NAMED, updated_at=9), ("10.0.0.1",), delivery("gate"), "v.gate", b"")
        await links.put(replace(NAMED, updated_at=9), ("10.0.0.1",), delivery("gate", "p2"), "v.gate", b"")
        assert [link.ended for link in opened[:1]] == [False]
        opened[0].gate.set()
        await going
        await _settle(lambda: opened[0].ended and opened[1].ended)
        assert [len(link.taken) for link in opened] == [3, 1, 1, 1]
        assert len(links) == 2
    assert all(link.ended for link in opened)


async def test_a_link_that_nobody_uses_is_closed() -> None:
    opened = Opened()
    async with Links(GuardPolicy(), unused_s=0.01, opener=opened) as links:
        await links.put(NAMED, (), delivery("gate"), "v.gate", b"")
        await _settle(lambda: opened[0].ended)
        await links.put(NAMED, (), delivery("gate"), "v.gate", b"")
        assert len(opened) == 2


async def test_the_number_of_links_is_bounded() -> None:
    """The one that was not used for longest makes room; links in use are nobody's to close."""
    opened = Opened()
    async with Links(GuardPolicy(), most=2, opener=opened) as links:
        for project in ("p1", "p2", "p3"):
            await links.put(NAMED, (), delivery("gate", project), "v.gate", b"")
        await _settle(lambda: opened[0].ended)
        assert [link.ended for link in opened] == [True, False, False]
        gate = opened[1].gate = opened[2].gate = asyncio.Event()
        going = [
            asyncio.create_task(links.put(NAMED, (), delivery("gate", project), "v.gate", b""))
            for project in ("p2", "p3")
        ]
        await asyncio.sleep(0)
        with pytest.raises(SinkBusy, match="2 brokers are in use"):
            await links.put(NAMED, (), delivery("gate", "p4"), "v.gate", b"")
        gate.set()
        await asyncio.gather(*going)


async def test_a_name_is_judged_where_it_leads_to() -> None:
    """By the service's guard and what the project may reach besides."""
    opened = Opened()
    async with Links(GuardPolicy(), opener=opened) as links:
        await links.put(NAMED, (), delivery("gate"), "v.gate", b"")
        await links.put(NAMED, ("127.0.0.0/8",), delivery("gate", "p2"), "v.gate", b"")
        with pytest.raises(SinkForbidden):
            await opened[0].resolve("127.0.0.1", 4222)
        assert await opened[1].resolve("127.0.0.1", 4222) == [("127.0.0.1", 4222)]
        with pytest.raises(SinkUnreachable, match="cannot be resolved"):
            await opened[0].resolve("no..name", 4222)


async def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service starts without the extra; who registers such a broker is told what to install."""
    monkeypatch.setitem(OPENERS, BrokerKind.KAFKA, "vedette.no_such_module")
    with pytest.raises(SinkRefused, match=r"vedette\[brokers\]"):
        open_link(replace(NAMED, kind=BrokerKind.KAFKA), _nowhere)


async def _nowhere(_host: str, _port: int) -> list[tuple[str, int]]:
    return []


async def _settle(condition: object) -> None:
    async with asyncio.timeout(5):
        while not condition():  # type: ignore[operator]  # noqa: ASYNC110 - links are closed behind the scenes
            await asyncio.sleep(0.005)
