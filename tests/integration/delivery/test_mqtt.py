"""Events at a real mosquitto, read back by paho, a client that is not ours."""

import asyncio
import json
import socket
import ssl
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from broker_post import broker_post, delivery, failure

from absence import missing
from neighbours.certificates import written
from neighbours.mosquitto import Mosquitto, Reader, absent, attributes, reading
from neighbours.relay import relay
from vedette.delivery.brokers import mqtt, mqtt_line, wire
from vedette.delivery.brokers.base import Place
from vedette.delivery.brokers.mqtt import MqttLink, open_link
from vedette.delivery.brokers.mqtt_flights import Flights
from vedette.model.broker import Broker, BrokerKind
from vedette.model.errors import SinkForbidden, SinkRefused, SinkUnreachable

PUBREC, PUBCOMP = 5, 7


@pytest.fixture(autouse=True)
def there() -> None:
    if reason := absent():
        missing(reason)


@pytest.fixture
def server() -> Iterator[Mosquitto]:
    with Mosquitto() as running:
        yield running


@pytest.fixture
def reader(server: Mosquitto) -> Iterator[Reader]:
    with reading(server.port, "video/#") as found:
        yield found


async def anywhere(host: str, port: int) -> list[Place]:
    return [("127.0.0.1", port)]


def broker(port: int, **changes: object) -> Broker:
    usual = Broker("events", BrokerKind.MQTT, (f"127.0.0.1:{port}",), prefix="video/")
    return replace(usual, **changes)  # type: ignore[arg-type]


def link_to(port: int, **changes: object) -> MqttLink:
    return open_link(broker(port, **changes), anywhere)


def ids(messages: list[Any]) -> list[str]:
    return [attributes(message)["id"] for message in messages]


async def persist(put: Callable[[], Awaitable[None]]) -> int:
    """Put until it succeeds, as the dispatcher does; return how often it did not."""
    for failures in range(50):
        try:
            await put()
        except SinkUnreachable:
            await asyncio.sleep(0.05)
        else:
            return failures
    raise AssertionError("in vain")


async def test_an_event_is_a_message_with_the_attributes_of_a_cloud_event(
    server: Mosquitto, reader: Reader, tmp_path: Path
) -> None:
    async with broker_post(tmp_path, broker(server.port)) as post:
        await post.sink.send(delivery(7))
    [message] = await asyncio.to_thread(reader.until, len)
    assert (message.topic, message.qos, message.retain) == ("video/gate", 2, False)
    assert json.loads(message.payload) == {"message_id": "event-7", "stream_id": "Tür 1"}
    assert message.properties.ContentType == "application/json"
    assert attributes(message) == {
        "specversion": "1.0",
        "id": "event-7",
        "source": "/vedette/v1/p1/tasks/task-1",
        "type": "vedette.event.intrusion",
        "time": "2024-04-23T08:00:00.000Z",
        "subject": "Tür 1",
        "sequence": "00000000000000000007",
    }


async def test_tasks_that_share_a_connection_keep_their_order(
    server: Mosquitto, reader: Reader, tmp_path: Path
) -> None:
    async with broker_post(tmp_path, broker(server.port)) as post:
        sent = {task: await post.enqueue("gate", 50, task=task) for task in ("one", "two", "three")}
        await post.delivered(150)
        assert len(post.links) == 1
    messages = await asyncio.to_thread(reader.until, lambda found: len(found) >= 150)
    for task, wanted in sent.items():
        assert [
            json.loads(one.payload)["message_id"] for one in messages if json.loads(one.payload)["task"] == task
        ] == wanted


async def test_a_broker_that_is_killed_gets_every_event_when_it_is_back(
    server: Mosquitto, reader: Reader, tmp_path: Path
) -> None:
    """It dies twice, with events on their way and more to come; those that it has acknowledged have been read before.

    For those it is not asked to vouch: it acknowledges before it writes to its disk. For the same reason it may forget
    what its reader has had, so repeats are counted where they are sent: at its log of what publishers said.
    """
    async with broker_post(tmp_path, broker(server.port)) as post:
        wanted = await post.enqueue("gate", 20)
        for round_ in (1, 2):
            await post.delivered(20 * round_)
            await asyncio.to_thread(reader.until, lambda found, enough=20 * round_: len(found) >= enough)
            server.kill()
            wanted += await post.enqueue("gate", 20)
            await asyncio.sleep(0.3)  # calls in vain
            server.start()
        await post.delivered(60)
        assert set(await post.states()) == {"done"}
    messages = await asyncio.to_thread(reader.until, lambda found: wanted[-1] in ids(found))
    assert list(dict.fromkeys(ids(messages))) == wanted
    assert len(wanted) <= server.published() <= len(wanted) + 2  # the one that was on its way whenever it died


