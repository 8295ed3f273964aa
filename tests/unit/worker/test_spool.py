"""What is not yet acknowledged."""

import threading
from collections.abc import Callable, Iterator

import pytest

from vedette.model.errors import Unavailable
from vedette.model.frame import Position
from vedette.model.ids import RunId, StreamId, TaskId, WorkerId
from vedette.model.stream import Checkpoint, Ingest, IngestAnswer, RunProgress
from vedette.worker import spool as spool_module
from vedette.worker.spool import Spool

A, B = StreamId("a"), StreamId("b")
DEADLINE_S = 5.0


class Plane:
    """A control plane that answers as the test says, and keeps what it was handed."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.batches: list[Ingest] = []
        self.calls = 0
        self.open = True
        self.away = 0
        self.refuses: set[tuple[StreamId, int]] = set()
        self.refused: list[tuple[StreamId, int]] = []

    def send(self, batch: Ingest) -> IngestAnswer:
        with self.changed:
            self.calls += 1
            self.changed.notify_all()
            assert self.changed.wait_for(lambda: self.open, DEADLINE_S)
            if self.away:
                self.away -= 1
                raise Unavailable("not now")
            accepted = (batch.stream_id, batch.epoch) not in self.refuses
            if accepted:
                self.batches.append(batch)
            self.changed.notify_all()
            return IngestAnswer(accepted, len(batch.progress))

    def on_refused(self, stream_id: StreamId, epoch: int) -> None:
        with self.changed:
            self.refused.append((stream_id, epoch))
            self.changed.notify_all()

    def let(self, *, opened: bool) -> None:
        with self.changed:
            self.open = opened
            self.changed.notify_all()

    def until(self, true: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(true, DEADLINE_S)

    def told(self, stream_id: StreamId) -> list[int]:
        with self.changed:
            batches = [batch for batch in self.batches if batch.stream_id == stream_id]
            return [progress.checkpoint.frames for batch in batches for progress in batch.progress]


@pytest.fixture
def plane(monkeypatch: pytest.MonkeyPatch) -> Plane:
    monkeypatch.setattr(spool_module, "RETRY_S", 0.01)
    return Plane()


@pytest.fixture
def spool(plane: Plane) -> Iterator[Spool]:
    made = Spool(WorkerId("w"), plane.send, on_refused=plane.on_refused, limit=10_000)
    yield made
    plane.let(opened=True)
    made.close(0.0)


def progress(number: int, size: int = 0) -> RunProgress:
    point = Checkpoint(Position(0, number, number), b"x" * size, None, number)
    return RunProgress(TaskId("t"), RunId("r"), (), point)


def go_on() -> bool:
    return False


def give_up() -> bool:
    return True


def test_what_is_put_arrives_in_order_stream_by_stream(plane: Plane, spool: Spool) -> None:
    """A checkpoint that overtook its events would lose them."""
    plane.let(opened=False)
    for number in range(5):
        assert spool.put(A, 1, progress(number), go_on)
        assert spool.put(B, 1, progress(number), go_on)
    plane.let(opened=True)
    assert spool.flush(A, 1, go_on)
    assert spool.flush(B, 1, go_on)
    assert plane.told(A) == plane.told(B) == [0, 1, 2, 3, 4]
    assert len(plane.batches) < 10  # what waited together went together


def test_it_is_tried_again_until_it_is_acknowledged(plane: Plane, spool: Spool) -> None:
    """The control plane was restarted; nothing is lost, nothing is told twice to a plane that heard it."""
    plane.away = 3
    spool.put(A, 1, progress(7), go_on)
    assert spool.flush(A, 1, go_on)
    assert plane.told(A) == [7]
    assert plane.calls == 4


def test_it_is_held_until_it_is_acknowledged(plane: Plane, spool: Spool) -> None:
    """ENDED is said only after that, so what is on its way counts as held."""
    plane.let(opened=False)
    spool.put(A, 1, progress(1), go_on)
    plane.until(lambda: plane.calls == 1)
    assert spool.holds(A, 1)
    assert not spool.holds(A, 2)
    assert not spool.flush(A, 1, give_up)
    plane.let(opened=True)
    assert spool.flush(A, 1, go_on)
    assert not spool.holds(A, 1)


def test_whoever_puts_waits_while_it_is_full(plane: Plane, spool: Spool) -> None:
    """Nothing is dropped here: a file's reader waits, a live source's slot overflows and counts."""
    plane.let(opened=False)
    spool.put(A, 1, progress(0), go_on)
    plane.until(lambda: plane.calls == 1)
    spool.put(A, 1, progress(1, size=6_000), go_on)
    assert not spool.put(A, 1, progress(2, size=6_000), give_up)
    done = threading.Event()

    def put() -> None:
        spool.put(A, 1, progress(3, size=6_000), go_on)
        done.set()

    threading.Thread(target=put, daemon=True).start()
    assert not done.wait(0.05)
    plane.let(opened=True)
    assert done.wait(DEADLINE_S)
    assert spool.flush(A, 1, go_on)
    assert plane.told(A) == [0, 1, 3]


def test_a_piece_larger_than_the_spool_still_goes_through(plane: Plane, spool: Spool) -> None:
    """One event with a huge picture must not wait for ever."""
    assert spool.put(A, 1, progress(1, size=50_000), go_on)
    assert spool.flush(A, 1, go_on)
    assert plane.told(A) == [1]


def test_what_is_refused_is_dropped_and_said_and_no_other_stream_suffers(plane: Plane, spool: Spool) -> None:
    """The stream is somebody else's now; so is the right to tell of it."""
    plane.refuses.add((A, 1))
    plane.let(opened=False)
    for number in range(3):
        spool.put(A, 1, progress(number), go_on)
        spool.put(B, 1, progress(number), go_on)
    plane.let(opened=True)
    plane.until(lambda: bool(plane.refused))
    assert spool.flush(B, 1, go_on)
    assert spool.flush(A, 1, go_on)
    assert plane.told(A) == []
    assert plane.told(B) == [0, 1, 2]
    assert set(plane.refused) == {(A, 1)}


