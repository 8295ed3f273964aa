"""What a stream leaves behind when it ends, and where it begins when the same worker takes it up again."""

from playing import Play
from stage import DEADLINE_S, assignment, run

from vedette.model.frame import Position
from vedette.model.stream import Checkpoint
from vedette.worker.feed import first_connection


def at(connection: int) -> Checkpoint:
    return Checkpoint(Position(connection, 9, 10), None, None, 1)


def test_a_new_epoch_has_connections_of_its_own() -> None:
    """So that no two events of a run have one position."""
    first, second = assignment(run("a"), live=True, epoch=1), assignment(run("a"), live=True, epoch=2)
    assert first_connection(first) == 1 << 16
    assert first_connection(second) == 2 << 16
    assert first_connection(assignment(run("a", checkpoint=at(5)), live=True)) == 1 << 16


def test_under_the_same_epoch_it_goes_on_behind_what_was_told() -> None:
    """The control plane was away for longer than the lease, and nobody else was given the stream."""
    told = (1 << 16) + 3
    again = assignment(run("a", checkpoint=at(told)), run("b"), run("c", checkpoint=at(1 << 16)), live=True)
    assert first_connection(again) == told + 1


def test_a_stream_lingers_as_long_as_anything_of_it_reads(play: Play) -> None:
    """A decoder that hangs in native code keeps its thread; nothing but the end of the process ends it."""
    stream = play.begin(assignment(run("a"), live=True))
    play.shown(1)
    play.feed.reading = True
    assert stream.lingers()
    stream.stop()
    assert stream.join(DEADLINE_S)
    assert stream.lingers()
    play.feed.reading = False
    assert not stream.lingers()
