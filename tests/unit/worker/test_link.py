"""The client end of the worker protocol: what comes back, and what goes wrong."""

from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
import urllib3

from vedette.model.errors import (
    SourceError,
    SourceInvalid,
    SourceRefused,
    SourceUnreachable,
    Unauthorized,
    Unavailable,
)
from vedette.model.failure import Failure
from vedette.model.ids import StreamId, WorkerId
from vedette.model.source import VcnLookup, VcnServer
from vedette.model.stream import AddressAnswer, AddressQuestion, Ingest, IngestAnswer, Orders, Sync
from vedette.worker.link import INGEST_PATH, KEY_HEADER, SYNC_PATH, Link

SYNC = Sync(WorkerId("w"), "here", 1, 60, 1.0, ())
ORDERS = Orders(10.0, ((StreamId("s"), 3),), ())


@dataclass
class Answer:
    status: int
    data: bytes


class FakePool:
    """Answers as it is told, and keeps the request."""

    def __init__(self, answer: Answer | Exception) -> None:
        self._answer = answer
        self.request_was: tuple[str, str, dict[str, Any]] | None = None

    def request(self, method: str, url: str, **named: Any) -> Answer:
        self.request_was = method, url, named
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def linked(answer: Answer | Exception) -> tuple[Link, FakePool]:
    link, pool = Link("http://127.0.0.1:1/", "s3cret", timeout_s=5.0), FakePool(answer)
    link._pool = pool  # type: ignore[assignment] # a fake
    return link, pool


def test_a_sync_travels_whole_and_the_orders_come_back() -> None:
    """Both sides read the same types; the answer may be held back, so the time-out grows with it."""
    link, pool = linked(Answer(200, msgspec.msgpack.encode(ORDERS)))
    assert link.sync(SYNC) == ORDERS
    assert pool.request_was is not None
    method, url, named = pool.request_was
    assert (method, url) == ("POST", f"http://127.0.0.1:1{SYNC_PATH}")
    assert msgspec.msgpack.decode(named["body"], type=Sync) == SYNC
    assert named["headers"][KEY_HEADER] == "s3cret"
    assert named["timeout"] > SYNC.wait_s
    assert named["redirect"] is False  # the key is for this door alone


def test_events_go_by_their_own_call() -> None:
    """They are told only when this is acknowledged."""
    link, pool = linked(Answer(200, msgspec.msgpack.encode(IngestAnswer(accepted=False, stored=0))))
    assert link.ingest(Ingest(WorkerId("w"), StreamId("s"), 1, ())) == IngestAnswer(accepted=False, stored=0)
    assert pool.request_was is not None
    assert pool.request_was[1].endswith(INGEST_PATH)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (urllib3.exceptions.ProtocolError("cut"), Unavailable),
        (urllib3.exceptions.TimeoutError("late"), Unavailable),
        (Answer(503, b""), Unavailable),
        (Answer(302, b""), Unavailable),
        (Answer(200, b"<html>"), Unavailable),
        (Answer(200, msgspec.msgpack.encode({"lease_s": "ten"})), Unavailable),
        (Answer(401, b""), Unauthorized),
    ],
)
def test_whatever_goes_wrong_has_a_name_and_tells_no_key(answer: Answer | Exception, error: type[Exception]) -> None:
    """The host retries by these names; anything else would end its thread."""
    link, _ = linked(answer)
    with pytest.raises(error) as caught:
        link.sync(SYNC)
    assert "s3cret" not in str(caught.value)


QUESTION = AddressQuestion(
    WorkerId("w"), StreamId("s"), 3, VcnLookup(VcnServer("10.0.0.9", 18531, "operator", "pa55-word"), "camera", 1)
)


def test_an_address_is_asked_for_with_all_that_is_needed() -> None:
    link, pool = linked(Answer(200, msgspec.msgpack.encode(AddressAnswer("rtsp://10.0.0.9/1?t=1", note="expired"))))
    answer = link.address(QUESTION)
    assert (answer.url, answer.note) == ("rtsp://10.0.0.9/1?t=1", "expired")
    assert pool.request_was is not None
    assert msgspec.msgpack.decode(pool.request_was[2]["body"], type=AddressQuestion) == QUESTION
    assert "t=1" not in repr(answer)
    assert "pa55-word" not in repr(QUESTION)


@pytest.mark.parametrize(
    ("code", "transient", "kind"),
    [
        (SourceRefused.code, False, SourceRefused),
        (SourceUnreachable.code, True, SourceUnreachable),
        (SourceInvalid.code, False, SourceInvalid),
        ("VEDETTE.1000", True, SourceUnreachable),
    ],
)
def test_a_failure_comes_back_as_what_it_was(code: str, transient: bool, kind: type[SourceError]) -> None:
    """Whether it is worth another try is decided where it is known."""
    failed = AddressAnswer(failure=Failure(code, "the code 119"), transient=transient)
    link, _ = linked(Answer(200, msgspec.msgpack.encode(failed)))
    with pytest.raises(kind, match="the code 119"):
        link.address(QUESTION)


def test_a_control_plane_that_is_away_is_no_reason_to_give_a_camera_up() -> None:
    for answer in (Answer(401, b""), Answer(500, b""), urllib3.exceptions.ProtocolError()):
        link, _ = linked(answer)
        with pytest.raises(SourceUnreachable):
            link.address(QUESTION)
