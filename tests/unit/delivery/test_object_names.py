"""What an event's objects are called, and what is in them."""

import json

import pytest

from vedette.delivery.refusals import Place, refusal
from vedette.delivery.sinks.base import Delivery
from vedette.delivery.sinks.object_names import encode, stem
from vedette.model.errors import SinkBusy, SinkRefused
from vedette.model.ids import EventId, TaskId
from vedette.model.objects import ObjectStore, StoreKind
from vedette.model.output import ObsOutput

S3 = ObjectStore("archive", StoreKind.S3, "https://a:b@store.example:9000", "eu-1", "AK", "hunter2")


def delivery(timestamp_ms: int, attempt: int = 1) -> Delivery:
    target = ObsOutput("results", "gate")
    return Delivery(EventId("E-1"), TaskId("t1"), attempt, {"b": 1, "a": "门"}, None, target, 7, timestamp_ms)


@pytest.mark.parametrize(
    ("path", "folder"), [("gate/one", "gate/one/"), ("gate/one/", "gate/one/"), ("gate", "gate/"), ("", "")]
)
def test_the_path_is_a_folder_with_or_without_its_slash(path: str, folder: str) -> None:
    assert stem(path, delivery(1_777_896_000_000)) == f"{folder}t1/20260504/E-1"


@pytest.mark.parametrize(
    ("timestamp_ms", "day"), [(1_777_852_799_999, "20260503"), (1_777_852_800_000, "20260504"), (0, "19700101")]
)
def test_the_day_is_that_of_the_event_in_utc(timestamp_ms: int, day: str) -> None:
    """Not that of the delivery, nor of the machine's own zone: a repeat on another day must hit the same object."""
    assert stem("p", delivery(timestamp_ms)) == stem("p", delivery(timestamp_ms, attempt=9)) == f"p/t1/{day}/E-1"


def test_a_message_is_written_as_it_is_and_always_alike() -> None:
    assert encode(delivery(0).message) == '{"b":1,"a":"门"}'.encode()
    assert json.loads(encode(delivery(0).message)) == delivery(0).message


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (404, b"<Code>NoSuchBucket</Code>", "has no bucket 'results' (404 NoSuchBucket)."),
        (404, b"", "has no bucket 'results' (404)."),
        (403, b"<Code>SignatureDoesNotMatch</Code>", "what they may write (403 SignatureDoesNotMatch)."),
        (403, b"<Code>RequestTimeTooSkewed</Code>", "compare the clock"),
        (301, b"", "check endpoint and region (301)."),
        (400, b"<Code>KeyTooLongError</Code>", "refuses to take the object 'k' into the bucket 'results'"),
    ],
)
def test_a_refusal_is_told_in_the_users_words(status: int, answer: bytes, said: str) -> None:
    error = refusal(Place(S3, "results", "k"), status, answer)
    assert isinstance(error, SinkRefused)
    assert said in error.message
    assert error.message.startswith("The object store archive at https://store.example:9000 ")
    assert "hunter2" not in error.message


@pytest.mark.parametrize(("status", "answer"), [(503, b"<Code>SlowDown</Code>"), (400, b"<Code>RequestTimeout</Code>")])
def test_a_busy_store_is_come_again_to(status: int, answer: bytes) -> None:
    error = refusal(Place(S3, "results", "k"), status, answer, 12.0)
    assert isinstance(error, SinkBusy)
    assert error.retry_after_s == 12.0


def test_a_store_without_keys_says_so_when_it_is_denied() -> None:
    store = ObjectStore("s", StoreKind.S3, "http://127.0.0.1:9000")
    assert "it has no keys (403)" in refusal(Place(store, "results", "k"), 403, b"").message