@pytest.mark.parametrize(("cut_at", "copies"), [(PUBREC, 1), (PUBCOMP, 2)])
async def test_a_connection_cut_before_an_answer_is_known_repeats_nothing_but_the_last_step(
    server: Mosquitto, reader: Reader, cut_at: int, copies: int
) -> None:
    """QoS 2: the broker knows the message's number in the first case; in the second nobody knows what it has done."""
    cuts = []

    def said(piece: bytes) -> bytes | None:
        if piece[0] >> 4 == cut_at and not cuts:
            cuts.append(piece)
            return None
        return piece

    async with relay(server.port) as between:
        between.said = said
        link = link_to(between.port)
        failures = await persist(lambda: link.put(delivery(2), "video/gate", b"{}"))
        await link.put(delivery(3), "video/gate", b"{}")
        await link.close()
    assert (failures, len(cuts), between.connections) == (1, 1, 2)
    messages = await asyncio.to_thread(reader.until, lambda found: "event-3" in ids(found))
    assert Counter(ids(messages)) == {"event-2": copies, "event-3": 1}


async def test_what_was_delivered_while_nobody_waited_is_not_sent_again(server: Mosquitto, reader: Reader) -> None:
    """The call is given up, the acknowledgement comes later, the same event is put again."""
    link = link_to(server.port)
    await link.check("video/gate")
    given_up = asyncio.create_task(link.put(delivery(1), "video/gate", b"{}"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    await asyncio.to_thread(reader.until, len)
    await link.put(delivery(1), "video/gate", b"{}")
    await link.put(delivery(2), "video/gate", b"{}")
    await link.close()
    assert ids(await asyncio.to_thread(reader.until, lambda found: "event-2" in ids(found))) == ["event-1", "event-2"]


async def test_a_session_without_numbers_left_is_followed_by_another(server: Mosquitto, reader: Reader) -> None:
    link = link_to(server.port)
    link._flights = Flights(numbers=4)
    await asyncio.gather(*(link.put(delivery(number), "video/gate", b"{}") for number in range(10)))
    await link.close()
    messages = await asyncio.to_thread(reader.until, lambda found: len(found) >= 10)
    assert sorted(ids(messages)) == sorted(f"event-{number}" for number in range(10))


async def test_more_than_the_broker_takes_at_once_waits_for_its_turn(reader: Reader, server: Mosquitto) -> None:
    """Mosquitto takes 20 at once, and says so."""
    link = link_to(server.port)
    await asyncio.gather(*(link.put(delivery(number), "video/gate", b"{}") for number in range(200)))
    assert link._line is not None
    assert link._line.window == 20
    await link.close()
    messages = await asyncio.to_thread(reader.until, lambda found: len(found) >= 200)
    assert len(set(ids(messages))) == 200


async def test_a_broker_of_3_1_1_gets_the_body_alone(server: Mosquitto, reader: Reader) -> None:
    hung_up = []

    def asked(piece: bytes) -> bytes | None:
        if piece[0] == 0x10 and piece[8] == 5:
            hung_up.append(piece)
            return None
        return piece

    async with relay(server.port) as between:
        between.asked = asked
        link = link_to(between.port)
        for number in (1, 2):
            await link.put(delivery(number), "video/gate", b'{"n":1}')
        assert link._line is not None
        assert link._line.version == 4
        await link.close()
    assert len(hung_up) == 1
    messages = await asyncio.to_thread(reader.until, lambda found: len(found) >= 2)
    assert [(message.qos, message.payload, attributes(message)) for message in messages] == [(2, b'{"n":1}', {})] * 2


async def test_a_broker_that_knows_qos_1_only_gets_that(tmp_path: Path) -> None:
    with Mosquitto("max_qos 1") as server, reading(server.port, "video/#", 1) as found:
        link = link_to(server.port)
        await link.put(delivery(1), "video/gate", b"{}")
        await link.close()
        [message] = await asyncio.to_thread(found.until, len)
    assert message.qos == 1


@pytest.mark.parametrize("version", [5, 4])
async def test_a_wrong_log_in_is_refused_and_said_without_the_password(version: int) -> None:
    with Mosquitto(users={"writer": "pass word"}) as server:
        async with relay(server.port) as between:
            between.asked = lambda piece: None if piece[0] == 0x10 and piece[8] > version else piece
            right = link_to(between.port, username="writer", password="pass word")
            await right.put(delivery(1), "video/gate", b"{}")
            await right.close()
            for login in ({"username": "writer", "password": "guessed"}, {}):
                wrong = link_to(between.port, **login)
                told = await failure(wrong.put(delivery(1), "video/gate", b"{}"))
                await wrong.close()
                assert isinstance(told, SinkRefused)
                assert "this user may not" in told.message or "are wrong" in told.message
                assert "guessed" not in told.message


async def test_a_topic_that_this_user_may_not_write_is_refused(tmp_path: Path) -> None:
    """A client that does not look at the reason would take that for a delivery."""
    (tmp_path / "acl").write_text("topic write video/open\n")
    (tmp_path / "acl").chmod(0o600)
    with Mosquitto(f"acl_file {tmp_path / 'acl'}") as server:
        link = link_to(server.port)
        await link.put(delivery(1), "video/open", b"{}")
        told = await failure(link.put(delivery(2), "video/closed", b"{}"))
        await link.put(delivery(3), "video/open", b"{}")
        await link.close()
    assert isinstance(told, SinkRefused)
    assert "this user may not" in told.message


async def test_an_event_larger_than_the_broker_takes_is_refused_and_harms_no_other() -> None:
    with Mosquitto("max_packet_size 2000") as server:
        link = link_to(server.port)
        told = await failure(link.put(delivery(1), "video/gate", b"x" * 2000))
        await link.put(delivery(2), "video/gate", b"x" * 1000)
        await link.close()
    assert isinstance(told, SinkRefused)
    assert "2000 bytes" in told.message


async def test_a_picture_of_some_megabytes_goes_through(server: Mosquitto, reader: Reader) -> None:
    link = link_to(server.port)
    body = b"x" * 8_000_000
    await link.put(delivery(1), "video/gate", body)
    await link.close()
    [message] = await asyncio.to_thread(reader.until, len)
    assert message.payload == body


@pytest.mark.parametrize("topic", ["video/+/gate", "video/#", "a\0b", ""])
async def test_a_topic_that_mqtt_cannot_have_is_refused(server: Mosquitto, topic: str) -> None:
    link = link_to(server.port)
    told = await failure(link.put(delivery(1), topic, b"{}"))
    assert isinstance(told, SinkRefused)


async def test_the_certificate_is_compared_with_the_name_at_the_judged_address(
    server: Mosquitto, reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown, hidden = written("mqtt.example", tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(shown))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(shown, hidden)
    async with relay(server.port, tls=tls) as between:
        safe = link_to(0, servers=(f"mqtt.example:{between.port}",), tls=True)
        await safe.put(delivery(1), "video/gate", b"{}")
        await safe.close()
        other = link_to(0, servers=(f"other.example:{between.port}",), tls=True)
        told = await failure(other.put(delivery(2), "video/gate", b"{}"))
        trusting = link_to(0, servers=(f"other.example:{between.port}",), tls=True, tls_verify=False)
        await trusting.put(delivery(3), "video/gate", b"{}")
        await trusting.close()
    assert isinstance(told, SinkUnreachable)
    assert "other.example" in told.message
    messages = await asyncio.to_thread(reader.until, lambda found: len(found) >= 2)
    assert ids(messages) == ["event-1", "event-3"]


async def test_a_forbidden_address_is_never_connected_to(server: Mosquitto) -> None:
    async def forbid(host: str, port: int) -> list[Place]:
        raise SinkForbidden(f"{host} is forbidden.")

    async with relay(server.port) as between:
        link = open_link(broker(between.port), forbid)
        told = await failure(link.put(delivery(1), "video/gate", b"{}"))
        assert isinstance(told, SinkForbidden)
        assert between.connections == 0


async def test_a_broker_that_says_nothing_holds_up_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop goes on, and the call ends in time."""
    monkeypatch.setattr(wire, "CONNECT_S", 0.3)
    silent = socket.create_server(("127.0.0.1", 0))
    link = link_to(silent.getsockname()[1])
    longest, last = 0.0, time.monotonic()

    async def tick() -> None:
        nonlocal longest, last
        while True:
            await asyncio.sleep(0.01)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()

    ticking = asyncio.create_task(tick())
    told = await failure(link.put(delivery(1), "video/gate", b"{}"))
    ticking.cancel()
    await link.close()
    silent.close()
    assert isinstance(told, SinkUnreachable)
    assert "within 0.3 s" in told.message
    assert longest < 0.25


async def test_a_message_that_is_not_acknowledged_costs_the_connection(
    server: Mosquitto, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt, "PUT_S", 0.3)
    swallowed = []

    def said(piece: bytes) -> bytes:
        if piece[0] >> 4 == PUBREC and not swallowed:
            swallowed.append(piece)
            return b""
        return piece

    async with relay(server.port) as between:
        between.said = said
        link = link_to(between.port)
        told = await failure(link.put(delivery(1), "video/gate", b"{}"))
        assert isinstance(told, SinkUnreachable)
        assert told.connected
        await link.put(delivery(1), "video/gate", b"{}")
        await link.close()
    assert between.connections == 2
    assert ids(await asyncio.to_thread(reader.until, len)) == ["event-1"]


async def test_a_connection_that_died_without_a_word_is_given_up(
    server: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cable that was pulled; a broker that answers is stayed with."""
    monkeypatch.setattr(mqtt_line, "KEEP_ALIVE_S", 0.2)
    dead = []
    async with relay(server.port) as between:
        between.said = lambda piece: b"" if dead else piece
        link = link_to(between.port)
        await link.put(delivery(1), "video/gate", b"{}")
        assert link._line is not None
        await asyncio.wait([link._line.lost], timeout=0.5)
        assert not link._line.broken
        dead.append(True)
        async with asyncio.timeout(5):
            assert "no sign of life" in await link._line.lost
        await link.close()


async def test_nothing_is_left_running(server: Mosquitto) -> None:
    link = link_to(server.port)
    await link.put(delivery(1), "video/gate", b"{}")
    server.kill()
    assert isinstance(await failure(link.put(delivery(2), "video/gate", b"{}")), SinkUnreachable)
    await link.close()
    await link.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}
