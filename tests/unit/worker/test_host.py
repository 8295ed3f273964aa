"""A worker obeys orders, lets go when its lease is over, and hands back what it holds when it ends."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from stage import DEADLINE_S, Bell, assignment, run

from vedette.model.errors import Unavailable
from vedette.model.frame import Position
from vedette.model.guard import GuardPolicy
from vedette.model.ids import RunId, StreamId, TaskId, WorkerId
from vedette.model.look import Look, Probe
from vedette.model.source import Address, Liveness
from vedette.model.stream import (
    Assignment,
    Checkpoint,
    Ingest,
    IngestAnswer,
    Orders,
    RunProgress,
    StreamReport,
    StreamState,
    StreamStats,
    Sync,
)
from vedette.model.worker import WorkerSpec
from vedette.worker.host import ABANDON_S, LINGER_S, Host
from vedette.worker.looks import Album, Prober
from vedette.worker.spool import Spool

LEASE_S = 10.0
SPEC = WorkerSpec(WorkerId("w"), "", "", "here", 7, Path(), (), GuardPolicy(), ())


class FakeStream:
    """Does nothing, and ends when it is let."""

    def __init__(self, given: Assignment, spool: Spool) -> None:
        self.assignment = given
        self.spool = spool
        self.stopped = False
        self.hangs = False

    @property
    def key(self) -> tuple[StreamId, int]:
        return self.assignment.spec.stream_id, self.assignment.epoch

    def update(self, given: Assignment) -> None:
        self.assignment = given

    def stop(self) -> None:
        self.stopped = True

    def join(self, timeout_s: float) -> bool:
        return self.stopped and not self.hangs

    def lingers(self) -> bool:
        return self.hangs

    def threads(self) -> tuple[int, ...]:
        return ()

    def report(self) -> StreamReport:
        return StreamReport(*self.key, self.assignment.revision, StreamState.FLOWING, None, StreamStats(), ())

    def tells(self, number: int) -> None:
        point = Checkpoint(Position(0, number, number), None, None, number)
        self.spool.put(*self.key, RunProgress(TaskId("t"), RunId("r"), (), point), lambda: False)


class FakePlane:
    """The link, and what is behind it: it wants what the test says it wants."""

    def __init__(self) -> None:
        self.bell = Bell()
        self.changed = threading.Condition()
        self.wanted: dict[StreamId, Assignment] = {}
        self.probes: tuple[Probe, ...] = ()
        self.away = False
        self.drain = False
        self.syncs: list[Sync] = []
        self.ingested: list[Ingest] = []
        self.accepts = True
        self.holds_back_ingest = threading.Event()
        self.holds_back_ingest.set()

    def sync(self, message: Sync) -> Orders:
        with self.changed:
            if message.wait_s:
                self.changed.wait(0.02)  # held back a moment, as the real one does
            if self.away:
                raise Unavailable("not now")
            self.syncs.append(message)
            known = {(said.stream_id, said.epoch): said.revision for said in message.streams}
            held = tuple(key for key, one in self._keys() if known.get(key) == one.revision)
            changed = tuple(one for key, one in self._keys() if known.get(key) != one.revision)
            orders = Orders(LEASE_S, held, changed, self.drain, self.probes)
        self.bell.ring()
        return orders

    def _keys(self) -> list[tuple[tuple[StreamId, int], Assignment]]:
        return [((one.spec.stream_id, one.epoch), one) for one in self.wanted.values()]

    def ingest(self, batch: Ingest) -> IngestAnswer:
        assert self.holds_back_ingest.wait(DEADLINE_S)
        self.ingested.append(batch)
        self.bell.ring()
        return IngestAnswer(self.accepts, 0)

    def want(self, *given: Assignment) -> None:
        with self.changed:
            self.wanted = {one.spec.stream_id: one for one in given}
            self.changed.notify_all()


class Stand:
    """A host at work."""

    def __init__(self) -> None:
        self.plane = FakePlane()
        self.now = 1000.0
        self.made: list[FakeStream] = []
        self.album = Album()
        self.looking: list[Probe] = []
        self.ends = threading.Event()
        self.host = Host(
            SPEC, self.plane, self._make, album=self.album,  # type: ignore[arg-type] # fakes
            prober=Prober(self._look, self.album, wall_ms=lambda: 7), monotonic=lambda: self.now,
            end=self.ends.set,
        )  # fmt: skip
        self._thread = threading.Thread(target=self.host.run, daemon=True)
        self._thread.start()

    def _make(self, given: Assignment, spool: Spool, _on_news: Callable[[], None]) -> FakeStream:
        self.made.append(FakeStream(given, spool))
        return self.made[-1]

    def _look(self, probe: Probe, _stop: threading.Event) -> Look:
        self.looking.append(probe)
        return Look(probe.id, 7, width=640)

    def until(self, true: Callable[[], bool]) -> None:
        self.plane.bell.until(true)

    def until_reported(self, *keys: tuple[str, int]) -> None:
        """Wait until a sync from now on reports exactly these."""
        begin = len(self.plane.syncs)
        self.until(lambda: any(_keys(said) == list(keys) for said in self.plane.syncs[begin:]))

    def ended(self) -> bool:
        self._thread.join(DEADLINE_S)
        return not self._thread.is_alive()


def _keys(said: Sync) -> list[tuple[str, int]]:
    return sorted((one.stream_id, one.epoch) for one in said.streams)


@pytest.fixture
def stand() -> Iterator[Stand]:
    made = Stand()
    yield made
    made.plane.holds_back_ingest.set()
    for stream in made.made:
        stream.hangs = False
    made.plane.away = False
    made.host.stop()
    assert made.ended()


ONE = assignment(run("a"), stream="s1")
TWO = assignment(run("b"), stream="s2")


def test_a_worker_says_who_it_is_and_what_it_can_hold(stand: Stand) -> None:
    """Placement goes by it."""
    stand.until(lambda: bool(stand.plane.syncs))
    said = stand.plane.syncs[0]
    assert (said.worker_id, said.node, said.capacity, said.streams) == ("w", "here", 7, ())


def test_it_takes_up_what_it_is_given_and_ends_what_it_is_not(stand: Stand) -> None:
    """Whatever it holds and is in neither list is ended."""
    stand.plane.want(ONE, TWO)
    stand.until_reported(("s1", 1), ("s2", 1))
    stand.plane.want(TWO)
    stand.until_reported(("s2", 1))
    first, second = sorted(stand.made, key=lambda stream: stream.key)
    assert (first.stopped, second.stopped) == (True, False)
    assert len(stand.made) == 2


def test_a_new_revision_is_taken_over_by_the_stream_that_runs(stand: Stand) -> None:
    """A run that joins must not cost the others their connection."""
    stand.plane.want(ONE)
    stand.until_reported(("s1", 1))
    stand.plane.want(newer := assignment(run("a"), run("c"), stream="s1", revision="r2"))
    stand.until(lambda: stand.made[0].assignment is newer)
    assert len(stand.made) == 1
    assert not stand.made[0].stopped


def test_a_stream_under_a_new_epoch_begins_when_the_old_one_has_ended(stand: Stand) -> None:
    """Two threads on one camera, both telling, is what epochs are against."""
    stand.plane.want(ONE)
    stand.until_reported(("s1", 1))
    stand.made[0].hangs = True
    stand.plane.want(assignment(run("a"), stream="s1", epoch=2))
    stand.until(lambda: stand.made[0].stopped)
    stand.until_reported(("s1", 1))
    assert len(stand.made) == 1
    stand.made[0].hangs = False
    stand.until_reported(("s1", 2))
    assert len(stand.made) == 2


def test_a_stream_is_reported_until_nothing_of_it_is_left(stand: Stand) -> None:
    """STOPPED is said of a task when its worker reports it no more."""
    stand.plane.want(ONE)
    stand.until_reported(("s1", 1))
    stand.plane.holds_back_ingest.clear()
    stand.made[0].tells(1)
    stand.plane.want()
    stand.until(lambda: stand.made[0].stopped)
    stand.until_reported(("s1", 1))
    stand.plane.holds_back_ingest.set()
    stand.until_reported()
    assert len(stand.plane.ingested) == 1


def test_a_stream_that_does_not_end_is_given_up(stand: Stand) -> None:
    """A driver that hangs must not keep a task from being stopped."""
    stand.plane.want(ONE)
    stand.until_reported(("s1", 1))
    stand.made[0].hangs = True
    stand.plane.want()
    stand.until(lambda: stand.made[0].stopped)
    stand.until_reported(("s1", 1))
    stand.now += ABANDON_S + 0.1
    stand.until_reported()
    assert not stand.ends.is_set()


def test_a_worker_in_which_a_stream_hangs_ends(stand: Stand) -> None:
    """Nothing else ends a thread in native code; what it still has in its hands is handed over first."""
    stand.plane.want(ONE, TWO)
    stand.until_reported(("s1", 1), ("s2", 1))
    stand.made[0].hangs = stand.made[1].hangs = True
    stand.plane.want(*(other for other in (ONE, TWO) if other.spec.stream_id != stand.made[0].key[0]))
    stand.until(lambda: stand.made[0].stopped)
    stand.made[1].tells(1)
    stand.now += LINGER_S + 0.1
    assert stand.ends.wait(DEADLINE_S)
    assert len(stand.plane.ingested) == 1


def test_what_was_told_before_the_lease_was_over_is_kept_until_somebody_takes_it(stand: Stand) -> None:
    """The database was locked for a minute: nobody answers, and nothing of it may be lost."""
    stand.plane.want(ONE)
    stand.until_reported(("s1", 1))
    stand.plane.holds_back_ingest.clear()
    stand.made[0].tells(1)
    stand.plane.away = True
    stand.now += LEASE_S + 1.0
    _deadline(lambda: stand.made[0].stopped)
    stand.now += 60.0
    stand.plane.away = False
    stand.until_reported(("s1", 1))
    stand.plane.holds_back_ingest.set()
    _deadline(lambda: len(stand.plane.ingested) == 1 and len(stand.made) == 2)
    assert not stand.made[1].stopped


def test_when_its_lease_is_over_it_ends_everything_by_itself(stand: Stand) -> None:
    """Its streams are somebody else's from then on; nobody is left to tell it so."""
    stand.plane.want(ONE, TWO)
    stand.until_reported(("s1", 1), ("s2", 1))
    stand.plane.away = True
    stand.now += LEASE_S - 0.5
    gate = threading.Event()
    assert not gate.wait(0.25)  # more than two of the keeper's rounds
    assert not any(stream.stopped for stream in stand.made)
    stand.now += 1.0
    _deadline(lambda: all(stream.stopped for stream in stand.made))


