"""What the webhook sends and understands, without a network."""

import base64
import json
from dataclasses import replace

import pytest

from vedette.delivery import signing
from vedette.delivery.retry_after import retry_after_s
from vedette.delivery.sinks.base import Delivery
from vedette.delivery.sinks.headers import lines
from vedette.delivery.sinks.webhook import encode
from vedette.model.ids import EventId, ProjectId, TaskId
from vedette.model.output import WebhookOutput

NOW_S = 1_713_772_800.0  # Mon, 22 Apr 2024 08:00:00 GMT


def delivery(picture: bytes | None = None, **headers: str) -> Delivery:
    target = WebhookOutput("http://r/", headers or {"a": "b"})
    return Delivery(EventId("E-1"), TaskId("t"), 2, {"event_type": 196609, "data": {"名": 1}}, picture, target)


def headers(wanted: dict[str, str], told: Delivery, kinds: dict[int, str]) -> dict[str, str]:
    """Return the headers as a receiver would read them; none may come twice."""
    pairs = [line.partition(": ")[::2] for line in lines(wanted, told, kinds).decode().split("\r\n")[:-1]]
    assert len({name.lower() for name, _ in pairs}) == len(pairs)
    return dict(pairs)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("86400", 3600.0),
        ("Mon, 22 Apr 2024 08:00:30 GMT", 30.0),
        ("Mon, 22 Apr 2024 07:00:00 GMT", 0.0),
        ("Tue, 23 Apr 2024 08:00:00 GMT", 3600.0),
        ("soon", None),
        ("-5", None),
        ("1e9", None),
        ("١٢", None),
        ("", None),
    ],
)
def test_retry_after_is_a_number_or_a_date_and_capped(value: str | None, seconds: float | None) -> None:
    """RFC 9110 allows both; no receiver can silence us for more than an hour, and nonsense is no answer."""
    assert retry_after_s(value, NOW_S) == seconds


def test_the_body_is_the_message_with_its_picture() -> None:
    """`image_base64` as documented: standard alphabet, no data-URL prefix, absent without a picture."""
    assert json.loads(encode(delivery())) == {"event_type": 196609, "data": {"名": 1}}
    with_picture = json.loads(encode(delivery(b"\xff\xd8\xff\xfb")))
    assert base64.b64decode(with_picture["image_base64"]) == b"\xff\xd8\xff\xfb"
    assert "名".encode() in encode(delivery())


@pytest.mark.parametrize(
    "name",
    [
        "Host", "HOST", "Content-Length", "content-length", "Transfer-Encoding", "transfer-encoding", "Connection", "Keep-Alive",
        "TE", "Trailer", "Upgrade", "Expect", "Proxy-Authorization", "proxy-connection", "X-Vedette-Event-Id", "x-vedette-attempt",
        "X-Vedette-Anything", "x-vedette-sequence", "webhook-id", "Webhook-Signature", "webhook-timestamp", "ce-id", "CE-Type", "ce-own",
    ],
)  # fmt: skip
def test_a_users_header_cannot_replace_ours_or_break_the_request(name: str) -> None:
    """A user's Content-Length or Transfer-Encoding would smuggle a second request; a user's id would break repeats."""
    sent = headers({name: "evil", "kept": "yes"}, delivery(), {})
    assert "evil" not in sent.values()
    assert sent["kept"] == "yes"
    assert sent["X-Vedette-Event-Id"] == "E-1"
    assert sent["X-Vedette-Attempt"] == "2"


@pytest.mark.parametrize(
    "name", ["X-Auth-Token", "x-auth-token", "appKey", "Authorization", "User-Agent", "Accept", "Cookie", "Date", "Origin", "X-Request-Id",
             "Content-Encoding", "Content-Language", "From", "Referer"],
)  # fmt: skip
def test_a_users_header_is_sent_as_it_is(name: str) -> None:
    """The user's own header is the only authenticator a receiver of this protocol knows."""
    assert headers({name: "Value; x=1"}, delivery(), {})[name] == "Value; x=1"


def test_the_content_type_is_json_unless_the_user_says_otherwise() -> None:
    """In whatever case the user writes it, and never twice."""
    assert headers({}, delivery(), {})["Content-Type"] == "application/json"
    sent = headers({"content-type": "text/plain"}, delivery(), {})
    assert [value for name, value in sent.items() if name.lower() == "content-type"] == ["text/plain"]


def test_an_event_is_a_cloud_event_as_well() -> None:
    """What is no plain ASCII in a value is written in percent; the number sorts as text, as the extension asks."""
    target = WebhookOutput("http://r/", {})
    told = Delivery(
        EventId("E-1"), TaskId("t"), 1, {"stream_id": 'gate 名"1%.mp4'}, None, target,
        number=17, timestamp_ms=1_713_772_800_123, event_type=196609, project_id=ProjectId("p"),
    )  # fmt: skip
    sent = headers({}, told, {196609: "intrusion"})
    assert {name: value for name, value in sent.items() if name.startswith("ce-")} == {
        "ce-specversion": "1.0",
        "ce-id": "E-1",
        "ce-source": "/vedette/v1/p/tasks/t",
        "ce-type": "vedette.event.intrusion",
        "ce-time": "2024-04-22T08:00:00.123Z",
        "ce-subject": "gate%20%E5%90%8D%221%25.mp4",
        "ce-sequence": "00000000000000000017",
    }
    assert sent["X-Vedette-Sequence"] == "17"


def test_an_event_without_a_number_tells_none() -> None:
    """It was stored before events had numbers; the kind that no algorithm names is told by its number."""
    sent = headers({}, delivery(), {})
    assert sent.keys() & {"X-Vedette-Sequence", "ce-sequence"} == set()
    assert sent["ce-type"] == "vedette.event.0"


def test_a_signature_is_that_of_the_specification() -> None:
    """The vector was made with the library of the specification's authors."""
    key = signing.key_of("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
    sent = signing.headers("msg_1", 1_713_772_800, b'{"event_type":196609}', [key])
    assert sent == {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1713772800",
        "webhook-signature": "v1,SqinwEKxnUGPyobJ7bz67/0tnxzO3+geBFLXfvtlLWw=",
    }


def test_a_new_secret_is_as_long_as_the_specification_asks() -> None:
    """And another each time."""
    one, other = signing.new_secret(), signing.new_secret()
    assert one != other
    assert 24 <= len(signing.key_of(one)) <= 64
    with pytest.raises(ValueError, match="no webhook secret"):
        signing.key_of("whsec_é")


def test_neither_the_headers_nor_the_picture_show_in_a_log() -> None:
    """A delivery that is logged gives no secret away."""
    text = repr(delivery(b"jpeg-bytes", token="hunter2"))
    assert "hunter2" not in text
    assert "jpeg-bytes" not in text


def test_a_part_of_the_picture_comes_with_the_whole_or_the_whole_takes_its_place() -> None:
    """An output may name `FaceImage`, `OriginImage`, or both."""
    face, whole = b"\xff\xd8face", b"\xff\xd8whole"

    def shown(picture: bytes | None, origin: bytes | None) -> dict[str, bytes]:
        body = json.loads(encode(replace(delivery(picture), origin=origin)))
        return {name: base64.b64decode(text) for name, text in body.items() if name.endswith("base64")}

    assert shown(face, whole) == {"image_base64": face, "origin_image_base64": whole}
    assert shown(face, None) == {"image_base64": face}
    assert shown(None, whole) == {"image_base64": whole}
