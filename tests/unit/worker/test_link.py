"""The client end of the worker protocol: what comes back, and what goes wrong."""

from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
import urllib3

from vedette.model.errors import Unauthorized, Unavailable
from vedette.model.ids import StreamId, WorkerId
from vedette.model.stream import Ingest, IngestAnswer, Orders, Sync
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