def test_a_worker_that_is_heard_again_begins_anew(stand: Stand) -> None:
    """The control plane was away for long; if nobody else has the stream, it is given back."""
    stand.plane.want(ONE)
    stand.until_reported(("s1", 1))
    stand.plane.away = True
    stand.now += LEASE_S + 1.0
    _deadline(lambda: stand.made[0].stopped)
    stand.plane.want(assignment(run("a"), stream="s1", epoch=2))
    stand.plane.away = False
    stand.until_reported(("s1", 2))
    assert not stand.made[-1].stopped


def test_a_refused_hand_over_ends_the_stream_at_once(stand: Stand) -> None:
    """It has another holder; to go on would be work for nothing."""
    stand.plane.want(ONE, TWO)
    stand.until_reported(("s1", 1), ("s2", 1))
    first, second = sorted(stand.made, key=lambda stream: stream.key)
    stand.plane.accepts = False
    first.tells(1)
    _deadline(lambda: first.stopped)
    assert not second.stopped


@pytest.mark.parametrize("asked", ["stop", "drain"])
def test_told_to_end_it_ends_its_streams_and_hands_over_what_is_left(stand: Stand, asked: str) -> None:
    """SIGTERM finishes cleanly; so does an order to drain."""
    stand.plane.want(ONE)
    stand.until_reported(("s1", 1))
    stand.plane.holds_back_ingest.clear()
    stand.made[0].tells(5)
    if asked == "stop":
        stand.host.stop()
    else:
        stand.plane.drain = True
    _deadline(lambda: stand.made[0].stopped)
    stand.plane.holds_back_ingest.set()
    assert stand.ended()
    assert [progress.checkpoint.frames for batch in stand.plane.ingested for progress in batch.progress] == [5]


