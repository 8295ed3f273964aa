"""A stream of another service of the operator's choice: signed, and each answer taken for what it says."""

import base64
import hashlib
import json
from typing import Any

import pytest
from aiohttp import web
from service import Service

from vedette.delivery.guard import guarded_session
from vedette.delivery.sdk_signature import authorization
from vedette.delivery.sinks.base import Delivery
from vedette.delivery.sinks.dis import DisEndpoint, DisSink
from vedette.model.errors import SinkBusy, SinkError, SinkRefused, SinkUnreachable
from vedette.model.guard import GuardPolicy
from vedette.model.ids import EventId, TaskId
from vedette.model.output import DisOutput

LOOPBACK = GuardPolicy.parse("lan", ["127.0.0.0/8"])
EVENT = Delivery(
    EventId("event-1"), TaskId("task-1"), 1, {"message_id": "event-1"}, b"\xff\xd8jpeg", DisOutput("gate-events")
)


async def send(endpoint: DisEndpoint, delivery: Delivery = EVENT, **given: Any) -> None:
    async with guarded_session(LOOPBACK) as session:
        await DisSink(session, endpoint, **given).send(delivery)


def test_the_signature_is_that_of_the_vendors_signer() -> None:
    """The vector was made by the vendor's Python SDK; the description is Chinese on purpose."""
    project = "0123456789abcdef0123456789abcdef"
    body = '{"name":"t1","service_version":"1.0","description":"中"}'.encode()
    assert hashlib.sha256(body).hexdigest().startswith("b874ffdb")
    signed = {
        "Content-Type": "application/json", "Host": "127.0.0.1:8080", "User-Agent": "demo/1",
        "X-Project-Id": project, "X-Sdk-Date": "20240422T080000Z",
    }  # fmt: skip
    header = authorization(
        "POST", f"/v2/{project}/services/c-intrusiondetection/tasks", signed, body, "AKTESTVECTOR00000001",
        "SKtestvector+/secret-0000000000000000001",
    )  # fmt: skip
    assert header.endswith("Signature=d54aa7fe1b415e6fbce6ed6a0252736c4db6ca66a1a19580f5ea7ea26d5bbdc2")


async def test_a_prefix_stands_before_the_name_of_the_stream(service: Service) -> None:
    """Of a DIS that is a broker of the project; whether the stream is there is seen without a record."""
    client = service.client()
    account = client.account
    there = DisEndpoint(client.base, account.project_id, account.access_key, account.secret_key, prefix="video-")

    def ticks() -> float:
        return service.clock.now / 1000

    async with guarded_session(LOOPBACK) as session:
        sink = DisSink(session, there, clock=ticks)
        with pytest.raises(SinkRefused, match="answered 4"):
            await sink.check("gate-events")
        client.call("POST", f"{client.root}/streams", {"stream_name": "video-gate-events", "partition_count": 1})
        await sink.check("gate-events")
        await sink.send(EVENT)
    [partition] = client.call("GET", f"{client.root}/streams/video-gate-events").json["partitions"]
    assert partition["sequence_number_range"] == "[0 : 1]", "one record"


async def test_the_event_arrives_at_a_service_that_checks_the_signature(service: Service) -> None:
    """It is our own one: what it checks is checked against the vendor's SDKs elsewhere."""
    client = service.client()
    client.call("POST", f"{client.root}/streams", {"stream_name": "gate-events", "partition_count": 1})
    account = client.account
    there = DisEndpoint(client.base, account.project_id, account.access_key, account.secret_key)
    await send(there, clock=lambda: service.clock.now / 1000)
    query = "stream-name=gate-events&partition-id=0&cursor-type=TRIM_HORIZON"
    at = client.call("GET", f"{client.root}/cursors?{query}").json["partition_cursor"]
    [record] = client.call("GET", f"{client.root}/records?partition-cursor={at}").json["records"]
    message = json.loads(base64.b64decode(record["data"]))
    assert (record["partition_key"], message["message_id"]) == ("task-1", "event-1")
    assert base64.b64decode(message["image_base64"]) == b"\xff\xd8jpeg"
    with pytest.raises(SinkBusy):  # keys are changed while events come
        await send(DisEndpoint(client.base, account.project_id, account.access_key, "another"))
    client.call("DELETE", f"{client.root}/streams/gate-events")
    with pytest.raises(SinkRefused, match=r"400 \(VIAS"):
        await send(there, clock=lambda: service.clock.now / 1000)


PLACED = {"partition_id": "shardId-0000000000", "sequence_number": "0"}


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, {"failed_record_count": 0, "records": [PLACED]}, None),
        (200, {"failed_record_count": 1, "records": [{"error_code": "DIS.4303"}]}, SinkBusy),
        (200, {"failed_record_count": 1, "records": [{"error_code": "DIS.5250"}]}, SinkBusy),
        (200, {"failed_record_count": 1, "records": [{"error_code": "DIS.4301"}]}, SinkRefused),
        (200, {"failed_record_count": 0, "records": []}, SinkBusy),
        (200, {"failed_record_count": 0, "records": [{}]}, SinkBusy),
        (200, [], SinkBusy),
        (200, "no json", SinkBusy),
        (401, {}, SinkBusy),
        (429, {}, SinkBusy),
        (503, {}, SinkBusy),
        (302, {}, SinkRefused),
        (400, {"errorCode": "DIS.4301"}, SinkRefused),
        (404, {}, SinkRefused),
    ],
)
async def test_an_answer_is_taken_for_what_it_says(status: int, body: Any, error: type[SinkError] | None) -> None:
    """A 200 alone says nothing: each entry has a result of its own."""

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(status=status, body=b"{" if body == "no json" else json.dumps(body).encode())

    app = web.Application()
    app.router.add_post("/v2/p/records", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.05)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    there = DisEndpoint(f"http://127.0.0.1:{runner.addresses[0][1]}/", "p", "AK", "SK")
    try:
        if error is None:
            await send(there)
        else:
            with pytest.raises(error):
                await send(there)
    finally:
        await runner.cleanup()


async def test_nobody_there_is_waited_for_and_the_key_is_not_told() -> None:
    there = DisEndpoint("http://127.0.0.1:9", "p", "AK", "hunter2")
    assert "hunter2" not in repr(there)
    with pytest.raises(SinkUnreachable) as failed:
        await send(there)
    assert "127.0.0.1:9" in failed.value.message