def test_another_epoch_of_a_stream_is_another_stream(plane: Plane, spool: Spool) -> None:
    """The same worker was given it again."""
    plane.refuses.add((A, 1))
    plane.let(opened=False)
    spool.put(A, 1, progress(1), go_on)
    spool.put(A, 2, progress(2), go_on)
    plane.let(opened=True)
    assert spool.flush(A, 2, go_on)
    assert plane.told(A) == [2]


def test_forgetting_makes_room(plane: Plane, spool: Spool) -> None:
    """What will never be accepted must not stop the others."""
    plane.let(opened=False)
    spool.put(B, 1, progress(0), go_on)
    plane.until(lambda: plane.calls == 1)
    spool.put(A, 1, progress(1, size=9_000), go_on)
    assert not spool.put(B, 1, progress(2, size=9_000), give_up)
    spool.forget(A, 1)
    assert not spool.holds(A, 1)
    assert spool.put(B, 1, progress(2, size=9_000), give_up)


def test_closing_hands_over_what_is_left_and_says_whether_it_could(plane: Plane) -> None:
    """SIGTERM finishes cleanly, but not for ever."""
    spool = Spool(WorkerId("w"), plane.send, on_refused=plane.on_refused)
    for number in range(3):
        spool.put(A, 1, progress(number), go_on)
    assert spool.close(DEADLINE_S)
    assert plane.told(A) == [0, 1, 2]

    gone = Plane()
    gone.away = 10**9
    spool = Spool(WorkerId("w"), gone.send, on_refused=gone.on_refused)
    spool.put(A, 1, progress(1), go_on)
    assert not spool.close(0.05)
    spool._thread.join(DEADLINE_S)
    assert not spool._thread.is_alive()