def _deadline(true: Callable[[], bool]) -> None:
    """Look at what rings no bell, until it is so."""
    ticks = threading.Event()
    for _ in range(int(DEADLINE_S / 0.01)):
        if true():
            return
        ticks.wait(0.01)
    raise AssertionError("it did not come to pass")


def test_an_answer_that_another_has_overtaken_is_dropped() -> None:
    """Two syncs are under way at times; the one answered last may have been decided first, and would turn a run back."""
    made: list[FakeStream] = []
    old, new = assignment(run("a"), stream="s1"), assignment(run("a", every=9), stream="s1", revision="r2")

    class Overtaken:
        """Its first answer to a sync that waits comes after that of one that does not."""

        calls = 0

        def sync(self, message: Sync) -> Orders:
            if not message.wait_s:
                return Orders(LEASE_S, (), (new,))
            self.calls += 1
            if self.calls == 2:
                host._sync(0.0)
            return Orders(LEASE_S, (), (old,) if self.calls < 3 else ())

        def ingest(self, batch: Ingest) -> IngestAnswer:
            raise AssertionError(batch)

    def make(given: Assignment, spool: Spool, _on_news: Callable[[], None]) -> FakeStream:
        made.append(FakeStream(given, spool))
        return made[-1]

    album = Album()
    prober = Prober(lambda *_: Look("", 0), album, wall_ms=lambda: 0)
    host = Host(SPEC, Overtaken(), make, album=album, prober=prober, monotonic=lambda: 1000.0)  # type: ignore[arg-type] # fakes
    host._sync(1.0)
    assert [stream.assignment for stream in made] == [old]
    host._sync(1.0)
    assert [stream.assignment for stream in made] == [new]
    host._sync(1.0)  # not overtaken: it is obeyed
    assert made[0].stopped
    made[0].spool.close(0.0)


def test_a_look_is_told_until_a_sync_was_answered_and_begun_once(stand: Stand) -> None:
    """The control plane asks until it has heard; a lost answer costs nothing, and an older one begins nothing anew."""
    probe = Probe("p1", Address("rtsp://cam", Liveness.LIVE))
    stand.plane.probes = (probe,)
    stand.until(lambda: any(said.looks for said in stand.plane.syncs))
    count = len(stand.plane.syncs)
    stand.until(lambda: len(stand.plane.syncs) >= count + 3)
    assert stand.looking == [probe]
    (told,) = [said.looks for said in stand.plane.syncs if said.looks]
    assert [look.of for look in told] == ["p1"]
    stand.plane.away = True
    stand.album.put(Look("s", 1))
    stand.plane.away = False
    stand.until(lambda: any(look.of == "s" for said in stand.plane.syncs for look in said.looks))
